import type { TokenRow } from '../store/shelves.ts'
import type { Store } from '../store/store.ts'
import type { Log } from './options.ts'
import { TokenEntry, textOf } from './token-entry.ts'

/** The table is read at word of a commit, but not more often than this: many commits then cost two reads a second. */
const GATHER_MS = 500
const RETRY_MS = 1000

interface Options {
  readonly now: () => Date
  readonly log: Log
}

/** All tokens, in memory: what this process changes is in force at once, what others change within half a second of word of it. */
export class TokenTable {
  readonly #store: Store
  readonly #now: () => Date
  readonly #log: Log
  readonly #stopListening: () => void
  readonly #listeners = new Set<(tokenId: string) => void>()
  #entries: ReadonlyMap<string, TokenEntry> = new Map()
  /** What was accepted of each token when it was looked at last. */
  #accepted: ReadonlyMap<string, readonly string[]> = new Map()
  #nextEnd = Number.POSITIVE_INFINITY
  /** Counts what this process put in, so that a read that began before it does not take it away. */
  #generation = 0
  #reads = 0
  #readAt = Number.NEGATIVE_INFINITY
  #applied = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  private constructor(store: Store, { now, log }: Options) {
    this.#store = store
    this.#now = now
    this.#log = log
    this.#stopListening = store.onForeignCommit((news = 'tokens') => {
      if (news === 'tokens') this.#readIn(this.#readAt + GATHER_MS - performance.now())
    })
  }

  static async open(store: Store, options: Options): Promise<TokenTable> {
    const table = new TokenTable(store, options)
    try {
      await table.load()
    } catch (error) {
      table.close()
      throw error
    }
    return table
  }

  get(id: string): TokenEntry | undefined {
    return this.#entries.get(id)
  }

  entries(): readonly TokenEntry[] {
    return [...this.#entries.values()]
  }

  /** Reads all tokens anew. */
  async load(): Promise<void> {
    for (;;) {
      const [generation, read] = [this.#generation, ++this.#reads]
      const rows = await this.#store.tokens.all()
      if (generation !== this.#generation) continue
      if (read < this.#applied) return
      this.#applied = read
      this.#entries = new Map(rows.map((row) => [row.id, this.#entryOf(row)]))
      this.#settle()
      return
    }
  }

  /** Takes in a row that was committed just now. */
  put(row: TokenRow): void {
    this.#generation++
    this.#entries = new Map(this.#entries).set(row.id, new TokenEntry(row))
    this.#settle()
  }

  /** Calls `listener` when a secret of a token is no longer accepted. */
  onEnd(listener: (tokenId: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Tells of what has ended by the clock. */
  sweep(): void {
    if (this.#now().getTime() >= this.#nextEnd) this.#settle()
  }

  close(): void {
    this.#isClosed = true
    this.#stopListening()
    clearTimeout(this.#timer)
  }

  /** A row that only tells of another last use leaves what was worked out from it. */
  #entryOf(row: TokenRow): TokenEntry {
    const known = this.#entries.get(row.id)
    return known !== undefined && known.text === textOf(row) ? known : new TokenEntry(row)
  }

  #readIn(pause: number): void {
    if (this.#isClosed || this.#timer !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#readAt = performance.now()
        this.load().catch((error) => {
          if (this.#isClosed) return
          this.#log.warn({ error }, 'the tokens could not be read again; those in memory stay in force')
          this.#readIn(RETRY_MS)
        })
      },
      Math.max(0, pause),
    ).unref()
  }

  #settle(): void {
    const at = this.#now().getTime()
    const before = this.#accepted
    const live = [...this.#entries].filter(([, entry]) => entry.state(at) === 'active')
    this.#accepted = new Map(live.map(([id, entry]) => [id, entry.accepted(at)]))
    this.#nextEnd = live.reduce((end, [, entry]) => Math.min(end, entry.nextEnd(at)), Number.POSITIVE_INFINITY)
    for (const [id, digests] of before) {
      const now = this.#accepted.get(id) ?? []
      if (digests.some((digest) => !now.includes(digest))) this.#tellEnd(id)
    }
  }

  #tellEnd(id: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(id)
      } catch (error) {
        this.#log.warn({ error, tokenId: id }, 'a listener for ended tokens failed')
      }
    }
  }
}
