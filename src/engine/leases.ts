import type { Fence, Keeper } from '../model/lease.ts'
import type { LeaseRow, NodeRow, TakenLease } from '../store/shelves.ts'
import type { Store } from '../store/store.ts'
import { type Coalesced, coalesced } from './coalesced.ts'
import { Heart } from './heart.ts'
import { isSilent, type Sighting, sighted } from './liveness.ts'
import type { Log } from './options.ts'
import { hasEnded } from './this-process.ts'

/** Timed work that one node at a time does. */
export interface LeasedWork {
  /** Begins it here. What it writes goes through `store.fenced(tenure)`, so that nothing is written once another node has it. */
  begin(tenure: TakenLease): Promise<void>
  /**
   * Begins nothing more: another node has it, or may soon; `isLeaving` where it is given back when this is done. Also called where it never
   * came to begin.
   */
  end(how: { readonly isLeaving: boolean }): Promise<void>
}

/** A node's part in some work: it does it, or waits until nobody else does. */
export interface Contender {
  /** The lease, while this node surely has it. */
  fence(): Fence | undefined
  /** Has the work done here from now on, whoever did it before; with `under`, only while that lease is held. */
  seize(under?: Fence): Promise<void>
  /** Ends the work here and gives the lease back. */
  close(): Promise<void>
}

export interface LeasesOptions {
  readonly store: Pick<Store, 'leases' | 'fenced' | 'schedules' | 'onForeignCommit'>
  /** Milliseconds without a sign of life after which others take over; 10,000. */
  readonly ttlMs?: number
  readonly now: () => Date
  readonly log: Log
}

interface Entry {
  readonly name: string
  readonly work: LeasedWork
  tenure: TakenLease | undefined
  /** What was begun last on it; each waits for the one before. */
  turn: Promise<void>
  /** True once it is known who does it: from then on it is told where that moves. */
  isSettled: boolean
  /** Before then (monotonic) it is left to others, for it could not be begun here. */
  restUntil: number
}

const TTL_MS = 10_000
const REST_MS = 5000
const LOOK_PAUSE_MS = 100
export const ABANDONED = 'the process ended before the work did'

/** The leases of this process: it does what nobody else does, and stops before anybody else may begin. */
export class Leases implements AsyncDisposable {
  readonly #options: LeasesOptions
  readonly #heart: Heart
  readonly #entries = new Map<string, Entry>()
  readonly #sightings = new Map<string, Sighting>()
  readonly #looking: Coalesced
  #stopListening: (() => void) | undefined
  #busy: Promise<unknown> = Promise.resolve()
  #queued: Promise<void> | undefined
  #isLeaving = false

