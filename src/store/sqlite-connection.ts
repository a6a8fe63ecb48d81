import Database from 'better-sqlite3'
import type { SqlValue, Transaction } from './driver.ts'

export interface ConnectOptions {
  readonly mode: 'read' | 'write'
  /** Opens what cannot be written at all. */
  readonly readonly?: boolean
  readonly mustExist?: boolean
}

/** One SQLite connection with its prepared statements. Synchronous; the driver above decides who uses it when. */
export class Connection implements Transaction {
  readonly db: Database.Database
  readonly #statements = new Map<string, Database.Statement>()

  constructor(path: string | Buffer, { mode, readonly = false, mustExist = false }: ConnectOptions) {
    const isFile = typeof path === 'string'
    this.db = new Database(path, { timeout: 0, readonly, fileMustExist: isFile && (mustExist || readonly) })
    try {
      this.db.exec(PRAGMAS)
      if (mode === 'read' && !readonly) this.db.exec('PRAGMA query_only = ON')
    } catch (error) {
      this.db.close()
      throw error
    }
  }

  /** Asynchronous only in its type: it never waits, so that nothing comes between two statements of a transaction. */
  async query<R>(sql: string, ...values: readonly SqlValue[]): Promise<R[]> {
    return this.all<R>(sql, ...values)
  }

  async run(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.change(sql, ...values)
  }

  change(sql: string, ...values: readonly SqlValue[]): number {
    return this.#prepare(sql).run(...values).changes
  }

  all<R>(sql: string, ...values: readonly SqlValue[]): R[] {
    return this.#prepare(sql).all(...values) as R[]
  }

  /** The first column of the first row. */
  value<V>(sql: string, ...values: readonly SqlValue[]): V | undefined {
    const [row] = this.all<Record<string, V>>(sql, ...values)
    return row === undefined ? undefined : Object.values(row)[0]
  }

  exec(sql: string): void {
    this.db.exec(sql)
  }

  /** Ends a transaction that did not go well; SQLite may have done so by itself. */
  rollback(): void {
    if (this.db.inTransaction) this.db.exec('ROLLBACK')
  }

  close(): void {
    this.#statements.clear()
    this.db.close()
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** `synchronous` must be said on every connection: this build falls to NORMAL in WAL mode, which loses acknowledged commits in a power cut. */
const PRAGMAS = `
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA wal_autocheckpoint = 0;`
