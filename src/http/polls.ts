import { within } from '../engine/patience.ts'
import type { Config } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Caller, Context, VersionWaits } from './context.ts'

const LONGEST = 60_000
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

/** Milliseconds of `30s`, `500ms`, `1m`, `30`; a minute at most. */
export function waitOf(text: string): number {
  const [, amount = '0', unit = 's'] = /^(\d+)(ms|s|m)?$/.exec(text) ?? []
  return Math.min(LONGEST, Number(amount) * UNITS[unit]!)
}

/** How long a read waits for a version that is not here yet, unless it says so. */
const PATIENCE = 5000

interface Waiter {
  readonly tokenId: string | null
  /** Looks whether there is what it waits for. */
  readonly look: () => void
  readonly end: () => void
}

/** Requests that wait for a newer version. They end when there is one, when their time is over, with their token, and when the server stops. */
export class Polls implements VersionWaits {
  readonly #context: Place
  readonly #waiting = new Map<string, Set<Waiter>>()
  readonly #stops: readonly (() => void)[]
  #size = 0

  constructor(context: Place) {
    this.#context = context
    const { service, stopping } = context
    this.#stops = [
      service.onChange((namespace) => {
        for (const waiter of this.#waiting.get(namespace) ?? []) waiter.look()
      }),
      service.access.onEnd((tokenId) => this.#end((waiter) => waiter.tokenId === tokenId)),
    ]
    stopping.addEventListener('abort', () => this.#close(), { once: true })
  }

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /** Waits until `config` is newer than `since`, for `ms` at most or until `gone` aborts; refuses where the caller's token has ended meanwhile. */
  async newer(config: Config, caller: Caller, { since, ms, gone }: Wish['newer']): Promise<void> {
    const isNewer = (): boolean => (config.version?.id ?? 0) > since
    if (isNewer() || this.#context.stopping.aborted) return
    this.#requireRoom()
    await this.#sleep(config.namespace, caller, { isNewer, ms, gone })
  }

  /**
   * Waits until `config` is at `min` or later: what other servers committed is read, however short the time, and for what still comes it waits.
   * Refuses (`unavailable`) where that takes too long.
   */
  async atLeast(config: Config, caller: Caller, { min, wait, gone }: Wish['atLeast']): Promise<void> {
    const isNewer = (): boolean => (config.version?.id ?? 0) >= min
    if (isNewer()) return
    this.#requireRoom()
    const ms = wait === undefined ? PATIENCE : waitOf(wait)
    // A store that is away may come back while there is time.
    const read = within(PATIENCE, this.#context.service.refresh(config.namespace)).catch(() => undefined)
    await this.#sleep(config.namespace, caller, { isNewer, ms, gone, read })
    if (!isNewer() && !gone.aborted) await read
    if (!isNewer()) throw notYet(config, min)
  }

  async #sleep(namespace: string, { who: { tokenId } }: Caller, { isNewer, ms, gone, read }: Sleep): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter: Waiter = { tokenId, look: () => isNewer() && resolve(), end: resolve }
    const waiters = this.#waiting.get(namespace) ?? new Set()
    this.#waiting.set(namespace, waiters.add(waiter))
    this.#size++
    void read?.then(waiter.look)
    const timer = setTimeout(resolve, this.#context.stopping.aborted ? 0 : ms)
    gone.addEventListener('abort', waiter.end, { once: true })
    await promise
    clearTimeout(timer)
    gone.removeEventListener('abort', waiter.end)
    this.#size--
    waiters.delete(waiter)
    if (waiters.size === 0) this.#waiting.delete(namespace)
    if (tokenId === null || this.#context.service.access.isLive(tokenId)) return
    throw new HoldfastError('unauthenticated', 'the token has ended', { reason: 'revoked' })
  }

  #requireRoom(): void {
    const { watchers = 10_000 } = this.#context.options
    if (this.#size < watchers) return
    const message = `${watchers} requests wait here already, as many as may: ask again later, or another server`
    throw new HoldfastError('unavailable', message, { store: 'wait', retry: true })
  }

  #end(isMeant: (waiter: Waiter) => boolean): void {
    for (const waiters of this.#waiting.values()) {
      for (const waiter of waiters) if (isMeant(waiter)) waiter.end()
    }
  }

  #close(): void {
    for (const stop of this.#stops) stop()
    this.#end(() => true)
  }
}

/** What of a server is needed to wait. */
type Place = Pick<Context, 'service' | 'options' | 'stopping'>

type Wish = { readonly [Name in keyof VersionWaits]: Parameters<VersionWaits[Name]>[2] }

interface Sleep {
  readonly ms: number
  readonly gone: AbortSignal
  readonly isNewer: () => boolean
  /** A look at the store that is under way. */
  readonly read?: Promise<void>
}

function notYet({ namespace, version }: Config, min: number): HoldfastError {
  const found = version?.id ?? 0
  const message = `this server has version ${found} of namespace ${namespace}, and not ${min} yet: ask again soon, or another server`
  return new HoldfastError('unavailable', message, { store: 'version', retry: true, version: found })
}
