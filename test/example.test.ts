import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, expect, it } from 'vitest'
import { freePort } from './ports.ts'

const ROOT = join(import.meta.dirname, '..')
const WORK = mkdtempSync(join(tmpdir(), 'holdfast-example-'))

afterAll(() => rmSync(WORK, { recursive: true, force: true }))

it('follows what the command line changes while the example service runs', { timeout: 60_000 }, async () => {
  cpSync(join(ROOT, 'examples/tacacs'), WORK, { recursive: true })
  usePackage()
  const port = await freePort()
  holdfast('init', '--source', 'tacacs.conf', '--schema', 'tacacs.schema.json')
  holdfast('set', `server.port=${port}`, 'server.host=127.0.0.1', 'server.motd=hello')

  const service = spawn(process.execPath, ['service.ts'], { cwd: WORK, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(service.stdout)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe(`listening on 127.0.0.1:${port}, configuration version 2`)
  expect(await text(connect(port, '127.0.0.1'))).toBe('hello\n')

  holdfast('set', 'server.motd=changed', 'server.workers=9', '--reason', 'a test', '--actor', 'bo')
  expect((await lines.next()).value).toBe('version 3 by bo: a test')
  expect((await lines.next()).value).toBe('  server.motd: hello -> changed')
  expect((await lines.next()).value).toBe('  server.workers: 4 -> 9')
  expect((await lines.next()).value).toBe('  takes effect after a restart: server.workers')
  expect(await text(connect(port, '127.0.0.1'))).toBe('changed\n')

  service.kill('SIGTERM')
  expect(await once(service, 'exit')).toEqual([0, null])
})

function holdfast(...words: readonly string[]): void {
  const ended = spawnSync(process.execPath, [join(ROOT, 'src/cli/main.ts'), ...words], { cwd: WORK, encoding: 'utf8' })
  expect(ended.status, ended.stderr).toBe(0)
}

/** The source under the package's name, so that the example needs no build. */
function usePackage(): void {
  const folder = join(WORK, 'node_modules/holdfast')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(WORK, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'package.json'), '{"name":"holdfast","type":"module","exports":"./src/index.ts"}')
  symlinkSync(join(ROOT, 'src'), join(folder, 'src'))
}
