import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { steadyPort } from '../ports.ts'
import { copyTree } from './copy-tree.ts'
import { childrenOf, processes, signal } from './processes.ts'
import { scratchFolder } from './scratch.ts'
import { DEFAULTS, printSettings, type Settings } from './settings.ts'
import { PASSWORD, type Template, template, USER } from './template.ts'
import { until } from './until.ts'

export interface ServerOptions {
  readonly settings?: Settings
  /** A free one unless told otherwise. */
  readonly port?: number
  /** Puts the data into a folder that does not exist yet; a new cluster's unless told otherwise. */
  readonly fill?: (data: string, template: Template) => Promise<void>
}

/** What a stop waits for: transactions that end (`fast` rolls them back), or nothing at all. */
const STOPS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const

/** A real PostgreSQL on a port and in a folder of its own, through all its lives. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number
  /** Has the data, the log and the socket. */
  readonly folder: string
  readonly #template: Template
  #settings: Settings
  #child: ChildProcess | undefined
  #databases = 0

  private constructor(template: Template, port: number, settings: Settings) {
    this.#template = template
    this.port = port
    this.folder = scratchFolder(template.account)
    this.#settings = { ...DEFAULTS, ...settings }
  }

  static async start({ settings = {}, port, fill = asNew }: ServerOptions = {}): Promise<PostgresServer> {
    const origin = await template()
    const server = new PostgresServer(origin, port ?? (await steadyPort()), settings)
    await fill(server.data, origin)
    await server.start()
    return server
  }

  get data(): string {
    return join(this.folder, 'data')
  }

  get pid(): number {
    if (!this.isRunning) throw new Error('this PostgreSQL does not run')
    return this.#child!.pid!
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** All that it has logged, of its former lives too. */
  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  /** Of a database of it; of the one that is always there unless told otherwise. */
  url(database = 'postgres'): string {
    return `postgres://${USER}:${PASSWORD}@127.0.0.1:${this.port}/${database}`
  }

  /** Starts it and waits until it takes connections. */
  async start(): Promise<void> {
    if (this.isRunning) return
    this.#write()
    const log = openSync(join(this.folder, 'log'), 'a', 0o644)
    const { binaries, account } = this.#template
    const args = ['-D', this.data, '-p', String(this.port), '-h', '127.0.0.1', '-k', this.folder]
    const options = { ...account, cwd: this.folder, env: { LC_ALL: 'C' }, detached: true }
    this.#child = spawn(join(binaries.bin, 'postgres'), args, { ...options, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child.unref()
    await until('PostgreSQL takes connections', () => {
      if (!this.isRunning) throw new Error(`PostgreSQL did not start: ${this.log.slice(-4000)}`)
      return this.#isReady()
    })
  }

  /** The server says so in a file, where its number stands too: after a kill, the file of the former life is still there. */
  #isReady(): boolean {
    const file = join(this.data, 'postmaster.pid')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    return Number(lines[0]) === this.#child?.pid && lines[7]?.trim() === 'ready'
  }

  #write(): void {
    writeFileSync(join(this.data, 'holdfast.conf'), printSettings(this.#settings))
  }

  async stop(mode: keyof typeof STOPS = 'fast'): Promise<void> {
    if (!this.isRunning) return
    this.resume()
    const gone = this.#gone()
    process.kill(this.pid, STOPS[mode])
    await gone
  }

  /** Resolves when its first process has ended; until then, this process waits for that. */
  async #gone(): Promise<void> {
    this.#child!.ref()
    await once(this.#child!, 'exit')
  }

  async restart(mode: keyof typeof STOPS = 'fast'): Promise<void> {
    await this.stop(mode)
    await this.start()
  }

  /** Ends all its processes as the kernel would, and waits until they are gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return
    const gone = this.#gone()
    const pids = this.#stopped()
    signal(pids, 'SIGKILL')
    await gone
    await until('all processes of PostgreSQL are gone', () => !processes().some(({ pid }) => pids.includes(pid)))
    rmSync(join(this.data, 'postmaster.pid'), { force: true })
  }

  /** Stops all its processes where they are; its connections stay open and nothing answers. */
  pause(): void {
    this.#stopped()
  }

  /** Lets it go on after a pause. */
  resume(): void {
    signal([...childrenOf(this.pid), this.pid], 'SIGCONT')
  }

  /** The first process is stopped before the others are counted, so that it starts no more of them. */
  #stopped(): readonly number[] {
    const { pid } = this
    signal([pid], 'SIGSTOP')
    const children = childrenOf(pid)
    signal(children, 'SIGSTOP')
    return [pid, ...children]
  }

  /** Changes settings of the running server, and waits until it has read them. */
  async configure(settings: Settings): Promise<void> {
    this.#settings = { ...this.#settings, ...settings }
    this.#write()
    const before = await this.#loadedAt()
    process.kill(this.pid, 'SIGHUP')
    await until('the new settings are read', async () => (await this.#loadedAt()) !== before)
  }

  async #loadedAt(): Promise<string> {
    const [row] = await this.query<{ at: string }>('SELECT pg_conf_load_time()::text AS at')
    return row!.at
  }

  /** Runs one statement over a connection of its own. */
  async query<R>(sql: string, values: readonly unknown[] = [], database?: string): Promise<readonly R[]> {
    const client = new Client({ connectionString: this.url(database) })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query(sql, [...values])).rows as R[]
    } finally {
      await client.end()
    }
  }

  /** A new empty database; its URL. */
  async freshDatabase(): Promise<string> {
    const name = `fresh_${++this.#databases}`
    await this.query(`CREATE DATABASE ${name}`)
    return this.url(name)
  }

  /** Ends it and removes all that it had. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const asNew = (data: string, { data: from, account }: Template): Promise<void> => copyTree(from, data, { account })
