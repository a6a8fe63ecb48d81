import type { QueryResult } from 'pg'
import type { Counters, Driver, Reader, SqlValue, Transaction, TransactionOptions } from './driver.ts'
import { PostgresAppender } from './postgres-append.ts'
import { checkPostgres } from './postgres-check.ts'
import type { PostgresConnections } from './postgres-connections.ts'
import { PostgresListener } from './postgres-listen.ts'
import { PostgresWriter } from './postgres-writer.ts'
import type { News, StoreProblem } from './store.ts'

type Run = (sql: string, values?: readonly SqlValue[]) => Promise<QueryResult>

/** Which store it is. */
export interface PostgresPlace {
  readonly url: string
  readonly schema: string
  /** Writes what is not in use: a copy that is not whole, or a store that has moved. */
  readonly copying: boolean
}

const SIZE = `
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) AS bytes
FROM pg_class c WHERE c.relnamespace = to_regnamespace(?) AND c.relkind = 'r'`

/** PostgreSQL: reads on a pool of connections, all writes of a node on one, and one that listens. */
export class PostgresDriver implements Driver {
  readonly name: string
  readonly directory = null
  readonly #connections: PostgresConnections
  readonly #place: PostgresPlace
  readonly #writer: PostgresWriter
  readonly #appender: PostgresAppender
  readonly #listener: PostgresListener
  #closing: Promise<void> | undefined

  constructor(connections: PostgresConnections, place: PostgresPlace) {
    const { schema, copying } = place
    const channel = `holdfast_${schema}`
    const node = crypto.randomUUID()
    this.name = connections.name
    this.#connections = connections
    this.#place = place
    this.#writer = new PostgresWriter(connections, { channel, node, copying })
    this.#appender = new PostgresAppender(this.#writer, this.name)
    this.#listener = new PostgresListener(connections, channel, node)
  }

  query<R>(sql: string, ...values: readonly SqlValue[]): Promise<R[]> {
    return this.#connections.query<R>(sql, values)
  }

  async counters(): Promise<Counters> {
    return (await import('./postgres-counters.ts')).POSTGRES_COUNTERS
  }

  read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#connections.using(async (run) => {
      await run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      const result = await work(readerOn(run))
      await run('COMMIT')
      return result
    })
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    let before = 0
    const result = await this.#writer.transaction((tx, { serial }) => {
      before = serial
      return work(tx)
    }, options)
    this.#appender.wrote(before, options.isLong === true || (options.news?.startsWith('namespace:') ?? false))
    return result
  }

  append: NonNullable<Driver['append']> = (namespace, head, writes) =>
    this.#appender.commit({ namespace, head, writes })

  /** Free space is PostgreSQL's own to give back: autovacuum does. */
  async shrink(): Promise<number> {
    return 0
  }

  async sizes() {
    const [row] = await this.query<{ bytes: number }>(SIZE, this.#place.schema)
    return { bytes: row?.bytes ?? 0, freeBytes: 0, walBytes: 0 }
  }

  check(): Promise<readonly StoreProblem[]> {
    return this.read(checkPostgres)
  }

  /** A SQLite file, as of any store: what can be put back anywhere. */
  async backup(file: string, onProgress?: (done: number, total: number) => void): Promise<void> {
    const { backUpPostgres } = await import('./postgres-backup.ts')
    return backUpPostgres({ url: this.#place.url, name: this.name }, file, onProgress)
  }

  onForeignCommit(listener: (news?: News) => void): () => void {
    return this.#listener.on(listener)
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#listener.close()
      await this.#writer.close()
      await this.#connections.close()
    })()
    return this.#closing
  }
}

const readerOn = (run: Run): Reader => ({
  async query<R>(sql: string, ...values: readonly SqlValue[]): Promise<R[]> {
    return (await run(sql, values)).rows as R[]
  },
})
