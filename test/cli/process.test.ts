import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finish, initialised, start, type Workspace } from './harness.ts'

const BIN = resolve(import.meta.dirname, '../../bin/holdfast')

let at: Workspace
beforeAll(async () => {
  at = await initialised()
  await at.run('set server.port=5050')
  await at.run('tag 2 release-7')
})
afterAll(() => at.remove())

describe('the program in a process of its own', () => {
  it('prints its result, its remarks and its exit status where they belong', async () => {
    const [got, missing, help] = await Promise.all([
      finish(start(['get', 'server.port', '--json'], at.root)),
      finish(start(['get', 'server.prot'], at.root)),
      finish(start(['--help'], at.root)),
    ])
    expect(got).toMatchObject({ status: 0, out: '5050\n', err: '' })
    expect(missing).toMatchObject({ status: 5, out: '', err: expect.stringContaining('Did you mean server.port?') })
    expect(help).toMatchObject({ status: 0, out: expect.stringContaining('First steps'), err: '' })
  })

  it('reads a secret from its standard input', async () => {
    const child = start(['set', 'ldap.bind_password=@-'], at.root)
    child.stdin?.end('from-a-pipe\n')
    expect(await finish(child)).toMatchObject({ status: 0 })
    expect((await at.run('get ldap.bind_password --reveal')).out).toBe('from-a-pipe\n')
  })

  it('ends quietly when nobody reads any more, and still does its work', async () => {
    const shell = (line: string) =>
      spawnSync('bash', ['-c', `set -o pipefail; ${line}`], {
        cwd: at.root,
        encoding: 'utf8',
        env: { ...process.env, HOLDFAST: resolve(import.meta.dirname, '../../src/cli/main.ts') },
      })
    const node = process.execPath
    const piped = shell(`"${node}" "$HOLDFAST" --help | head -1`)
    expect(piped).toMatchObject({ status: 0, stderr: '' })
    expect(shell(`"${node}" "$HOLDFAST" set auth.cache_ttl=77 | true`)).toMatchObject({ status: 0, stderr: '' })
    expect((await at.run('get auth.cache_ttl')).out).toBe('77\n')
  })

  it('writes more than a pipe holds, whole', () => {
    const line = 'x'.repeat(1000)
    for (let i = 0; i < 3; i++) at.write(`big/${i}.json`, '')
    at.write(
      'big/a.json',
      JSON.stringify({ s: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, line])) }),
    )
    const main = resolve(import.meta.dirname, '../../src/cli/main.ts')
    const argv = [main, 'init', '--source', 'a.json', '-q']
    spawnSync(process.execPath, argv, { cwd: at.path('big') })
    const out = execFileSync('bash', ['-c', `"${process.execPath}" "${main}" get | (sleep 0.3; cat)`], {
      cwd: at.path('big'),
      maxBuffer: 1e7,
    })
    expect(out.length).toBeGreaterThan(500_000)
  })

  it('watches until it is interrupted, one line for each change', async () => {
    const child = start(['watch', '--json', '--since', '1'], at.root)
    const done = finish(child)
    await once(child.stdout!, 'data')
    await at.run('set server.port=6001 --reason live')
    const seen = new Promise<void>((found) =>
      child.stdout!.on('data', (chunk) => String(chunk).includes('6001') && found()),
    )
    await seen
    child.kill('SIGINT')
    const { status, out } = await done
    expect(status).toBe(130)
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const ids = events.map(({ version }) => version.id)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    expect(ids[0]).toBe(2)
    expect(events.at(-1)).toMatchObject({
      reason: 'live',
      changes: [{ section: 'server', key: 'port', newValue: 6001 }],
    })
  })
})

describe('bin/holdfast', () => {
  it('finds the program of its checkout through links, from any folder, with the Node that is there', () => {
    const root = at.path('checkout with space')
    for (const folder of ['bin', 'dist/cli', 'node_modules/node/bin'])
      mkdirSync(`${root}/${folder}`, { recursive: true })
    copyFileSync(BIN, `${root}/bin/holdfast`)
    chmodSync(`${root}/bin/holdfast`, 0o755)
    symlinkSync('checkout with space/bin/holdfast', at.path('one'))
    symlinkSync(at.path('one'), at.path('two'))

    const unbuilt = spawnSync(at.path('two'), ['get'], { encoding: 'utf8', cwd: '/' })
    expect(unbuilt).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('npm ci') })

    at.write('checkout with space/dist/cli/main.js', 'console.log(process.argv.slice(2).join("|"), process.execPath)')
    symlinkSync(process.execPath, `${root}/node_modules/node/bin/node`)
    const { stdout, status } = spawnSync(at.path('two'), ['a b', 'c'], { encoding: 'utf8', cwd: '/' })
    expect({ stdout, status }).toEqual({ stdout: `a b|c ${process.execPath}\n`, status: 0 })
  })
})

describe('completion', () => {
  const complete = async (...words: string[]) => (await at.run(['complete', '--', ...words])).out.trimEnd().split('\n')

  it('offers commands, flags, values, keys and versions', async () => {
    expect(await complete('ex')).toEqual(['explain'])
    expect(await complete('set', '--re')).toEqual(['--reason', '--replace-sources'])
    expect(await complete('drift', '--kind', '')).toEqual(['override', 'baseline', 'instance'])
    expect(await complete('get', '')).toEqual(['auth.', 'ldap.', 'server.'])
    expect(await complete('get', 'server.')).toEqual(['server.host', 'server.log_level', 'server.port'])
    expect(await complete('set', 'auth.x=1', 'server.p')).toEqual(['server.port='])
    expect(await complete('restore', 'r')).toEqual(['release-7'])
    expect(await complete('completion', 'z')).toEqual(['zsh'])
    expect(await complete('backup', 'x')).toEqual(['<file>'])
    expect(await complete('nothing', 'x')).toEqual([''])
  })

  it('works in bash', async () => {
    const { out: script } = await at.run('completion bash')
    at.write('completion.bash', script)
    at.write(
      'bin/holdfast',
      `#!/bin/sh\nexec "${process.execPath}" "${resolve(import.meta.dirname, '../../src/cli/main.ts')}" "$@"\n`,
    )
    chmodSync(at.path('bin/holdfast'), 0o755)
    const tab = (line: string) =>
      `COMP_LINE='${line}' COMP_POINT=${line.length} COMPREPLY=(); _holdfast; echo "\${COMPREPLY[*]}"`
    const lines = [
      'holdfast exp',
      'holdfast get server.',
      'holdfast set server.port=1 auth.ca',
      'holdfast --source=con',
      'holdfast restore rel',
    ]
    const out = execFileSync(
      'bash',
      ['--norc', '-c', `. ./completion.bash; complete -p holdfast; ${lines.map(tab).join('; ')}`],
      {
        cwd: at.root,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${at.path('bin')}:${process.env['PATH']}` },
      },
    )
    expect(out.trimEnd().split('\n')).toEqual([
      'complete -F _holdfast holdfast',
      'explain',
      'server.host server.log_level server.port',
      'auth.cache_ttl=',
      '',
      'release-7',
    ])
  })

  it.each(['zsh', 'fish', 'bash'])('gives %s a script that names the program', async (shell) => {
    expect(await at.run(`completion ${shell}`)).toMatchObject({
      status: 0,
      out: expect.stringContaining('complete -- '),
    })
  })
})
