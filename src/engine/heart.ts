import { HoldfastError } from '../model/errors.ts'
import type { LeaseShelf } from '../store/shelves.ts'
import type { Log } from './options.ts'
import { thisProcess } from './this-process.ts'

export interface HeartOptions {
  readonly leases: LeaseShelf
  readonly ttlMs: number
  readonly now: () => Date
  readonly log: Log
  /** Called after each beat, however it went. */
  readonly onBeat: () => void
  /** Called where this node may have been given up, by its own clock before others do so, and where it was. */
  readonly onLost: () => void
}

/** The part of its time without a beat after which a node takes itself for lost: well before others do. */
const SAFE = 0.8
const BEATS = 3

/** Shows in the store that this process lives, for as long as it does. */
export class Heart {
  readonly #options: HeartOptions
  #id: string | undefined
  #joining: Promise<string> | undefined
  #timer: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #liveUntil = Number.NEGATIVE_INFINITY
  #beating: Promise<void> = Promise.resolve()
  #isClosed = false
  #hasFailed = false

  constructor(options: HeartOptions) {
    this.#options = options
  }

  /** Milliseconds between two beats, about. */
  get periodMs(): number {
    return this.#options.ttlMs / BEATS
  }

  /** True while nobody can have given this node up. */
  get isLive(): boolean {
    return performance.now() < this.#liveUntil
  }

  /** The node that this process is, and has been since it was last given up; undefined before it was first needed. */
  get id(): string | undefined {
    return this.#id
  }

  /** Begins to beat, where it does not yet; tells the node's id. */
  async join(): Promise<string> {
    if (this.#isClosed) throw new HoldfastError('closed', 'the store is being closed', { what: 'store' })
    if (this.#id !== undefined) return this.#id
    this.#joining ??= this.#join().finally(() => {
      this.#joining = undefined
    })
    return this.#joining
  }

  async #join(): Promise<string> {
    const { leases, ttlMs, now } = this.#options
    const sentAt = performance.now()
    const node = thisProcess(now().toISOString(), ttlMs)
    await leases.join(node)
    this.#id = node.id
    this.#live(sentAt)
    this.#timer ??= this.#next()
    return node.id
  }

  #next(): NodeJS.Timeout {
    const wait = this.periodMs * (0.9 + 0.2 * Math.random()) // so that nodes do not beat together
    return setTimeout(() => {
      this.#beating = this.#beat()
    }, wait).unref()
  }

  async #beat(): Promise<void> {
    try {
      await this.#tryBeat()
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed)
        this.#options.log.warn({ error: (error as Error).message }, 'cannot show that this node lives')
      this.#hasFailed = true
    }
    if (this.#isClosed) return
    this.#timer = this.#next()
    this.#options.onBeat()
  }

  async #tryBeat(): Promise<void> {
    const { leases, now, onLost, log } = this.#options
    const sentAt = performance.now()
    if (this.#id !== undefined && (await leases.beat(this.#id, now().toISOString()))) return this.#live(sentAt)
    if (this.#id !== undefined) log.warn({ node: this.#id }, 'this node was given up: others do its timed work')
    this.#id = undefined
    onLost()
    await this.join()
  }

  /** Counted from before the beat was sent: nobody can have seen it earlier. */
  #live(sentAt: number): void {
    this.#liveUntil = sentAt + SAFE * this.#options.ttlMs
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#options.onLost(), this.#liveUntil - performance.now()).unref()
  }

  /** Frees all that this node has. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#deadline)
    await this.#joining?.catch(() => undefined)
    await this.#beating
    if (this.#id === undefined) return
    await this.#options.leases.leave(this.#id).catch((error) => {
      this.#options.log.warn(
        { error: (error as Error).message },
        'could not give up the timed work; others wait for it',
      )
    })
  }
}