  constructor(options: LeasesOptions) {
    const { store, ttlMs = TTL_MS, now, log } = options
    this.#options = options
    this.#looking = coalesced(() => this.#tryLook(), LOOK_PAUSE_MS)
    this.#heart = new Heart({
      ...{ leases: store.leases, ttlMs, now, log },
      onBeat: () => this.#looking.wake(),
      onLost: () => this.#loseAll(),
    })
  }

  /** The node that this process is; from then on it shows that it lives. */
  node(): Promise<string> {
    return this.#heart.join()
  }

  /** What this node does. */
  held(): readonly Fence[] {
    return [...this.#entries.values()].flatMap(({ tenure }) => tenure ?? [])
  }

  /** Does `work` here whenever no other node does. Resolves when it was begun, or another has it; rejects where it could not be begun. */
  async contend(name: string, work: LeasedWork): Promise<Contender> {
    const entry: Entry = { name, work, tenure: undefined, turn: Promise.resolve(), isSettled: false, restUntil: 0 }
    this.#entries.set(name, entry)
    this.#stopListening ??= this.#options.store.onForeignCommit(() => this.#hear())
    try {
      await this.#look()
      await entry.turn
      entry.isSettled = true
    } catch (error) {
      await this.#drop(entry)
      throw error
    }
    return {
      fence: () => (this.#heart.isLive ? entry.tenure : undefined),
      seize: (under) => this.#seize(entry, under),
      close: () => this.#close(entry),
    }
  }

  /** Whoever has all has nothing to hear: it learns with its beat what it lost. */
  #hear(): void {
    if ([...this.#entries.values()].some(({ tenure }) => tenure === undefined)) this.#looking.wake()
  }

  async #tryLook(): Promise<void> {
    await this.#look().catch((error) =>
      this.#options.log.warn({ error: (error as Error).message }, 'cannot see who does the timed work; looking again'),
    )
  }

  /** One look at a time, so that what was seen is still so when it is acted on; who asks before the next begins shares it. */
  #look(): Promise<void> {
    if (this.#queued !== undefined) return this.#queued
    const next = this.#busy.then(() => {
      this.#queued = undefined
      return this.#lookNow()
    })
    this.#queued = next
    this.#busy = next.catch(() => undefined)
    return next
  }

  async #lookNow(): Promise<void> {
    const node = await this.#heart.join()
    const { nodes, leases } = await this.#options.store.leases.list()
    const living = await this.#living(nodes)
    if (!this.#heart.isLive || !living.has(node)) return // the next beat finds out
    const rows = new Map(leases.map((row) => [row.name, row]))
    const wanted: string[] = []
    for (const entry of this.#entries.values()) {
      const row = rows.get(entry.name)
      if (entry.tenure !== undefined && (row?.node !== node || row.token !== entry.tenure.token)) this.#lose(entry)
      if (entry.tenure !== undefined || entry.restUntil > performance.now()) continue
      if (row?.node === node) this.#begin(entry, { ...toFence(row), keptSince: row.since })
      else if (row === undefined || row.node === null || !living.has(row.node)) wanted.push(entry.name)
    }
    if (wanted.length > 0) await this.#take(wanted, node)
  }

  async #take(names: readonly string[], node: string): Promise<void> {
    const at = this.#options.now().toISOString()
    for (const tenure of await this.#options.store.leases.take(names, { node, at })) {
      const entry = this.#entries.get(tenure.name)
      if (entry !== undefined) this.#begin(entry, tenure)
    }
  }

  /** Gives up those that are gone, and their runs; tells who is left. */
  async #living(nodes: readonly NodeRow[]): Promise<ReadonlySet<string>> {
    const living = new Set<string>()
    for (const row of nodes) {
      if (!this.#isGone(row) || !(await this.#bury(row))) living.add(row.id)
    }
    for (const id of this.#sightings.keys()) if (!living.has(id)) this.#sightings.delete(id)
    return living
  }

  #isGone(row: NodeRow): boolean {
    if (row.id === this.#heart.id) return false
    if (hasEnded(row)) return true
    const seen = sighted(this.#sightings.get(row.id), row.beat, performance.now(), 2 * this.#heart.periodMs)
    this.#sightings.set(row.id, seen)
    return isSilent(seen, row.ttl)
  }

  async #bury(row: NodeRow): Promise<boolean> {
    const { store, log } = this.#options
    if (!(await store.leases.bury(row))) return false
    log.info({ node: row.id }, `node ${row.id} is gone: its timed work is free`)
    await store.schedules.closeAbandoned(ABANDONED)
    return true
  }

  /** Waits for what goes on with the lease; a failure gives it to others for a while. */
  #begin(entry: Entry, tenure: TakenLease): void {
    const { log } = this.#options
    entry.tenure = tenure
    entry.turn = entry.turn
      .catch(() => undefined)
      .then(async () => {
        if (entry.tenure !== tenure) return
        if (entry.isSettled) log.info({ lease: entry.name, token: tenure.token }, `this node does ${entry.name} now`)
        await entry.work.begin(tenure)
      })
    entry.turn.catch((error) => void this.#rest(entry, tenure, error as Error))
  }

  async #rest(entry: Entry, tenure: TakenLease, error: Error): Promise<void> {
    this.#options.log.warn({ lease: entry.name, error: error.message }, `cannot do ${entry.name} here`)
    entry.restUntil = performance.now() + REST_MS
    if (entry.tenure !== tenure) return
    entry.tenure = undefined
    await this.#release(tenure)
  }

  #lose(entry: Entry): void {
    if (entry.tenure === undefined) return
    entry.tenure = undefined
    this.#options.log.info({ lease: entry.name }, `this node does ${entry.name} no more`)
    this.#end(entry, false)
  }

  #loseAll(): void {
    for (const entry of this.#entries.values()) this.#lose(entry)
  }

  #end(entry: Entry, isLeaving: boolean): void {
    const { name, work, turn } = entry
    entry.turn = turn
      .catch(() => undefined)
      .then(() => work.end({ isLeaving }))
      .catch((error: Error) => {
        this.#options.log.warn({ lease: name, error: error.message }, `could not end ${name} well`)
      })
  }

  async #seize(entry: Entry, under: Fence | undefined): Promise<void> {
    const { store, now } = this.#options
    const node = await this.#heart.join()
    const { leases } = under === undefined ? store : store.fenced(under)
    const claim = { node, at: now().toISOString(), isForced: true }
    const [taken] = await leases.take([entry.name], claim)
    if (taken === undefined) await this.#look()
    else this.#begin(entry, taken)
    await entry.turn
  }

  async #close(entry: Entry): Promise<void> {
    if (entry.tenure !== undefined) this.#end(entry, true)
    await entry.turn.catch(() => undefined)
    await this.#drop(entry)
  }

  async #drop(entry: Entry): Promise<void> {
    const { tenure } = entry
    entry.tenure = undefined
    if (this.#entries.get(entry.name) === entry) this.#entries.delete(entry.name)
    await entry.turn.catch(() => undefined)
    if (tenure !== undefined) await this.#release(tenure)
  }

  async #release(tenure: TakenLease): Promise<void> {
    if (this.#isLeaving) return // all at once, at the end
    await this.#options.store.leases.release(tenure).catch((error) => {
      this.#options.log.warn({ lease: tenure.name, error: (error as Error).message }, 'could not give a lease back')
    })
  }

  /** From now on leases that are given back are free when this ends, all at once. */
  leave(): void {
    this.#isLeaving = true
  }

  /** Whatever is still held is ended, and free. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.leave()
    this.#stopListening?.()
    await this.#looking.close()
    await this.#busy
    for (const entry of [...this.#entries.values()]) await this.#close(entry)
    await this.#heart.close()
  }
}

const toFence = ({ name, token }: LeaseRow): Fence => ({ name, token })

/** Who does what, as the store says. */
export async function keepersOf({ leases }: Pick<Store, 'leases'>): Promise<ReadonlyMap<string, Keeper>> {
  const { leases: rows } = await leases.list()
  return new Map(rows.flatMap(({ name, node, since }) => (node === null ? [] : [[name, { node, since }] as const])))
}
