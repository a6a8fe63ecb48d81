import type { ChangeEvent, SourceStatus } from '../model/config.ts'
import { Listeners } from '../model/listeners.ts'
import type { Version, VersionId } from '../model/version.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'
import { watchId } from '../wire/sse.ts'
import { differenceOf } from './difference.ts'
import { follow, type Message } from './follow.ts'
import type { Http } from './http.ts'
import { LocalSnapshot } from './local.ts'
import { type Fetched, fetchSnapshot } from './snapshots.ts'
import { backoff, later, sleep } from './wait.ts'

export interface MirrorOptions {
  readonly namespace: string
  readonly reveal: boolean
  readonly watchdogMs: number
  /** False where the token sees only some sections: its stream does not tell every version. */
  readonly isWhole: boolean
  /** False where nobody reads the stream: then nobody is told of anything. */
  readonly follows: boolean
}

/** Events that may wait for their snapshot: beyond, the stream is not read on. */
const MOST_PENDING = 10_000
const SETTLE_MS = 10_000

/** One namespace kept the same as on the server: a snapshot, swapped as the watch tells of changes, and those who want to hear of it. */
export class Mirror {
  readonly listeners: Listeners
  readonly options: MirrorOptions
  readonly #http: Http
  #local: LocalSnapshot
  #etag: string | null
  /** True where the next request wants an answer even if no version came: tags and sources have none. */
  #isForced = false
  #sources: readonly SourceStatus[]
  #isStreaming: boolean
  /** True while the server itself lives on what it has in memory. */
  #isServerStale = false
  /** True after the snapshot of a version that is known of could not be had. */
  #isBehind = false
  /** The newest version that the server is known to have, and the newest that listeners were told of. */
  #target: VersionId
  #told: VersionId
  /** What listeners know: the snapshot when they were last told. */
  #heard: LocalSnapshot
  #pending: ChangeEvent[] = []
  #catching: Promise<void> | undefined
  #current: Promise<void> | undefined
  #next: Promise<void> | undefined
  readonly #waiters = new Set<() => void>()
  readonly #watchers = new Set<(local: LocalSnapshot) => void>()

  constructor(http: Http, options: MirrorOptions, first: Fetched, connection: 'live' | 'stale') {
    this.#http = http
    this.options = options
    this.listeners = new Listeners(http.log)
    this.#local = this.#heard = new LocalSnapshot(first.answer)
    this.#etag = first.etag
    this.#sources = first.answer.sources
    this.#isStreaming = connection === 'live'
    this.#target = this.#told = this.versionId
  }

  get local(): LocalSnapshot {
    return this.#local
  }

  get version(): Version | undefined {
    return this.#local.answer.version ?? undefined
  }

  get versionId(): VersionId {
    return this.#local.answer.version?.id ?? 0
  }

  get sources(): readonly SourceStatus[] {
    return this.#sources
  }

  get connection(): 'live' | 'stale' {
    return this.#isStreaming && !this.#isBehind && !this.#isServerStale ? 'live' : 'stale'
  }

  /** The newest version that the server is known to have. */
  get known(): VersionId {
    return this.#target
  }

  /** Where a watch goes on after what is here now. */
  get place(): string {
    return this.version === undefined ? '0' : watchId(this.version)
  }

  /** Calls `watcher` with each snapshot that comes to be in force. */
  onSwap(watcher: (local: LocalSnapshot) => void): void {
    this.#watchers.add(watcher)
  }

  /** Follows the server until the client closes. */
  async run(): Promise<void> {
    const { namespace, reveal, watchdogMs } = this.options
    const signal = this.#http.closing
    const from = this.place
    for await (const message of follow(this.#http, { namespace, reveal, watchdogMs, from, signal, background: true })) {
      this.#take(message)
      if (this.#pending.length > MOST_PENDING) await this.#catching
    }
  }

  #take(message: Message): void {
    if (message.kind === 'open') this.#opened()
    else if (message.kind === 'lost') this.#lost(message.error)
    else if (message.kind === 'source') this.#hear(message.status)
    else if (message.kind === 'store') this.#storeIs(message.isStale)
    else if (message.kind === 'reset') this.#reset(message.answer)
    else {
      this.#pending.push(message.event)
      this.#deliver()
      this.want(message.event.version.id)
    }
  }

  #opened(): void {
    const wasStale = !this.#isStreaming
    this.#isStreaming = true
    this.#isServerStale = false // it says so again
    // What has no version may have changed meanwhile: tags, how sources fare.
    if (wasStale) this.refresh({ isForced: true }).catch((error: unknown) => this.#note(error))
  }

  #storeIs(isStale: boolean): void {
    this.#isServerStale = isStale
    if (isStale) this.#http.log.warn({}, `the store of ${this.#http.origin} is away: reads give what was last known`)
    this.#wake()
  }

