import { dirname } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import type { Counters, Driver, Reader, SqlValue, Transaction, TransactionOptions } from './driver.ts'
import { STANDING, type Standing } from './read.ts'
import { Connection } from './sqlite-connection.ts'
import { isBusy, isIoError, toStoreError } from './sqlite-errors.ts'
import { type OpenReader, openReader } from './sqlite-open.ts'
import type { SlowWork } from './sqlite-slow.ts'
import type { CommitWatch } from './sqlite-watch.ts'
import type { StoreProblem } from './store.ts'
import { Mutex, retry, sleep } from './wait.ts'

export interface DriverParts {
  readonly name: string
  /** Null in memory: then one connection both reads and writes. */
  readonly file: string | null
  readonly reader: OpenReader
  readonly lockTimeoutMs: number
  /** Do slow work on the calling thread. */
  readonly inline: boolean
  /** Write what is not in use: a copy that is not whole, or a store that has moved. */
  readonly copying?: boolean
}

/** Pages in the WAL before a checkpoint is worth its while, and before the file itself is cut. */
const CHECKPOINT_PAGES = 4000
const TRUNCATE_PAGES = 8000
/** Commits between two looks at the size of the WAL. */
const LOOK_EVERY = 16
/** How long commits may follow each other without a turn of the event loop. */
const TURN_MS = 5

/**
 * SQLite in one file: a connection to read and, from the first write on, one to write. Locks held by other processes are waited for
 * without blocking the event loop; checkpoints, copies and checks run on a thread of their own.
 */
export class SqliteDriver implements Driver {
  readonly name: string
  readonly directory: string | null
  readonly #file: string | null
  readonly #lockTimeoutMs: number
  readonly #inline: boolean
  readonly #copying: boolean
  readonly #reading = new Mutex()
  readonly #writing: Mutex
  readonly #writable: boolean
  #reader: Connection
  #writer: Connection | undefined
  #slow: Promise<SlowWork> | undefined
  #watching: Promise<void> | undefined
  #watch: CommitWatch | undefined
  readonly #listeners = new Set<() => void>()
  #commits = 0
  #checkpointing: Promise<void> | undefined
  #lastTurn = 0
  #isClosed = false

  constructor({ name, file, reader, lockTimeoutMs, inline, copying = false }: DriverParts) {
    this.name = name
    this.directory = file === null ? null : dirname(file)
    this.#file = file
    this.#lockTimeoutMs = lockTimeoutMs
    this.#inline = inline
    this.#copying = copying
    this.#reader = reader.connection
    this.#writable = reader.writable
    this.#writing = file === null ? this.#reading : new Mutex()
    if (file === null) this.#writer = reader.connection
  }

  async counters(): Promise<Counters> {
    return (await import('./sqlite-counters.ts')).SQLITE_COUNTERS
  }

