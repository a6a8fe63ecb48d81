import type { Socket } from 'node:net'
import type { Since } from '../engine/presence.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Principal } from '../model/principal.ts'
import { encodeComment, encodeEvent } from '../wire/sse.ts'
import type { Caller, Context } from './context.ts'
import { type GroupParts, WatchGroup } from './watch-group.ts'
import { type Frame, WatchStream } from './watch-stream.ts'

/** How often tokens and namespaces are looked at: a stream outlives neither by more than two of these. */
const SWEEP_MS = 2000

/** Seconds after which a refused watcher may ask again. */
const RETRY_SECONDS = 10

const BEAT: Frame = { bytes: Buffer.from(encodeComment('beat')) }
const TOKEN_ENDED = encodeComment('token ended')
const NAMESPACE_GONE = encodeComment('namespace deleted')

/** What a stream asks for: those that name the same `key` are told the same. */
export interface WatchRequest extends GroupParts {
  readonly key: string
}

/** A stream's place: whose it is, and what it is told. */
interface Place {
  readonly stream: WatchStream
  readonly group: WatchGroup
  readonly caller: Caller
}

/** All streams of a server: who is told what, how many there may be, and when they end. Timers are shared. */
export class WatchHub {
  readonly #context: Context
  readonly #onTold: (milliseconds: number) => void
  readonly #groups = new Map<string, WatchGroup>()
  readonly #owners = new Map<string, Set<Place>>()
  readonly #stops: (() => void)[] = []
  #size = 0

  constructor(context: Context, onTold: (milliseconds: number) => void) {
    this.#context = context
    this.#onTold = onTold
    const { service, options, stopping } = context
    this.#every((options.heartbeatSeconds ?? 15) * 1000, () => {
      for (const group of this.#groups.values()) group.beat(BEAT)
    })
    this.#every(SWEEP_MS, () => this.#sweep())
    this.#stops.push(service.onStale((since) => this.#tellStore(since)))
    this.#stops.push(service.access.onEnd((tokenId) => this.#endAll(streamsOf(this.#owners.get(tokenId)), TOKEN_ENDED)))
    stopping.addEventListener('abort', () => this.#close(), { once: true })
  }

  /** That the store has gone, or is back, which follows all that was missed. */
  #tellStore(since: Since): void {
    const bytes = Buffer.from(storeEvent(since))
    for (const group of this.#groups.values()) group.publish({ bytes })
  }

  #every(ms: number, work: () => void): void {
    const timer = setInterval(work, ms).unref()
    this.#stops.push(() => clearInterval(timer))
  }

  /** How many streams are open. */
  get size(): number {
    return this.#size
  }

  /** Refuses one stream more than a token, or the process, may have, and any once the server stops. */
  requireRoom({ who }: Caller): void {
    const { watchers = 10_000, tokenWatchers = 1000 } = this.#context.options
    if (this.#context.stopping.aborted) throw busy('this server stops: ask again soon')
    if ((this.#owners.get(ownerOf(who))?.size ?? 0) >= tokenWatchers) {
      const message = `${who.name} has ${tokenWatchers} event streams open, as many as a token may: close one first`
      throw new HoldfastError('rate-limited', message, { retryAfter: RETRY_SECONDS })
    }
    if (this.#size < watchers) return
    throw busy(`this server has ${watchers} event streams open, as many as it may: ask again later, or another one`)
  }

  /** Has a stream told what its group is told from now on, until its socket closes. */
  join(socket: Socket, request: WatchRequest): Pick<Place, 'stream' | 'group'> {
    const { caller, key } = request
    const group = this.#groupOf(request)
    const stream = new WatchStream(socket, this.#context.options.watcherBytes ?? 1024 * 1024)
    const place: Place = { stream, group, caller }
    const owner = ownerOf(caller.who)
    const places = this.#owners.get(owner) ?? new Set()
    this.#owners.set(owner, places.add(place))
    group.streams.add(stream)
    this.#size++
    socket.once('close', () => {
      this.#size--
      places.delete(place)
      if (places.size === 0) this.#owners.delete(owner)
      group.streams.delete(stream)
      if (group.streams.size === 0) this.#endGroup(key, group)
    })
    return place
  }

  #groupOf(request: WatchRequest): WatchGroup {
    const known = this.#groups.get(request.key)
    if (known?.config.isFedAs(request.config)) return known
    if (known !== undefined) this.#endAll(known.streams, NAMESPACE_GONE)
    const group = new WatchGroup(request, this.#onTold)
    this.#groups.set(request.key, group)
    return group
  }

  #endGroup(key: string, group: WatchGroup): void {
    group.close()
    if (this.#groups.get(key) === group) this.#groups.delete(key)
  }

  #endAll(streams: Iterable<WatchStream>, farewell: string): void {
    for (const stream of streams) stream.end(farewell)
  }

  #sweep(): void {
    this.#sweepTokens()
    if (this.#context.service.staleSince() !== undefined) return // the rest is asked of the store
    void this.#sweepSessions()
    void this.#sweepGroups()
  }

  #sweepTokens(): void {
    const { service } = this.#context
    for (const { stream, caller } of this.#places()) {
      const { tokenId } = caller.who
      if (tokenId !== null && !service.access.isLive(tokenId)) stream.end(TOKEN_ENDED)
    }
  }

  async #sweepSessions(): Promise<void> {
    const { service, log } = this.#context
    const sessions = Map.groupBy(this.#places(), ({ caller }) => caller.cookie)
    for (const [cookie, places] of sessions) {
      if (cookie === null) continue
      try {
        if (!(await service.access.isSessionLive(cookie))) this.#endAll(streamsOf(places), TOKEN_ENDED)
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'whether a session goes on could not be seen')
      }
    }
  }

  async #sweepGroups(): Promise<void> {
    for (const group of this.#groups.values()) {
      if (!(await this.#isThere(group))) this.#endAll(group.streams, NAMESPACE_GONE)
    }
  }

  /** False once its namespace was deleted, also where there is another one of that name by now. */
  async #isThere({ config, caller }: WatchGroup): Promise<boolean> {
    try {
      return config.isFedAs(await this.#context.service.config(caller.who, config.namespace, caller.from))
    } catch (error) {
      return !(error instanceof HoldfastError && ['not-found', 'forbidden', 'closed'].includes(error.code))
    }
  }

  *#places(): Generator<Place> {
    for (const places of this.#owners.values()) yield* places
  }

  /** Tells each client another time to come back, so that they do not come all at once. */
  #close(): void {
    for (const stop of this.#stops.splice(0)) stop()
    for (const { stream } of this.#places()) {
      stream.end(encodeEvent({ retry: 1000 + Math.floor(Math.random() * 4000) }))
    }
    for (const group of this.#groups.values()) group.close()
  }
}

/** Whether the store is there: what is told of it has no version, and so no id. */
export const storeEvent = (since: Since): string =>
  encodeEvent({
    event: 'store',
    data: JSON.stringify(
      since === undefined ? { isStale: false } : { isStale: true, since: new Date(since).toISOString() },
    ),
  })

const busy = (message: string): HoldfastError =>
  new HoldfastError('unavailable', message, { store: 'watch', retry: true })

const streamsOf = (places: Iterable<Place> = []): Iterable<WatchStream> =>
  Iterator.from(places).map(({ stream }) => stream)

/** Whose limit a stream counts against. */
const ownerOf = ({ tokenId, name }: Principal): string => tokenId ?? `name ${name}`
