import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { run } from '../../src/cli/run.ts'

export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  readonly isTerminal?: boolean
  readonly columns?: number
  /** What a person types when asked. */
  readonly answer?: string
  readonly folder?: string
  readonly interrupt?: AbortSignal
}

/** A folder of its own with files in it, and the program to run there. */
export class Workspace {
  readonly root = mkdtempSync(join(tmpdir(), 'holdfast-cli-'))

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.write(name, text)
  }

  path(name: string): string {
    return join(this.root, name)
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
  }

  /** Runs the program in this process: the same code as the real one from the arguments on. */
  async run(argv: string | readonly string[], options: RunOptions = {}): Promise<Ran> {
    const [out, err]: [string[], string[]] = [[], []]
    const screen = { isTTY: options.isTerminal ?? false, ...(options.columns && { columns: options.columns }) }
    const questions: string[] = []
    const status = await run(typeof argv === 'string' ? argv.split(' ') : argv, {
      stdout: { ...screen, write: (text) => out.push(text) },
      stderr: { ...screen, write: (text) => err.push(text) },
      stdin: Object.assign(Readable.from(options.input === undefined ? [] : [options.input]), {
        isTTY: options.isTerminal ?? false,
      }),
      env: { HOME: this.root, ...options.env },
      cwd: resolve(this.root, options.folder ?? '.'),
      interrupt: () => options.interrupt ?? new AbortController().signal,
      onReload: () => () => undefined,
      ask: async (question) => {
        questions.push(question)
        return options.answer ?? ''
      },
    })
    return { status, out: out.join(''), err: [...questions, ...err].join('') }
  }

  /** The document `--json` prints; the whole of standard output must be that. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever the document holds
  async json<T = any>(argv: string | readonly string[], options: RunOptions = {}): Promise<T> {
    const words = typeof argv === 'string' ? argv.split(' ') : argv
    const ran = await this.run([...words, '--json'], options)
    if (ran.out === '') throw new Error(`nothing on standard output of ${words.join(' ')}: ${ran.err}`)
    return JSON.parse(ran.out) as T
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts')

/** The real program in a process of its own. */
export function start(
  argv: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, [MAIN, ...argv], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
  })
}

export function finish(child: ChildProcess): Promise<Ran & { readonly signal: string | null }> {
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout?.on('data', (chunk) => out.push(String(chunk)))
  child.stderr?.on('data', (chunk) => err.push(String(chunk)))
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('close', (status, signal) => done({ status: status ?? -1, signal, out: out.join(''), err: err.join('') }))
  })
}

export const INI = `; the server's own file
[server]
host = 0.0.0.0
port = 4949
log_level = INFO

[auth]
backends = local
cache_ttl = 60
fallback = true

[ldap]
uri = ldaps://ldap.example.com
bind_password = changeme
`

export const SCHEMA = JSON.stringify({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    server: {
      type: 'object',
      additionalProperties: false,
      properties: {
        host: { type: 'string' },
        port: { type: 'integer', minimum: 1, maximum: 65535, description: 'TCP port to listen on', 'x-restart': true },
        log_level: { enum: ['DEBUG', 'INFO', 'WARN'] },
      },
    },
    auth: {
      type: 'object',
      properties: { backends: { type: 'string' }, cache_ttl: { type: 'integer' }, fallback: { type: 'boolean' } },
    },
    ldap: {
      type: 'object',
      properties: { uri: { type: 'string' }, bind_password: { type: 'string', writeOnly: true } },
    },
  },
})

/** A workspace after `holdfast init` with a file and a schema. */
export async function initialised(env: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const workspace = new Workspace({ 'config/tacacs.ini': INI, 'config/tacacs.schema.json': SCHEMA })
  const argv = 'init --source config/tacacs.ini --schema config/tacacs.schema.json --actor alice'
  const ran = await workspace.run(argv, { env })
  if (ran.status !== 0) throw new Error(ran.err)
  return workspace
}
