import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { baseCopy } from './base-copy.ts'
import { PostgresServer } from './server.ts'
import type { Settings } from './settings.ts'
import { PASSWORD, USER } from './template.ts'
import { until } from './until.ts'

export interface ClusterOptions {
  readonly settings?: Settings
  /** Whether a commit waits until the standby has it; true unless told otherwise. */
  readonly isSynchronous?: boolean
}

const STANDBY = 'standby'

/** A primary, and a standby that streams from it. Either may become the other; ports stay. */
export class PostgresCluster implements AsyncDisposable {
  #primary: PostgresServer
  #standby: PostgresServer | undefined
  /** What was the primary before the last promotion, until it rejoins. */
  #former: PostgresServer | undefined
  readonly #options: ClusterOptions

  private constructor(primary: PostgresServer, options: ClusterOptions) {
    this.#primary = primary
    this.#options = options
  }

  static async start(options: ClusterOptions = {}): Promise<PostgresCluster> {
    const primary = await PostgresServer.start({ settings: options.settings ?? {} })
    const cluster = new PostgresCluster(primary, options)
    await cluster.#attach()
    return cluster
  }

  get primary(): PostgresServer {
    return this.#primary
  }

  get standby(): PostgresServer {
    if (this.#standby === undefined) throw new Error('there is no standby: it was promoted')
    return this.#standby
  }

  /** Of both servers, so that a client finds the one that takes writes. */
  url(database = 'postgres', ports = this.ports): string {
    const hosts = ports.map((port) => `127.0.0.1:${port}`).join()
    return `postgres://${USER}:${PASSWORD}@${hosts}/${database}?target_session_attrs=read-write`
  }

  /** The primary's first. */
  get ports(): readonly number[] {
    return [this.#primary, this.#standby ?? this.#former].flatMap((server) => (server ? [server.port] : []))
  }

  /** A new empty database; its name, for `url`. */
  async freshDatabase(): Promise<string> {
    return new URL(await this.#primary.freshDatabase()).pathname.slice(1)
  }

  /** Makes the standby take writes, as an operator would who knows that the primary is gone. */
  async promote(): Promise<void> {
    const promoted = this.standby
    await promoted.query('SELECT pg_promote(true, 60)')
    await until('the standby takes writes', async () => {
      const [row] = await promoted.query<{ isStandby: boolean }>('SELECT pg_is_in_recovery() AS "isStandby"')
      return row?.isStandby === false
    })
    this.#former = this.#primary
    this.#primary = promoted
    this.#standby = undefined
  }

  /** Brings the former primary back as a standby of the new one, from a fresh copy: what only it had is lost. */
  async rejoin(): Promise<void> {
    const former = this.#former
    if (former === undefined) throw new Error('nothing was promoted')
    await former[Symbol.asyncDispose]()
    this.#former = undefined
    await this.#attach(former.port)
  }

  async #attach(port?: number): Promise<void> {
    const primary = this.#primary
    // With the slot the primary keeps what the copy will need.
    await primary.query('SELECT pg_create_physical_replication_slot($1, true)', [STANDBY])
    const settings = { ...this.#options.settings, primary_conninfo: reaching(primary), primary_slot_name: STANDBY }
    this.#standby = await PostgresServer.start({
      settings,
      ...(port !== undefined && { port }),
      fill: async (data, origin) => {
        await baseCopy(primary, data, origin)
        writeFileSync(join(data, 'standby.signal'), '')
        rmSync(join(data, 'postmaster.pid'), { force: true })
      },
    })
    if (this.#options.isSynchronous !== false) await primary.configure({ synchronous_standby_names: STANDBY })
    await until('the standby streams', () => this.#isStreaming())
  }

  async #isStreaming(): Promise<boolean> {
    const rows = await this.#primary.query<{ kind: string }>(
      "SELECT sync_state AS kind FROM pg_stat_replication WHERE state = 'streaming'",
    )
    return rows[0]?.kind === (this.#options.isSynchronous === false ? 'async' : 'sync')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#primary, this.#standby, this.#former]) await server?.[Symbol.asyncDispose]()
  }
}

const reaching = ({ port }: PostgresServer): string =>
  `host=127.0.0.1 port=${port} user=${USER} password=${PASSWORD} application_name=${STANDBY}`
