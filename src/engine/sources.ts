import type { SourceStatus } from '../model/config.ts'
import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import { type SourceSpec, sourceName } from '../model/layer.ts'
import type { Fence } from '../model/lease.ts'
import { SEAL } from '../model/secret.ts'
import { openSource } from '../source/open.ts'
import type { Fingerprint, Source } from '../source/source.ts'
import type { SourceState } from '../store/store.ts'
import type { BasePlan, LoadedSource } from './base.ts'
import type { LoadResult } from './loading.ts'
import type { Caller, Parts } from './parts.ts'
import { toStatus } from './status.ts'
import { storeOf, underLease } from './under-lease.ts'
import type { Writer } from './writer.ts'

const DEFAULT_REFRESH_MS = 60_000

/** Loads the base's layers, makes a version where they moved, and keeps the last good one of each that fails. */
export class Sources {
  readonly #parts: Parts
  readonly #writer: () => Promise<Writer>
  readonly #loadsEnvironment: boolean
  readonly #onStatus: (status: SourceStatus) => void
  readonly #fence: Fence | undefined
  #sources: readonly Source[] = []
  #states = new Map<string, SourceState>()
  #unwatch: (() => Promise<void>)[] = []
  #busy: Promise<unknown> = Promise.resolve()

  constructor(
    parts: Parts,
    writer: () => Promise<Writer>,
    options: {
      readonly loadsEnvironment: boolean
      readonly onStatus: (status: SourceStatus) => void
      /** Where several nodes could load them: the lease under which this one does. */
      readonly fence?: Fence | undefined
    },
  ) {
    this.#fence = options.fence
    this.#parts = { ...parts, store: storeOf(parts.store, { ...(options.fence && { lease: options.fence }) }) }
    this.#writer = writer
    this.#loadsEnvironment = options.loadsEnvironment
    this.#onStatus = options.onStatus
  }

  async open(specs: readonly SourceSpec[]): Promise<void> {
    const { directory, environment, limits, store, namespace } = this.#parts
    this.#sources = specs.map((spec) => openSource(spec, { directory, environment, limits }))
    this.#states = new Map((await store.sources(namespace)).map((state) => [state.name, state]))
  }

  /** Every source of the namespace with how it fares, also those that this process does not load. */
  statuses(): readonly SourceStatus[] {
    return this.#parts.head.state.specs.map((spec) => toStatus(spec, this.#states.get(sourceName(spec))))
  }

  /** Takes in how the sources fare that another process loads. */
  async learn(): Promise<void> {
    if (this.#sources.length > 0 || this.#parts.head.state.specs.length === 0) return
    const { store, namespace } = this.#parts
    this.#states = new Map((await store.sources(namespace)).map((state) => [state.name, state]))
  }

  /** Loads what may be loaded here and brings the base up to it. One at a time. */
  reload(plan: BasePlan): Promise<readonly SourceStatus[]> {
    const by = { ...plan.by, who: underLease(plan.by.who, this.#fence) }
    const next = this.#busy.then(() => this.#reload({ ...plan, by }))
    this.#busy = next.catch(() => undefined)
    return next
  }

  async #reload(plan: BasePlan): Promise<readonly SourceStatus[]> {
    const isNew = plan.specs !== undefined || plan.schema !== undefined
    const due = this.#loadable().filter((source) => isNew || !plan.isOpening || this.#isDue(source))
    const results = await Promise.all(due.map((source) => load(source, isNew ? undefined : this.#fingerprint(source))))
    await this.#settle(plan, results, isNew)
    await this.#note(plan, results)
    return this.statuses()
  }

  /** What people who read the store with plain SQL are told: where the base comes from, and when a URL last answered. */
  async #note(plan: BasePlan, results: readonly LoadResult[]): Promise<void> {
    const { store, namespace } = this.#parts
    const at = this.#parts.now().toISOString()
    if (plan.specs !== undefined)
      await store.setMetadata('config_source', `${namespace}: ${plan.specs.map(sourceName).join(', ')}`, at)
    const hasAnswered = results.some(({ kind, source }) => source.spec.kind === 'url' && kind === 'loaded')
    if (hasAnswered) await store.setMetadata('last_url_fetch', at, at)
  }

  #loadable(): readonly Source[] {
    return this.#sources.filter((source) => source.spec.kind !== 'env' || this.#loadsEnvironment)
  }

  /** A URL is asked again when its refresh interval has passed, however many commands run in between; what failed is tried again. */
  #isDue({ spec, name }: Source): boolean {
    const state = this.#states.get(name)
    if (spec.kind !== 'url' || state?.state !== 'ok') return true
    return this.#parts.now().getTime() - Date.parse(state.checkedAt) >= (spec.refreshMs ?? DEFAULT_REFRESH_MS)
  }

  #fingerprint(source: Source): Fingerprint | undefined {
    const state = this.#states.get(source.name)
    return state?.fingerprint == null ? undefined : (JSON.parse(state.fingerprint) as Fingerprint)
  }

  /** First all that loaded together; where that would not be valid, one by one, so that a bad file does not hold back a good one. */
  async #settle(plan: BasePlan, results: readonly LoadResult[], isNew: boolean): Promise<void> {
    const failed = results.filter((result) => result.kind === 'failed')
    this.#refuseUnknown(failed)
    const loaded = results.filter((result) => result.kind === 'loaded')
    if (loaded.length > 0 || isNew) {
      try {
        await this.#submit(plan, loaded)
        for (const result of loaded) await this.#succeed(result)
      } catch (error) {
        if (isNew || !isAboutContent(error)) throw error
        await this.#oneByOne(plan, loaded, error)
      }
    }
    for (const result of results) if (result.kind === 'unchanged') await this.#recover(result.source)
    for (const result of failed) await this.#fail(result.source, result.error)
  }

