import type { Store } from '../store/store.ts'
import { Budget, BurstWatch, type Note } from './audit-limits.ts'
import { iso, keyOf, type Row, tidy } from './audit-note.ts'
import type { Log } from './options.ts'
import { Outage } from './outage.ts'

/** Equal refusals within a minute: the first is written at once, the rest when the minute is over. */
interface Tally {
  readonly note: Note
  readonly since: number
  /** The row that waits to be written, while it does. */
  queued: Row | undefined
  rest: number
  last: number
}

const MINUTE = 60_000
const MOST_WAITING = 10_000
const MOST_TALLIES = 10_000
const BATCH = 500

interface Parts {
  readonly store: Store
  readonly now: () => Date
  readonly log: Log
}

/** The audit log's writer: takes notes on the way of a request, and writes them beside it. A flood of them fills neither memory nor disk. */
export class Trail {
  readonly #store: Store
  readonly #now: () => Date
  readonly #log: Log
  readonly #outage: Outage
  readonly #budget = new Budget()
  readonly #bursts = new BurstWatch()
  readonly #tallies = new Map<string, Tally>()
  #queue: Row[] = []
  #lost = 0
  #writing = Promise.resolve()

  constructor({ store, now, log }: Parts) {
    this.#store = store
    this.#now = now
    this.#log = log
    this.#outage = new Outage(log, 'the audit log cannot be written; it is tried again')
  }

  /** How many entries wait to be written. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Never refuses, never waits. */
  record(given: Note): void {
    const note = tidy(given)
    const at = this.#now().getTime()
    if (note.event === 'refused') this.#refused(note, at)
    else this.#enqueue({ ...note, at: iso(at), count: 1 })
  }

  /** Writes what waits. What a store that is away does not take stays, within bounds. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  /** Writes what waits, and the rest of each minute that is over. */
  tick(): Promise<void> {
    this.#endTallies(this.#now().getTime() - MINUTE)
    return this.flush()
  }

  async close(): Promise<void> {
    this.#endTallies(Number.POSITIVE_INFINITY)
    await this.flush()
    const entries = this.#queue.length + this.#lost
    if (entries > 0) this.#log.warn({ entries }, 'entries of the audit log are lost: the store did not take them')
  }

  #refused(note: Note, at: number): void {
    const burst = this.#bursts.note(note, at)
    if (burst !== undefined) this.#enqueue({ ...burst, at: iso(at), count: 1 })
    const isListed = this.#tallies.has(keyOf(note)) || this.#budget.take(note, at)
    this.#count(isListed ? note : this.#budget.merged(note), at)
  }

  #count(note: Note, at: number): void {
    const key = keyOf(note)
    const tally = this.#tallies.get(key)
    if (tally?.queued !== undefined) {
      tally.queued.count++
    } else if (tally !== undefined) {
      tally.rest++
      tally.last = at
    } else {
      const queued = { ...note, at: iso(at), count: 1 }
      const isKept = this.#enqueue(queued) && this.#tallies.size < MOST_TALLIES
      if (isKept) this.#tallies.set(key, { note, since: at, queued, rest: 0, last: at })
    }
  }

  #enqueue(row: Row): boolean {
    if (this.#queue.length >= MOST_WAITING) {
      this.#lost++
      return false
    }
    this.#queue.push(row)
    return true
  }

  #endTallies(until: number): void {
    for (const [key, { note, since, rest, last }] of this.#tallies) {
      if (since > until) continue
      this.#tallies.delete(key)
      if (rest > 0) this.#enqueue({ ...note, at: iso(last), count: rest })
    }
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH)
      const rows = new Set(batch)
      for (const tally of this.#tallies.values()) {
        if (tally.queued !== undefined && rows.has(tally.queued)) tally.queued = undefined
      }
      try {
        await this.#store.auditLog.append(batch)
        this.#outage.worked()
      } catch (error) {
        this.#queue = [...batch, ...this.#queue]
        return this.#outage.failed(error)
      }
    }
    if (this.#lost > 0) this.#log.warn({ entries: this.#lost }, 'entries of the audit log are lost: too many waited')
    this.#lost = 0
  }
}
