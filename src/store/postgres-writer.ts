import type { Client, QueryResult } from 'pg'
import { HoldfastError } from '../model/errors.ts'
import type { Reader, SqlValue, Transaction, TransactionOptions } from './driver.ts'
import type { PostgresConnections } from './postgres-connections.ts'
import { isAway, postgresCode, toStoreError } from './postgres-errors.ts'
import { numbered } from './postgres-sql.ts'
import { STANDING, type Standing } from './read.ts'
import { requireInUse } from './standing.ts'
import { Mutex } from './wait.ts'

/** Never less than the server was set to, and never less than durable on this one. */
const DURABLE = `
SELECT set_config('synchronous_commit',
  CASE WHEN current_setting('synchronous_commit') = 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)`

/** What holds the lock and says nothing, because its node was paused, is ended by the server. */
const IDLE_MS = 10_000
/** What copies a store says nothing here while it writes elsewhere. */
const LONG = "SET LOCAL idle_in_transaction_session_timeout = '120s'"

/** The row that every writer locks, which makes one order of all writes; its number grows with each of them. */
const LOCK = 'SELECT serial FROM store_head FOR UPDATE'
const COUNT = 'UPDATE store_head SET serial = serial + 1'

export interface WriterOptions {
  /** Where other nodes are told what was written, and as whom. */
  readonly channel: string
  readonly node: string
  /** Writes what is not in use: a copy that is not whole, or a store that has moved. */
  readonly copying: boolean
}

/** What a transaction saw and left of the one row that all writers lock. */
export interface Locked {
  /** How many writes there were before this one. */
  readonly serial: number
}

/**
 * The one connection on which a node writes, one transaction after another, and how the outcome of a commit is found out whose answer did not
 * come: the lock tells, because who commits has it until the commit is over.
 */
export class PostgresWriter {
  readonly #connections: PostgresConnections
  readonly #options: WriterOptions
  readonly #writing = new Mutex()
  #client: Promise<Client> | undefined
  #warning: string | undefined

  constructor(connections: PostgresConnections, options: WriterOptions) {
    this.#connections = connections
    this.#options = options
  }

