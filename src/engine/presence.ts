import { HoldfastError } from '../model/errors.ts'
import type { Store } from '../store/store.ts'
import { AttendedStore, type Waits } from './attended.ts'
import type { Log } from './options.ts'
import { patiently, SILENCE } from './patience.ts'

/** How a store is looked after, in milliseconds. */
export interface PresenceTimes extends Waits {
  /** Between two looks whether it is there. */
  readonly look: number
  /** Without an answer for so long it is away. */
  readonly silence: number
}

/** A machine with too much to do is slow to answer too: it is better to wait for it than to refuse what it would do. */
export const TIMES: PresenceTimes = { look: 1000, silence: 10_000, read: 5000, write: 40_000 }

/** When this process last had all there is, in milliseconds since 1970; undefined while it has. */
export type Since = number | undefined

export interface PresenceOptions {
  readonly now: () => Date
  readonly log: Log
  readonly times?: Partial<PresenceTimes>
}

/**
 * Whether the store is there, found out by a look each second and by what fails: nobody has to ask for it to be noticed, neither that it went
 * nor that it came back. It is back only when all that was missed has been taken in.
 */
export class Presence {
  /** The store to use: calls that wait for one that is away are given up in time. */
  readonly store: Store
  /** Takes in all that was committed meanwhile; rejects where it cannot. */
  onReturn: () => Promise<void> = async () => undefined
  readonly #attended: AttendedStore
  readonly #options: PresenceOptions
  readonly #times: PresenceTimes
  readonly #ask: () => Promise<unknown>
  readonly #timer: NodeJS.Timeout
  readonly #followers = new Set<() => void>()
  readonly #listeners = new Set<(since: Since) => void>()
  #since: Since
  #isAway = false
  #reason = ''
  #lastGood: number
  #isLooking = false
  #isClosed = false

  constructor(store: Store, options: PresenceOptions) {
    this.#options = options
    this.#times = { ...TIMES, ...options.times }
    this.#attended = new AttendedStore(store, { onFailure: (method, error) => this.#failed(method, error) })
    this.store = { ...this.#attended.store, onForeignCommit: (listener) => this.#follow(store, listener) }
    this.#ask = patiently(() => store.metadata(), this.#times.silence)
    this.#lastGood = options.now().getTime()
    this.#timer = setInterval(() => this.#tick(), this.#times.look).unref()
  }

  /** Since when something may have been missed. */
  get since(): Since {
    return this.#since
  }

  /** True while it does not answer, or answers with a failure. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** Why something may have been missed, in the words of `/readyz`; undefined where nothing is. */
  get reason(): string | undefined {
    if (this.#since === undefined) return undefined
    return this.#reason === SILENCE ? SILENCE : `the store cannot be read: ${this.#reason}`
  }

  /** Calls `listener` when it has gone, and when it is back and nothing is missed any more. */
  onChange(listener: (since: Since) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#listeners.clear()
    this.#attended.giveUp({ read: 0, write: 0 })
  }

  /** Whoever follows the store hears also that it is back: what it would have told meanwhile was not heard. */
  #follow(store: Store, listener: () => void): () => void {
    this.#followers.add(listener)
    const stop = store.onForeignCommit(listener)
    return () => {
      this.#followers.delete(listener)
      stop()
    }
  }

  #tick(): void {
    if (this.#since !== undefined) this.#attended.giveUp(this.#times)
    void this.#look()
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#isClosed) return
    this.#isLooking = true
    try {
      const at = this.#options.now().getTime()
      await this.#reach()
      if (this.#since !== undefined) await this.#comeBack()
      this.#lastGood = at
    } catch (error) {
      this.#leave(error)
    } finally {
      this.#isLooking = false
    }
  }

  async #reach(): Promise<void> {
    try {
      await this.#ask()
      this.#isAway = this.#attended.isSilent = false
    } catch (error) {
      this.#isAway = true
      this.#attended.isSilent ||= (error as Error).message === SILENCE
      throw error
    }
  }

  /** What others committed is all that makes this process stale: where just that cannot be read, it is. */
  #failed(method: string, error: unknown): void {
    if (method === 'delta' && HoldfastError.is(error, 'unavailable')) this.#leave(error)
    else if (isOutage(error)) void this.#look()
  }

  #leave(error: unknown): void {
    if (this.#isClosed || HoldfastError.is(error, 'closed')) return
    this.#reason = (error as Error).message
    if (this.#since !== undefined) return
    this.#since = this.#lastGood
    this.#options.log.warn({ error }, 'the store is away: reads go on from memory')
    this.#tell()
  }

  async #comeBack(): Promise<void> {
    for (const follower of this.#followers) follower()
    await this.onReturn()
    this.#since = undefined
    this.#options.log.info({}, 'the store is back')
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#since)
  }
}

const OUTAGES: ReadonlySet<string> = new Set(['unavailable', 'unknown', 'store'])

const isOutage = (error: unknown): boolean => error instanceof HoldfastError && OUTAGES.has(error.code)
