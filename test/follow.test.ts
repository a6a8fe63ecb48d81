import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openAdmin, openConfig } from '../src/index.ts'
import { ServerProcess } from './http/server-process.ts'

/** Each example of `examples/follow` against a real server, where its language is installed. */
const ROOT = join(import.meta.dirname, '..')
const WORK = mkdtempSync(join(tmpdir(), 'holdfast-follow-'))
const NAMESPACE = '/api/v1/namespaces/default'

const LANGUAGES = [
  { name: 'Node', needs: 'node', command: [process.execPath, 'follow.ts'] },
  { name: 'Python', needs: 'python3', command: ['python3', 'follow.py'] },
  { name: 'Go', needs: 'go', command: ['go', 'run', 'go/main.go'] },
  { name: 'a shell with curl', needs: 'curl', command: ['sh', 'follow.sh'] },
] as const

/** Go compiles without a network, and keeps what it compiled where this test may write. */
const GO = { GOFLAGS: '-mod=mod', GOPROXY: 'off', GOCACHE: join(WORK, 'go-cache') }

let server: ServerProcess
beforeAll(async () => {
  cpSync(join(ROOT, 'examples/follow'), WORK, { recursive: true })
  cpSync(join(ROOT, 'examples/tacacs'), WORK, { recursive: true })
  usePackage()
  server = await ServerProcess.start(WORK, {
    namespaces: { default: { sources: ['tacacs.conf'], schema: 'tacacs.schema.json' } },
  })
}, 60_000)
afterAll(async () => {
  await server.kill('SIGTERM')
  rmSync(WORK, { recursive: true, force: true })
})

describe.each(LANGUAGES)('the example in $name', ({ needs, command }) => {
  const isInstalled = spawnSync('sh', ['-c', `command -v ${needs}`]).status === 0

  it.skipIf(!isInstalled)('reads a value and sees it change', { timeout: 120_000 }, async () => {
    await change('INFO')
    const program = new Program(command)
    await program.says('log_level is INFO')
    await change('DEBUG')
    await program.says('log_level is DEBUG')
  })

  it.skipIf(!isInstalled)('goes on where it was after a restart of the server', { timeout: 120_000 }, async () => {
    await change('INFO')
    const program = new Program(command)
    await program.says('log_level is INFO')
    await server.kill()
    await server.start()
    await change('DEBUG')
    await program.says('log_level is DEBUG')
  })

  it.skipIf(!isInstalled)('reads anew where what it missed was purged meanwhile', { timeout: 120_000 }, async () => {
    await change('INFO')
    const program = new Program(command)
    await program.says('log_level is INFO')
    await server.kill()
    await changeAndPurge(['WARNING', 'ERROR', 'DEBUG'])
    await server.start()
    await program.says('log_level is DEBUG')
  })
})

/** In the store itself, while no server runs: of what was changed only the last version stays. */
async function changeAndPurge(levels: readonly string[]): Promise<void> {
  const store = join(WORK, 'store.db')
  await using config = await openConfig({ store, follow: false })
  for (const level of levels) await config.update('server', { log_level: level })
  await using admin = await openAdmin({ store })
  expect((await admin.purge('default', { olderThan: 0 })).versions).toBeGreaterThan(2)
}

async function change(level: string): Promise<void> {
  const body = { set: { server: { log_level: level } }, reason: 'a test' }
  const answer = await server.post(`${NAMESPACE}/changes`, body)
  expect([200, 201], await answer.text()).toContain(answer.status)
}

/** An example as it runs, until the test is over. */
class Program {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #complaints = ''

  constructor([command, ...args]: readonly string[]) {
    const env = { ...process.env, ...GO, HOLDFAST_SERVER: server.url, HOLDFAST_TOKEN: server.token, NODE_OPTIONS: '' }
    this.#child = spawn(command!, args, { cwd: WORK, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text
    })
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]()
    onTestFinished(() => this.#end())
  }

  /** Waits for a line. */
  async says(line: string): Promise<void> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Error(`it ended without saying "${line}": ${this.#complaints}`)
      if (value === line) return
    }
  }

  /** Ends it with all that it started. */
  #end(): void {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** The source under the package's name, so that the example needs no build. */
function usePackage(): void {
  const folder = join(WORK, 'node_modules/holdfast')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(WORK, 'package.json'), '{"type":"module"}')
  const exports = { '.': './src/index.ts', './client': './src/client.ts' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'holdfast', type: 'module', exports }))
  symlinkSync(join(ROOT, 'src'), join(folder, 'src'))
}