  async query<R>(sql: string, ...values: readonly SqlValue[]): Promise<R[]> {
    this.#requireOpen()
    if (this.#reading.isIdle) return this.#all<R>(sql, values)
    return this.#reading.run(() => this.#all<R>(sql, values))
  }

  async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    this.#requireOpen()
    return this.#reading.run(async () => {
      const reader = this.#reader
      reader.exec('BEGIN')
      try {
        return await work({ query: (sql, ...values) => this.#all(sql, values) })
      } catch (error) {
        throw toStoreError(error, this.name)
      } finally {
        reader.rollback()
      }
    })
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    this.#requireOpen()
    return this.#writing.run(async () => {
      await this.#letOthersRun()
      this.#watch?.pause()
      const writer = await this.#begin()
      const result = await this.#body(writer, work)
      await this.#commit(writer, options)
      this.#lookAtWal(writer)
      return result
    })
  }

  async shrink(): Promise<number> {
    const before = (await this.sizes()).bytes
    while ((await this.sizes()).freeBytes > 0 && (await this.#vacuumStep())) await sleep(0)
    if (this.#file !== null) await (await this.#slowWork()).truncate(this.#lockTimeoutMs)
    return Math.max(0, before - (await this.sizes()).bytes)
  }

  async sizes() {
    const [pages] = await this.query<{ page_count: number }>('PRAGMA page_count')
    const [free] = await this.query<{ freelist_count: number }>('PRAGMA freelist_count')
    const [page] = await this.query<{ page_size: number }>('PRAGMA page_size')
    const size = page!.page_size
    const frames = this.#file === null ? 0 : walPages(this.#reader)
    return {
      bytes: pages!.page_count * size,
      freeBytes: free!.freelist_count * size,
      walBytes: frames === 0 ? 0 : 32 + frames * (size + 24),
    }
  }

  async check(): Promise<readonly StoreProblem[]> {
    if (this.#hasThread) return (await this.#slowWork()).check()
    const { checkDatabase } = await import('./sqlite-check.ts')
    return this.#reading.run(async () => checkDatabase(this.#reader))
  }

  async backup(file: string, onProgress?: (done: number, total: number) => void): Promise<void> {
    if (this.#hasThread) {
      const total = (await this.sizes()).bytes
      return (await this.#slowWork()).backup(file, { total, ...(onProgress && { onProgress }) })
    }
    const { copyTo } = await import('./sqlite-copy.ts')
    await this.#reading.run(async () => copyTo(this.#reader, file))
  }

  onForeignCommit(listener: () => void): () => void {
    this.#requireOpen()
    if (this.#file === null) return () => undefined
    this.#listeners.add(listener)
    this.#watching ??= this.#startWatch(this.#file, this.#foreignVersion())
    return () => {
      this.#listeners.delete(listener)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#listeners.clear()
    await this.#watching
    this.#watch?.stop()
    await this.#checkpointing
    await this.#writing.run(async () => undefined)
    await this.#reading.run(async () => undefined)
    await this.#release()
  }

  /** The thread opens the file for itself, and to write. */
  get #hasThread(): boolean {
    return this.#file !== null && this.#writable
  }

  async #all<R>(sql: string, values: readonly SqlValue[]): Promise<R[]> {
    try {
      return this.#reader.all<R>(sql, ...values)
    } catch (error) {
      if (!isBusy(error)) throw toStoreError(error, this.name)
    }
    return this.#patiently(() => this.#reader.all<R>(sql, ...values))
  }

  async #begin(): Promise<Connection> {
    if (!this.#writable) {
      const text = `${this.name}: the file or its folder cannot be written; nothing was changed. Check who owns them`
      throw new HoldfastError('unavailable', text, { store: this.name, retry: false })
    }
    const writer = await this.#patiently(() => {
      const writer = this.#openWriter()
      writer.exec('BEGIN IMMEDIATE')
      return writer
    })
    if (!this.#copying) await this.#requireInUse(writer)
    return writer
  }

  /** Only under the lock is it certain that the store is still here. */
  async #requireInUse(writer: Connection): Promise<void> {
    try {
      const rows = writer.all<Standing>(STANDING)
      if (rows.length > 0) (await import('./standing.ts')).requireInUse(this.name, rows)
    } catch (error) {
      this.#giveUp(writer, error)
      throw toStoreError(error, this.name)
    }
  }

  /** A commit holds the thread until it is on disk; many in a row must not keep timers and sockets waiting. */
  async #letOthersRun(): Promise<void> {
    if (performance.now() - this.#lastTurn < TURN_MS) return
    await new Promise(setImmediate)
    this.#lastTurn = performance.now()
  }

  #openWriter(): Connection {
    if (this.#writer) return this.#writer
    const writer = new Connection(this.#file!, { mode: 'write', mustExist: true })
    try {
      writer.exec('PRAGMA journal_mode = WAL')
      writer.exec('PRAGMA synchronous = FULL')
    } catch (error) {
      writer.close()
      throw error
    }
    this.#writer = writer
    return writer
  }

  async #body<T>(writer: Connection, work: (tx: Transaction) => Promise<T>): Promise<T> {
    try {
      return await work(writer)
    } catch (error) {
      this.#giveUp(writer, error)
      throw toStoreError(error, this.name)
    }
  }

  async #commit(writer: Connection, { happened }: TransactionOptions): Promise<void> {
    try {
      writer.exec('COMMIT')
    } catch (error) {
      this.#giveUp(writer, error)
      if (!isIoError(error)) throw toStoreError(error, this.name)
      await this.#afterFailedCommit(error, happened)
    }
  }

  /** A handle whose disk failed it is never used again. */
  #giveUp(writer: Connection, error: unknown): void {
    const rolledBack = attempt(() => writer.rollback())
    if ((rolledBack && !isIoError(error)) || this.#file === null) return
    this.#writer = undefined
    attempt(() => writer.close())
  }

  async #afterFailedCommit(cause: unknown, happened: TransactionOptions['happened']): Promise<void> {
    const { settleCommit } = await import('./sqlite-settle.ts')
    await this.#reading.run(async () => {
      await this.#release()
      const outcome = await settleCommit({
        open: () => this.#openWriter(),
        happened,
        patiently: (work) => this.#patiently(work),
      })
      this.#reader = openReader(this.#file!).connection
      if (outcome === 'committed') return
      this.#writer?.close()
      this.#writer = undefined
      if (outcome === 'not committed') throw toStoreError(cause, this.name)
      const text = `${this.name}: the disk reports an error during a commit, which may or may not have happened. Check the disk, then look at the newest version before trying again`
      throw new HoldfastError('unknown', text, { store: this.name }, { cause })
    })
  }

  #lookAtWal(writer: Connection): void {
    if (this.#file === null || this.#checkpointing || ++this.#commits % LOOK_EVERY !== 0) return
    const pages = walPages(writer)
    if (pages < CHECKPOINT_PAGES) return
    this.#checkpointing = this.#checkpoint(pages >= TRUNCATE_PAGES ? 'TRUNCATE' : 'RESTART')
  }

  /**
   * Most of the WAL is copied while commits go on; only for what they added meanwhile do they wait, so that the WAL can begin anew. A
   * checkpoint that fails is tried again after later commits; nothing is lost meanwhile.
   */
  async #checkpoint(last: 'RESTART' | 'TRUNCATE'): Promise<void> {
    try {
      const slow = await this.#slowWork()
      await slow.checkpoint('PASSIVE')
      if (!this.#isClosed) await this.#writing.run(() => slow.checkpoint(last))
    } catch {
      return
    } finally {
      this.#checkpointing = undefined
    }
  }

  #vacuumStep(): Promise<boolean> {
    return this.#writing.run(async () => {
      if (this.#file === null) return false
      const writer = await this.#begin()
      try {
        writer.exec('PRAGMA incremental_vacuum(256)')
      } catch (error) {
        this.#giveUp(writer, error)
        throw toStoreError(error, this.name)
      }
      await this.#commit(writer, {})
      return true
    })
  }

  async #startWatch(file: string, seen: number | undefined): Promise<void> {
    const { watchCommits } = await import('./sqlite-watch.ts')
    if (this.#isClosed) return
    this.#watch = watchCommits(file, {
      seen,
      version: () => this.#foreignVersion(),
      onCommit: () => {
        for (const listener of this.#listeners) listener()
      },
    })
  }

  /** What the connection that writes sees does not change by its own commits. */
  #foreignVersion(): number | undefined {
    if (this.#isClosed || !this.#writing.isIdle) return undefined
    try {
      const connection = this.#writable ? this.#openWriter() : this.#reader
      return connection.value<number>('PRAGMA data_version')
    } catch {
      return undefined
    }
  }

  async #slowWork(): Promise<SlowWork> {
    this.#requireOpen()
    this.#slow ??= import('./sqlite-slow.ts').then(({ startSlowWork }) =>
      startSlowWork(this.#file!, this.name, this.#inline),
    )
    return this.#slow
  }

  async #release(): Promise<void> {
    const slow = this.#slow
    this.#slow = undefined
    await (await slow)?.close()
    if (this.#writer !== this.#reader) this.#writer?.close()
    this.#writer = undefined
    this.#reader.close()
  }

  async #patiently<T>(work: () => T): Promise<T> {
    try {
      return await retry(work, { isWorthWaiting: isBusy, timeoutMs: this.#lockTimeoutMs })
    } catch (error) {
      throw toStoreError(error, this.name)
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new HoldfastError('closed', `${this.name} is closed`, { what: this.name })
  }
}

function attempt(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

/** How many pages the WAL holds, asked of SQLite: reading the file would drop its locks. */
function walPages(connection: Connection): number {
  const [row] = connection.all<{ log: number }>('PRAGMA wal_checkpoint(NOOP)')
  return Math.max(0, row?.log ?? 0)
}
