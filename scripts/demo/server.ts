import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const ROOT = join(import.meta.dirname, '../..')
export const PROGRAM = join(ROOT, 'dist/cli/main.js')

/** Where the server listens unless somebody does already. */
export const USUAL_PORT = 7420
const LAST_PORT = 7439

/** `holdfast serve` in a process of its own, as anybody starts it. */
export interface DemoServer {
  readonly url: string
  /** The token that the first start shows. */
  readonly token: string
  readonly ended: Promise<unknown>
  stop(): Promise<void>
}

/** Lays out the example in `folder`: two namespaces with their files, a cron table, and the addresses that webhooks may reach. */
export function layOut(folder: string, port: number): void {
  for (const name of ['tacacs.conf', 'tacacs.schema.json'])
    copyFileSync(join(ROOT, 'examples/tacacs', name), join(folder, name))
  const text = readFileSync(join(folder, 'tacacs.conf'), 'utf8')
  writeFileSync(join(folder, 'tacacs-test.conf'), text.replace('log_level = INFO', 'log_level = DEBUG'))
  // What a schedule below would write into: a disk that is not there, so that one run has failed.
  writeFileSync(join(folder, 'offsite'), 'not mounted\n')
  writeFileSync(join(folder, 'holdfast.yaml'), projectText(port))
}

const projectText = (port: number): string => `store: data/config_overrides.db
namespaces:
  tacacs-prod:
    sources: [tacacs.conf, { env: { prefix: TACACS_ } }]
    schema: tacacs.schema.json
  tacacs-test:
    sources: [tacacs-test.conf]
    schema: tacacs.schema.json
serve:
  port: ${port}
  webhookHosts: [127.0.0.1]
schedules:
  nightly: { cron: '0 3 * * *', task: backup, keep: 14 }
  offsite: { cron: '0 4 * * *', task: backup, directory: offsite }
  tidy: { cron: '30 3 * * 0', task: purge, olderThan: 90d, keep: 100 }
  drift: { cron: '*/15 * * * *', task: check-drift }
  sources: { cron: '@hourly', task: refresh-sources }
`

/** The first free port of this machine from the usual one on. */
export async function pickPort(): Promise<number> {
  for (let port = USUAL_PORT; port <= LAST_PORT; port++) if (await isFree(port)) return port
  throw new Error(`all ports from ${USUAL_PORT} to ${LAST_PORT} are taken`)
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return promise
}

/** Starts the server in `folder`, and is there when it listens. What it says goes into `serve.log` beside its store. */
export async function startServer(folder: string): Promise<DemoServer> {
  if (!existsSync(PROGRAM)) throw new Error('there is no dist/ yet: run npm ci first')
  const log = join(folder, 'serve.log')
  const output = openSync(log, 'w')
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'))
  const env = { ...Object.fromEntries(others), HOLDFAST_LOG_FORMAT: 'text', TACACS_METRICS__ENABLED: 'yes' }
  const child = spawn(process.execPath, [PROGRAM, 'serve'], { cwd: folder, env, stdio: ['ignore', output, output] })
  closeSync(output)
  const kill = (): boolean => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'exit').finally(() => process.off('exit', kill))
  const found = await whenListening(child, log)
  return {
    ...found,
    ended,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function whenListening(child: ChildProcess, log: string): Promise<{ url: string; token: string }> {
  for (;;) {
    const said = readFileSync(log, 'utf8')
    const url = /listening {2}url=(\S+) .*\n/.exec(said)?.[1]
    const token = /^ {2}(hf_\S+)$/m.exec(said)?.[1]
    if (url !== undefined && token !== undefined) return { url, token }
    if (child.exitCode !== null) throw new Error(`the server did not start:\n${said}`)
    await sleep(20)
  }
}
