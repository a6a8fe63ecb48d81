import type { Version } from '../model/version.ts'
import type { News, Store, StoreProblem } from './store.ts'

export type SqlValue = string | number | null | Uint8Array

/** A row as the database gives it; the caller's type says which columns it asked for. */
export interface Reader {
  query<R>(sql: string, ...values: readonly SqlValue[]): Promise<R[]>
}

export interface Transaction extends Reader {
  /** Runs a statement that changes rows and tells how many. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>
}

/**
 * What differs between databases; the logic above it is one. Every method rejects with `HoldfastError`s. The work of `read` and
 * `transaction` awaits nothing but what it is given, so that nothing comes between its statements.
 */
export interface Driver extends Reader {
  /** As shown to people. */
  readonly name: string
  readonly directory: string | null

  counters(): Promise<Counters>
  /** Several queries that see one moment. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>
  /** All or nothing, one writer at a time over all processes, durable when it resolves. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Gives pages that nothing uses back to the file system; tells how many bytes the store has become smaller. */
  shrink(): Promise<number>
  sizes(): Promise<{ readonly bytes: number; readonly freeBytes: number; readonly walBytes: number }>
  check(): Promise<readonly StoreProblem[]>
  backup(file: string, onProgress?: (done: number, total: number) => void): Promise<void>
  /** A quicker way to append versions than a `transaction`, where the database has one. */
  append?(...wanted: Parameters<Store['commit']>): Promise<readonly Version[]>
  onForeignCommit(listener: (news?: News) => void): () => void
  close(): Promise<void>
}

/** The numbers that tables give to their rows by themselves: the highest so far by table, also where its row is gone. */
export interface Counters {
  read(reader: Reader): Promise<ReadonlyMap<string, number>>
  /** From here on no table gives a number that was given before, here or where `floors` were read. */
  raise(tx: Transaction, floors: ReadonlyMap<string, number>): Promise<void>
}

export interface TransactionOptions {
  /** Asked of a fresh connection when a commit failed midway: did it happen? Absent: nobody can tell. */
  readonly happened?: (reader: Reader) => Promise<boolean>
  /** What other nodes should hear of; nothing where it is of no use to them at once. */
  readonly news?: News
  /** Copies a store: it does other things between its statements, for longer than a transaction usually may, and may write anything. */
  readonly isLong?: boolean
}
