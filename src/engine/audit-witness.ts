import { HoldfastError } from '../model/errors.ts'
import type { Store } from '../store/store.ts'
import type { Note } from './audit-limits.ts'
import { iso, keyOf, type Row, tidy } from './audit-note.ts'
import type { Log } from './options.ts'
import { Outage } from './outage.ts'
import { within } from './patience.ts'

const MINUTE = 60_000
/** Rows of equal notes in a minute; further ones gather for a second in a row of their own. */
const MOST_ROWS = 20
const GATHER_MS = 1000
const BATCH = 500
const PATIENCE_MS = 5000

/** A row, and those who wait for it to be durable. */
interface Waiting {
  readonly key: string
  readonly row: Row
  readonly written: PromiseWithResolvers<void>
}

interface Parts {
  readonly store: Pick<Store, 'auditLog'>
  readonly now: () => Date
  readonly log: Log
}

/**
 * Writes entries of the audit log before what they tell of may happen. What is told at the same time is one transaction, and equal notes share a
 * row, so that a flood costs its callers time and not the disk.
 */
export class Witness {
  readonly #store: Parts['store']
  readonly #now: () => Date
  readonly #outage: Outage
  readonly #waiting = new Map<string, Waiting>()
  readonly #due = new Set<Waiting>()
  #rows = new Map<string, number>()
  #minute = Number.NEGATIVE_INFINITY
  #writing: Promise<void> | undefined

  constructor({ store, now, log }: Parts) {
    this.#store = store
    this.#now = now
    this.#outage = new Outage(log, 'the audit log cannot be written: no secrets are shown until it can')
  }

  /** Resolves once the entry is durable; refuses (`unavailable`) where it is not, soon. */
  async write(given: Note): Promise<void> {
    try {
      await within(PATIENCE_MS, this.#join(tidy(given)))
    } catch (error) {
      throw unwritten(error)
    }
  }

  /** Writes what still gathers. */
  async close(): Promise<void> {
    for (const waiting of this.#waiting.values()) this.#due.add(waiting)
    await this.#begin()
  }

  #join(note: Note): Promise<void> {
    const key = keyOf(note)
    const known = this.#waiting.get(key)
    if (known !== undefined) {
      known.row.count++
      return known.written.promise
    }
    const at = this.#now().getTime()
    const waiting = { key, row: { ...note, at: iso(at), count: 1 }, written: Promise.withResolvers<void>() }
    this.#waiting.set(key, waiting)
    if (this.#countRow(key, at) <= MOST_ROWS) this.#call(waiting)
    else setTimeout(() => this.#call(waiting), GATHER_MS)
    return waiting.written.promise
  }

  #countRow(key: string, at: number): number {
    if (at - this.#minute >= MINUTE || at < this.#minute) {
      this.#minute = at
      this.#rows = new Map()
    }
    const count = (this.#rows.get(key) ?? 0) + 1
    this.#rows.set(key, count)
    return count
  }

  #call(waiting: Waiting): void {
    if (this.#waiting.get(waiting.key) === waiting) this.#due.add(waiting)
    void this.#begin()
  }

  #begin(): Promise<void> {
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined
      if (this.#due.size > 0) void this.#begin()
    })
    return this.#writing
  }

  async #run(): Promise<void> {
    await null // all that is told in this turn is written together
    while (this.#due.size > 0) {
      const batch = [...this.#due].slice(0, BATCH)
      for (const one of batch) {
        this.#due.delete(one)
        this.#waiting.delete(one.key)
      }
      try {
        await this.#store.auditLog.append(batch.map(({ row }) => row))
        this.#outage.worked()
        for (const { written } of batch) written.resolve()
      } catch (error) {
        this.#outage.failed(error)
        for (const { written } of batch) written.reject(error)
      }
    }
  }
}

function unwritten(cause: unknown): HoldfastError {
  const message = 'this is shown only once the audit log has it, and the store does not take that now: try again'
  return new HoldfastError('unavailable', message, { store: 'audit log', retry: true }, { cause })
}
