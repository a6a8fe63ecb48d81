import type {
  ChangeEvent,
  ChangeRequest,
  ChangeResult,
  Config,
  ConfigEvents,
  ConfigSnapshot,
  DriftKind,
  HistoryQuery,
  OverrideDrift,
  Provenance,
  SectionOf,
  SourceStatus,
  ValueAt,
  Versions,
} from '../model/config.ts'
import { detectDrift } from '../model/drift.ts'
import { concealed } from '../model/secret.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Tree, Value } from '../model/value.ts'
import type { Version } from '../model/version.ts'
import type { Feed } from './feed.ts'
import type { Operations } from './operations.ts'
import type { Head, Parts } from './parts.ts'

export interface EmbeddedParts {
  readonly parts: Parts
  readonly feed: Feed
  readonly operations: () => Promise<Operations>
  readonly sources: {
    statuses(): readonly SourceStatus[]
    reload(): Promise<readonly SourceStatus[]>
  }
  /** Ends what `open.ts` began: watchers, the store. */
  readonly close: () => Promise<void>
}

/** A `Config` over the store in this process: reads from memory, and everything else by the room's `Operations`. */
export class EmbeddedConfig<T = unknown> implements Config<T> {
  readonly namespace: string
  readonly versions: Versions
  readonly #head: Head
  readonly #feed: Feed
  readonly #operations: () => Promise<Operations>
  readonly #sources: EmbeddedParts['sources']
  readonly #end: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor({ parts, feed, operations, sources, close }: EmbeddedParts) {
    this.namespace = parts.namespace
    this.#head = parts.head
    this.#feed = feed
    this.#operations = operations
    this.#sources = sources
    this.#end = close
    this.versions = lazyVersions(async () => (await operations()).versions)
  }

  get version(): Version | undefined {
    return this.#head.state.version
  }

  get sources(): readonly SourceStatus[] {
    return this.#sources.statuses()
  }

  get #snapshot(): Snapshot {
    return this.#head.state.snapshot
  }

  get<P extends string>(path: P): ValueAt<T, P> {
    return this.#head.state.snapshot.get(path) as ValueAt<T, P>
  }

  has(path: string): boolean {
    return this.#snapshot.get(path) !== undefined
  }

  sections(): readonly string[] {
    return this.#snapshot.sections()
  }

  items<S extends string>(section: S): SectionOf<T, S> {
    return this.#snapshot.items(section) as SectionOf<T, S>
  }

  isOverridden(section: string, key: string): boolean {
    return this.#snapshot.isOverridden(section, key)
  }

  toJSON({ reveal = true }: { readonly reveal?: boolean } = {}): Tree {
    return reveal ? this.#snapshot.tree() : concealed(this.#snapshot.sealedTree())
  }

  detectDrift(section?: string): OverrideDrift {
    return detectDrift(this.#snapshot, (_, value) => concealed(value), section)
  }

  update(section: string, values: Readonly<Record<string, unknown>>, why: Provenance = {}): Promise<ChangeResult> {
    return this.change({ set: { [section]: values }, ...why })
  }

  async change(request: ChangeRequest & Provenance): Promise<ChangeResult> {
    return (await this.#operations()).change(request)
  }

  async validate() {
    return (await this.#operations()).validate()
  }

  async validateChange(section: string, key: string, value: unknown) {
    return (await this.#operations()).validateChange(section, key, value)
  }

  async explain(path: string, options: { readonly at?: string | number; readonly reveal?: boolean } = {}) {
    return (await this.#operations()).explain(path, options)
  }

  async blame(section?: string) {
    return (await this.#operations()).blame(section)
  }

  async drift({ kind = 'override', section }: { readonly kind?: DriftKind; readonly section?: string } = {}) {
    return (await this.#operations()).drift(kind, section)
  }

  async history(query: HistoryQuery = {}) {
    return (await this.#operations()).history(query)
  }

  async at(ref: string | number): Promise<ConfigSnapshot> {
    const { state, conceal } = await (await this.#operations()).past(ref)
    const { snapshot, version } = state
    return {
      version: version!.id,
      hash: version!.hash,
      sections: () => snapshot.sections(),
      items: (section) => snapshot.items(section),
      get: (path): Value | undefined => snapshot.get(path),
      has: (path) => snapshot.get(path) !== undefined,
      isOverridden: (section, key) => snapshot.isOverridden(section, key),
      toJSON: ({ reveal = true } = {}) => (reveal ? snapshot.tree() : (conceal([], snapshot.sealedTree()) as Tree)),
    }
  }

  watch({
    since,
    signal,
  }: {
    readonly since?: number
    readonly signal?: AbortSignal
  } = {}): AsyncIterable<ChangeEvent> {
    const from = since ?? this.version?.id ?? 0
    const past = async (): Promise<readonly ChangeEvent[]> => (await this.#operations()).eventsSince(from)
    return this.#feed.watch(past, from, { ...(signal && { signal }) })
  }

  reload(): Promise<readonly SourceStatus[]> {
    return this.#sources.reload()
  }

  on<E extends keyof ConfigEvents>(event: E, listener: (event: ConfigEvents[E]) => void): () => void {
    return this.#feed.on(event, listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** The versions' methods, each loading what it needs when it is called. */
function lazyVersions(versions: () => Promise<Versions>): Versions {
  return {
    create: async (request) => (await versions()).create(request),
    list: async (query) => (await versions()).list(query),
    get: async (ref) => (await versions()).get(ref),
    tag: async (ref, name, by) => (await versions()).tag(ref, name, by),
    untag: async (name, by) => (await versions()).untag(name, by),
    baseline: async (ref, by) => (await versions()).baseline(ref, by),
    compare: async (a, b) => (await versions()).compare(a, b),
    restore: async (ref, request) => (await versions()).restore(ref, request),
    revert: async (ref, request) => (await versions()).revert(ref, request),
  }
}