  async #oneByOne(plan: BasePlan, loaded: readonly LoadedSource[], first: unknown): Promise<void> {
    for (const result of loaded) {
      try {
        if (loaded.length === 1) throw first
        await this.#submit(plan, [result])
        await this.#succeed(result)
      } catch (error) {
        if (!isAboutContent(error)) throw error
        await this.#fail(result.source, error as Error)
      }
    }
  }

  /** A source that never loaded has no last good layer to stand in for it. */
  #refuseUnknown(failed: readonly Extract<LoadResult, { kind: 'failed' }>[]): void {
    for (const { source, error } of failed) {
      const known = this.#parts.head.state.specs.some((spec) => sourceName(spec) === source.name)
      if (!known || this.#states.get(source.name)?.loadedAt == null) throw error
    }
  }

  async #submit(plan: BasePlan, loaded: readonly LoadedSource[]): Promise<void> {
    const [{ baseJob }, writer] = await Promise.all([import('./base.ts'), this.#writer()])
    await writer.submit(baseJob(this.#parts, plan, loaded))
  }

  async #succeed({ source, loaded: { fingerprint, positions } }: LoadedSource): Promise<void> {
    const { positionsByName } = await import('./loading.ts')
    const at = this.#parts.now().toISOString()
    await this.#save(
      source,
      {
        name: source.name,
        state: 'ok',
        error: null,
        fingerprint: this.#kept(source, fingerprint),
        loadedAt: at,
        checkedAt: at,
      },
      positionsByName(positions),
    )
  }

  /** A plain hash over a short secret can be guessed from the store: where a layer holds one, other marks have to tell that nothing changed. */
  #kept(source: Source, { sha256, ...marks }: Fingerprint): string | null {
    const layer = this.#parts.head.state.snapshot.layers.find((known) => known.name === source.name)
    const isPlain =
      source.spec.kind !== 'env' && [...(layer?.documents.values() ?? [])].every((doc) => !doc.text.includes(SEAL))
    const kept = isPlain && sha256 !== undefined ? { ...marks, sha256 } : marks
    return Object.keys(kept).length === 0 ? null : JSON.stringify(kept)
  }

  async #recover(source: Source): Promise<void> {
    const known = this.#states.get(source.name)
    if (known === undefined || (known.state === 'ok' && source.spec.kind !== 'url')) return
    await this.#save(source, { ...known, state: 'ok', error: null, checkedAt: this.#parts.now().toISOString() })
  }

  async #fail(source: Source, error: Error): Promise<void> {
    if (!(error instanceof HoldfastError)) throw error
    const known = this.#states.get(source.name)
    if (known?.state === 'stale' && known.error === error.message) return
    const none = { name: source.name, fingerprint: null, loadedAt: null }
    await this.#save(source, {
      ...(known ?? none),
      state: 'stale',
      error: error.message,
      checkedAt: this.#parts.now().toISOString(),
    })
    this.#parts.log.warn(
      { source: source.name, code: error.code },
      `${source.name} keeps its last good content: ${error.message}`,
    )
  }

  async #save(source: Source, state: SourceState, positions?: ReadonlyMap<string, string>): Promise<void> {
    const before = this.#states.get(source.name)
    this.#states.set(source.name, state)
    await this.#parts.store.saveSource(this.#parts.namespace, state, positions)
    if (before !== undefined && before.state !== state.state) this.#onStatus(toStatus(source.spec, state))
  }

  /** Reloads a source whenever it says that it may have changed. */
  follow(by: Caller): void {
    this.#unwatch = this.#loadable().flatMap((source) => {
      const stop = source.watch?.(() => void this.#changed(by))
      return stop === undefined ? [] : [stop]
    })
  }

  async #changed(by: Caller): Promise<void> {
    try {
      await this.reload({ by })
    } catch (error) {
      this.#parts.log.warn({ error: (error as Error).message }, 'could not take in a changed source')
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#unwatch.map((stop) => stop()))
    await this.#busy
  }
}

async function load(source: Source, previous: Fingerprint | undefined): Promise<LoadResult> {
  try {
    const loaded = await source.load(previous)
    return loaded === 'unchanged' ? { kind: 'unchanged', source } : { kind: 'loaded', source, loaded }
  } catch (error) {
    return { kind: 'failed', source, error: error as Error }
  }
}

/** What a source can be wrong about once it is read: its values, references that have no answer or run in circles, a secret without a key. */
const ABOUT_CONTENT: ReadonlySet<ErrorCode> = new Set([
  'invalid',
  'source',
  'not-found',
  'malformed',
  'too-large',
  'key',
])

const isAboutContent = (error: unknown): boolean => error instanceof HoldfastError && ABOUT_CONTENT.has(error.code)