  /** Runs work alone among all nodes, and commits it. */
  transaction<T>(work: (tx: Transaction, locked: Locked) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#writing.run(async () => {
      const client = await this.#open()
      const result = await this.#body(client, work, options)
      await this.#commit(() => client.query('COMMIT'), options.happened)
      return result
    })
  }

  /** Runs one statement that is a transaction of its own. */
  statement(
    run: (client: Client) => Promise<QueryResult>,
    happened: TransactionOptions['happened'],
  ): Promise<QueryResult> {
    return this.#writing.run(async () => {
      const client = await this.#open()
      return this.#commit(() => run(client), happened)
    })
  }

  /** Where other nodes are told what was written, and by whom. */
  get address(): readonly [channel: string, node: string] {
    return [this.#options.channel, this.#options.node]
  }

  async close(): Promise<void> {
    await this.#writing.run(async () => {
      const client = await this.#client?.catch(() => undefined)
      this.#client = undefined
      await client?.end()
    })
  }

  async #body<T>(
    client: Client,
    work: (tx: Transaction, locked: Locked) => Promise<T>,
    { news, isLong }: TransactionOptions,
  ): Promise<T> {
    const { channel, node } = this.#options
    try {
      const locked = await this.#begin(client, isLong)
      const result = await work(transactionOn(client), locked)
      if (news !== undefined)
        void client.query('SELECT pg_notify($1, $2)', [channel, `${node} ${news}`]).catch(() => undefined)
      await client.query(COUNT)
      return result
    } catch (error) {
      await this.#giveUp(client, error)
      throw toStoreError(error, this.#connections.name)
    }
  }

  /** One round trip: what is not waited for fails with what comes next. Only under the lock is it certain that the store is still here. */
  async #begin(client: Client, isLong = false): Promise<Locked> {
    void client.query('BEGIN').catch(() => undefined)
    if (isLong) void client.query(LONG).catch(() => undefined)
    const locking = client.query<Locked>(LOCK)
    const standing = client.query<Standing>(STANDING)
    standing.catch(() => undefined)
    const { rows } = await locking
    if (!this.#options.copying) requireInUse(this.#connections.name, (await standing).rows)
    return rows[0]!
  }

  async #commit(commit: () => Promise<QueryResult>, happened: TransactionOptions['happened']): Promise<QueryResult> {
    this.#warning = undefined
    try {
      const result = await this.#inTime(commit())
      if (this.#warning !== undefined) throw this.#unknown(this.#warning)
      if (result.command !== 'ROLLBACK') return result
      throw new HoldfastError(
        'unavailable',
        `${this.#connections.name}: the transaction was rolled back; nothing was changed`,
        {
          store: this.#connections.name,
          retry: true,
        },
      )
    } catch (error) {
      if (error instanceof HoldfastError) throw error
      if (!isAway(error)) {
        await this.#giveUp(await this.#open(), error)
        throw error
      }
      this.#drop()
      if (await this.#settle(happened, error)) return NOTHING
      throw toStoreError(error, this.#connections.name)
    }
  }

  /** A server that waits for a standby that is gone answers never, and no time limit of its own ends that. */
  #inTime(work: Promise<QueryResult>): Promise<QueryResult> {
    const { commitMs } = this.#connections.patience
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), commitMs)
    work.catch(() => undefined)
    return Promise.race([work, promise]).finally(() => clearTimeout(timer))
  }

  /** Whether a commit without an answer happened: true, false, or a refusal (`unknown`) where that cannot be found out now. */
  async #settle(happened: TransactionOptions['happened'], cause: unknown): Promise<boolean> {
    if (happened === undefined) throw this.#unknown('no answer came', cause)
    let client: Client | undefined
    try {
      client = await this.#connections.connect()
      await client.query('BEGIN')
      await client.query(LOCK)
      return await happened(transactionOn(client))
    } catch (error) {
      throw this.#unknown((error as Error).message, cause)
    } finally {
      client?.end().catch(() => undefined)
    }
  }

  #unknown(why: string, cause?: unknown): HoldfastError {
    const { name } = this.#connections
    const text = `${name}: the commit may or may not have happened (${why}). Look at the newest version before trying again, or repeat it with the same idempotency key`
    return new HoldfastError('unknown', text, { store: name }, { cause })
  }

  /** A connection that failed a statement is used again; one that was lost is not. */
  async #giveUp(client: Client, error: unknown): Promise<void> {
    const isOurs = error instanceof HoldfastError // thrown by the work between two statements: nothing is wrong with the connection
    if (!isOurs && (isAway(error) || postgresCode(error) === '')) return this.#drop()
    await client.query('ROLLBACK').catch(() => this.#drop())
  }

  #drop(): void {
    const client = this.#client
    this.#client = undefined
    client?.then((one) => one.end()).catch(() => undefined)
    this.#connections.forget()
  }

  #open(): Promise<Client> {
    this.#client ??= this.#connect()
    this.#client.catch(() => {
      this.#client = undefined
    })
    return this.#client
  }

  async #connect(): Promise<Client> {
    const client = await this.#connections.connect({ pipeline: true, idle_in_transaction_session_timeout: IDLE_MS })
    await client.query(DURABLE)
    client.on('notice', ({ severity, message }) => {
      if (severity === 'WARNING') this.#warning = message
    })
    client.on('error', () => {
      this.#client = undefined
    })
    return client
  }
}

const NOTHING = { command: 'COMMIT', rowCount: null, oid: 0, rows: [], fields: [] } as unknown as QueryResult

/** Statements on a connection that has a transaction open. */
const transactionOn = (client: Client): Transaction & Reader => ({
  async query<R>(sql: string, ...values: readonly SqlValue[]): Promise<R[]> {
    return (await client.query(numbered(sql), [...values])).rows as R[]
  },
  async run(sql, ...values) {
    return (await client.query(numbered(sql), [...values])).rowCount ?? 0
  },
})
