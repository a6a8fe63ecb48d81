import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ordinaryAccount } from './account.ts'
import { findBinaries, runnable } from './binaries.ts'
import { describeWithPostgres } from './describe.ts'
import { isReachable } from './reachable.ts'
import { scratchFolder } from './scratch.ts'

const CHILD = join(import.meta.dirname, 'children/start.ts')
const account = ordinaryAccount()

/** An ordinary user reads these sources and runs this Node: not where both are in a folder of root alone. */
const canRunHere = isReachable(import.meta.dirname, account) && isReachable(process.execPath, account)

describeWithPostgres('a PostgreSQL of the tests', () => {
  it.runIf(canRunHere)(
    'is started by an ordinary user too',
    () => {
      const options = { ...account, cwd: tmpdir(), env: { NODE_NO_WARNINGS: '1' }, encoding: 'utf8' } as const
      const said = JSON.parse(execFileSync(process.execPath, [CHILD], options)) as { readonly uid: number }
      expect(said).toEqual({ uid: account?.uid ?? process.getuid?.(), kept: [{ n: 7 }] })
      expect(said.uid).not.toBe(0)
    },
    60_000,
  )

  it.runIf(account !== undefined)('is run from a copy where its programs are in a folder of root alone', () => {
    const found = findBinaries()!
    const closed = mkdtempSync(join(tmpdir(), 'holdfast-closed-'))
    onTestFinished(() => rmSync(closed, { recursive: true, force: true }))
    const home = join(closed, 'native')
    cpSync(join(found.bin, '..'), home, { recursive: true, verbatimSymlinks: true })
    const { bin } = runnable({ ...found, bin: join(home, 'bin') }, account)
    expect(bin.startsWith(closed)).toBe(false)
    const options = { ...account, cwd: '/', encoding: 'utf8' } as const
    expect(execFileSync(join(bin, 'postgres'), ['--version'], options)).toContain(String(found.version))
    expect(() => execFileSync(join(home, 'bin/postgres'), ['--version'], { ...options, stdio: 'pipe' })).toThrow(
      'EACCES',
    )
  })

  it('has folders that only its account reads', () => {
    const folder = scratchFolder(account)
    expect(isReachable(folder, account)).toBe(true)
    const closed = join(folder, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o700)
    expect(isReachable(closed, account)).toBe(account === undefined)
  })
})
