import type { Reader, Transaction } from './driver.ts'

/** Where rows are copied to. */
export interface CopyTarget extends Reader {
  /** Writes a portion, all of it or nothing. */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

/** A copy under way. Its source is a database that others write to, one moment of it, or a transaction that keeps writers out. */
export interface Copy {
  readonly source: Reader
  readonly target: CopyTarget
  /** Hears how many rows were added. */
  readonly onRows: (count: number) => void
}
