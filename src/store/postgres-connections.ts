import type { Client, ClientBase, ClientConfig, Pool, QueryResult } from 'pg'
import { HoldfastError } from '../model/errors.ts'
import type { SqlValue } from './driver.ts'
import { isAway, toStoreError } from './postgres-errors.ts'
import { numbered } from './postgres-sql.ts'
import type { PostgresTarget } from './postgres-url.ts'

/** What we use of the package. */
export type Pg = Pick<typeof import('pg'), 'Client' | 'Pool' | 'types'>

/** How long we wait for PostgreSQL, in milliseconds. */
export interface Patience {
  /** For a connection. */
  readonly connectMs: number
  /** For a statement that reads; the server ends it a little earlier. */
  readonly statementMs: number
  /** For a lock that another node holds. */
  readonly lockMs: number
  /** For a commit: what takes longer has an unknown outcome. */
  readonly commitMs: number
}

export interface ConnectionOptions extends Patience {
  /** Uses the store only while nobody else does, and is not counted among those who do. */
  readonly isAlone?: boolean
}

/** bigint and numeric, which `pg` gives as text: numbers of versions and counts stay far below 2^53. */
const NUMBERS: ReadonlySet<number> = new Set([20, 1700])

/** Connections to whichever of a store's servers takes writes, found anew when it no longer does. */
export class PostgresConnections {
  readonly #pg: Pg
  readonly #target: PostgresTarget
  readonly #options: ConnectionOptions
  #pool: Promise<Pool> | undefined
  #last = 0
  #isClosed = false

  constructor(pg: Pg, target: PostgresTarget, options: ConnectionOptions) {
    this.#pg = pg
    this.#target = target
    this.#options = options
  }

  get name(): string {
    return this.#target.name
  }

  get patience(): Patience {
    return this.#options
  }

  /** Reads on one of the pool's connections. What a lost connection did not answer is asked once more. */
  async query<R>(sql: string, values: readonly SqlValue[]): Promise<R[]> {
    return this.#withPool(async (pool) => (await pool.query(numbered(sql), [...values])).rows as R[])
  }

  /** Several reads on one connection; `work` may be begun twice. */
  async using<T>(
    work: (run: (sql: string, values?: readonly SqlValue[]) => Promise<QueryResult>) => Promise<T>,
  ): Promise<T> {
    return this.#withPool(async (pool) => {
      const client = await pool.connect()
      try {
        const result = await work((sql, values = []) => client.query(numbered(sql), [...values]))
        client.release()
        return result
      } catch (error) {
        client.release(true)
        throw error
      }
    })
  }

  /** A connection of one's own, to a server that takes writes. */
  async connect(options: ClientConfig = {}): Promise<Client> {
    return (await this.#connect(options)).client
  }

  async #connect(options: ClientConfig): Promise<{ readonly client: Client; readonly url: string }> {
    this.#requireOpen()
    const { urls } = this.#target
    let failure: unknown
    for (let i = 0; i < urls.length; i++) {
      const at = (this.#last + i) % urls.length
      try {
        const url = urls[at]!
        const client = await this.#connectTo(url, options)
        this.#last = at
        return { client, url }
      } catch (error) {
        failure ??= error
        if (!isAway(error)) throw toStoreError(error, this.name)
      }
    }
    throw toStoreError(failure, this.name)
  }

  /** Lets the connections go that a server gave which is away or takes no writes any more. */
  forget(): void {
    const pool = this.#pool
    this.#pool = undefined
    this.#last = (this.#last + 1) % this.#target.urls.length
    pool?.then((one) => one.end()).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const pool = await this.#pool?.catch(() => undefined)
    await pool?.end()
  }

  async #connectTo(url: string, options: ClientConfig): Promise<Client> {
    const client = new this.#pg.Client({ ...this.#configFor(url), ...options })
    client.on('error', () => undefined) // whoever waits for an answer is told; nobody else needs to be
    try {
      await client.connect()
      await this.#enter(client)
      return client
    } catch (error) {
      client.end().catch(() => undefined)
      throw error
    }
  }

  /** Shows for as long as the connection is there that the store is in use; what is a standby by now is left again. */
  async #enter(client: ClientBase): Promise<void> {
    const { schema, needsPrimary } = this.#target
    const { rows } = await client.query<Place>(this.#options.isAlone ? PLACE : `${PLACE}, ${inUse(schema, 'shared')}`)
    const isOther = rows[0]?.standby === true || rows[0]?.only === 'on'
    if (needsPrimary && isOther) throw Object.assign(new Error('this server takes no writes'), { code: '25006' })
  }

  #configFor(url: string): ClientConfig {
    const { connectMs, statementMs, lockMs } = this.#options
    const { getTypeParser } = this.#pg.types
    return {
      connectionString: url,
      application_name: 'holdfast',
      options: `-c search_path=${this.#target.schema},public`,
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      query_timeout: statementMs + 2000,
      lock_timeout: lockMs,
      keepAlive: true,
      types: {
        getTypeParser: ((oid: number, format: 'text') =>
          NUMBERS.has(oid) ? Number : getTypeParser(oid, format)) as Pg['types']['getTypeParser'],
      },
    }
  }

  async #withPool<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
    this.#requireOpen()
    const first = this.#openPool()
    try {
      return await work(await first)
    } catch (error) {
      if (!isAway(error)) throw toStoreError(error, this.name)
      this.#leave(first)
    }
    const second = this.#openPool()
    try {
      return await work(await second)
    } catch (error) {
      if (isAway(error)) this.#leave(second)
      throw toStoreError(error, this.name)
    }
  }

  /** Forgets a pool once, however many fail that wait for it: each new pool takes connections that the one before still has. */
  #leave(pool: Promise<Pool>): void {
    if (this.#pool === pool) this.forget()
  }

  /** A pool to the server that the first connection finds. */
  #openPool(): Promise<Pool> {
    this.#pool ??= (async () => {
      const { client, url } = await this.#connect({})
      await client.end()
      const { pool: max } = this.#target
      const onConnect = async (one: ClientBase): Promise<void> => {
        one.on('error', () => undefined) // while it is in use, the pool does not listen
        await this.#enter(one)
      }
      const pool = new this.#pg.Pool({
        ...this.#configFor(url),
        max,
        allowExitOnIdle: true,
        onConnect: onConnect as unknown as (one: ClientBase) => void, // awaited, though its type does not say so
      })
      pool.on('error', () => undefined)
      return pool
    })()
    this.#pool.catch(() => {
      this.#pool = undefined
    })
    return this.#pool
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new HoldfastError('closed', `${this.name} is closed`, { what: this.name })
  }
}

interface Place {
  readonly standby: boolean
  readonly only: string
}

const PLACE = `SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') AS only`

/** The advisory lock of a store: every connection shares it, and who wants the store for himself takes it alone, to the end of a transaction. */
export const inUse = (schema: string, how: 'shared' | 'alone'): string =>
  `${how === 'shared' ? 'pg_advisory_lock_shared' : 'pg_advisory_xact_lock'}(hashtext('holdfast in use ${schema}'))`
