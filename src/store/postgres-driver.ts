import type { QueryResult } from 'pg'
import { HoldfastError } from '../model/errors.ts'
import type { Driver, Reader, SqlValue, Transaction, TransactionOptions } from './driver.ts'
import { PostgresAppender } from './postgres-append.ts'
import { checkPostgres } from './postgres-check.ts'
import type { PostgresConnections } from './postgres-connections.ts'
import { PostgresListener } from './postgres-listen.ts'
import { PostgresWriter } from './postgres-writer.ts'
import type { News, StoreProblem } from './store.ts'

type Run = (sql: string, values?: readonly SqlValue[]) => Promise<QueryResult>

const SIZE = `
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) AS bytes
FROM pg_class c WHERE c.relnamespace = to_regnamespace(?) AND c.relkind = 'r'`

/** PostgreSQL: reads on a pool of connections, all writes of a node on one, and one that listens. */
export class PostgresDriver implements Driver {
  readonly name: string
  readonly directory = null
  readonly #connections: PostgresConnections
  readonly #schema: string
  readonly #writer: PostgresWriter
  readonly #appender: PostgresAppender
  readonly #listener: PostgresListener
  #closing: Promise<void> | undefined

  constructor(connections: PostgresConnections, schema: string) {
    const channel = `holdfast_${schema}`
    const node = crypto.randomUUID()
    this.name = connections.name
    this.#connections = connections
    this.#schema = schema
    this.#writer = new PostgresWriter(connections, channel, node)
    this.#appender = new PostgresAppender(this.#writer, this.name)
    this.#listener = new PostgresListener(connections, channel, node)
  }

  query<R>(sql: string, ...values: readonly SqlValue[]): Promise<R[]> {
    return this.#connections.query<R>(sql, values)
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
    this.#appender.wrote(before, options.news?.startsWith('namespace:') ?? false)
    return result
  }

  append: NonNullable<Driver['append']> = (namespace, head, writes) =>
    this.#appender.commit({ namespace, head, writes })

  /** Free space is PostgreSQL's own to give back: autovacuum does. */
  async shrink(): Promise<number> {
    return 0
  }

  async sizes() {
    const [row] = await this.query<{ bytes: number }>(SIZE, this.#schema)
    return { bytes: row?.bytes ?? 0, freeBytes: 0, walBytes: 0 }
  }

  check(): Promise<readonly StoreProblem[]> {
    return this.read(checkPostgres)
  }

  /** The database's own tools copy it: this process has no file to give. */
  async backup(): Promise<void> {
    const text = `${this.name}: a store on PostgreSQL is backed up by PostgreSQL's own tools: pg_dump --schema=${this.#schema}, or a base backup`
    throw new HoldfastError('unsupported', text, { what: 'backup' })
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