  #lost(error: unknown): void {
    if (this.#isStreaming) this.#note(error)
    this.#isStreaming = false
    this.#wake()
  }

  #failed(error: unknown): void {
    if (!this.#isBehind) this.#note(error)
    this.#isBehind = true
    this.#wake()
  }

  #note(error: unknown): void {
    if (!this.#http.closing.aborted) {
      this.#http.log.warn({ error }, `not connected to ${this.#http.origin}: reads give what was last known`)
    }
  }

  #hear(status: SourceStatus): void {
    this.#sources = this.#sources.map((known) => (known.name === status.name ? status : known))
    this.listeners.tell('source', status)
  }

  /** The server cannot tell what came between, or has another past: its whole configuration takes the place of ours. Listeners hear of all that differs at once. */
  #reset(answer: SnapshotAnswer): void {
    const difference = differenceOf(this.#heard.answer, answer)
    this.#pending = []
    this.#swap({ answer, etag: null })
    this.#heard = this.#local
    this.#target = this.#told = this.versionId
    if (difference !== undefined) this.listeners.tell('change', difference)
    this.#wake()
  }

  /** Gets the snapshot of `id` or a later one, however long the server takes. */
  want(id: VersionId): void {
    this.#target = Math.max(this.#target, id)
    this.#catching ??= this.#catchUp().finally(() => {
      this.#catching = undefined
    })
  }

  async #catchUp(): Promise<void> {
    for (let attempt = 0; this.versionId < this.#target && !this.#http.closing.aborted; attempt++) {
      if (attempt > 0) await sleep(backoff(attempt), this.#http.closing, { background: true })
      await this.refresh().catch((error: unknown) => this.#failed(error))
    }
  }

  /** Asks for the snapshot as it is now: one request at a time, and those who ask meanwhile share the next one. */
  refresh({ isForced = false } = {}): Promise<void> {
    this.#isForced ||= isForced
    this.#next ??= (async () => {
      await this.#current?.catch(() => undefined)
      this.#current = this.#next
      this.#next = undefined
      await this.#load()
    })()
    return this.#next
  }

  async #load(): Promise<void> {
    const etag = this.#isForced ? null : this.#etag
    this.#isForced = false
    const { namespace, reveal } = this.options
    const query = { namespace, reveal, ...(this.#target > 0 && { min: this.#target }) }
    const fetched = await fetchSnapshot(this.#http, query, etag)
    this.#isBehind = false
    if (fetched === undefined) return
    const id = fetched.answer.version?.id ?? 0
    // A server that lags behind another one must not take us back; one with another past says so by a reset.
    if (id < this.versionId) return
    this.#swap(fetched)
    this.#deliver()
  }

  #swap({ answer, etag }: Fetched): void {
    this.#local = new LocalSnapshot(answer)
    this.#etag = etag
    this.#sources = answer.sources
    for (const watcher of this.#watchers) watcher(this.#local)
    this.#wake()
  }

  /** Tells what the snapshot already has, in order and once. */
  #deliver(): void {
    const ready = this.#pending.findIndex(({ version }) => version.id > this.versionId)
    for (const event of this.#pending.splice(0, ready === -1 ? this.#pending.length : ready)) {
      if (event.version.id <= this.#told) continue
      this.#told = event.version.id
      if (this.#pending.length === 0) this.#heard = this.#local
      this.listeners.tell('change', event)
    }
    this.#wake()
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter()
  }

  /** Waits until `id` is here, for as long as it takes. */
  async reach(id: VersionId, signal: AbortSignal): Promise<void> {
    this.want(id)
    await this.#until(() => this.versionId >= id, signal, Number.POSITIVE_INFINITY)
  }

  /** Waits after a write until it can be read and listeners were told, but no longer than the server can be reached. */
  async settle(id: VersionId): Promise<void> {
    this.want(id)
    const { isWhole, follows } = this.options
    const isTold = (): boolean => this.#told >= id || this.connection === 'stale' || !isWhole || !follows
    const isGone = (): boolean => !this.#isStreaming && this.#isBehind
    await this.#until(() => isGone() || (this.versionId >= id && isTold()), this.#http.closing, SETTLE_MS)
  }

  #until(isSo: () => boolean, signal: AbortSignal, ms: number): Promise<void> {
    if (isSo() || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiters.delete(check)
        signal.removeEventListener('abort', end)
        clearTimeout(timer)
        resolve()
      }
      const check = (): void => {
        if (isSo()) end()
      }
      const timer = Number.isFinite(ms) ? later(end, ms, { background: false }) : undefined
      this.#waiters.add(check)
      signal.addEventListener('abort', end)
    })
  }
}
