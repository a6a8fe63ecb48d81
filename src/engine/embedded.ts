import type {
  BlameEntry,
  ChangeEvent,
  ChangeResult,
  Config,
  ConfigEvents,
  ConfigSnapshot,
  DriftKind,
  HistoryEntry,
  HistoryQuery,
  List,
  OverrideDrift,
  Provenance,
  SectionOf,
  SourceStatus,
  ValidationResult,
  ValueAt,
  Versions,
} from '../model/config.ts'
import { allOverrides, type Conceal, detectDrift, sameIn } from '../model/drift.ts'
import type { Instance, InstanceReport } from '../model/instance.ts'
import type { Same } from '../model/override.ts'
import { parsePath, printPath } from '../model/path.ts'
import { authoriseWhole } from '../model/principal.ts'
import { concealed } from '../model/secret.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Tree } from '../model/value.ts'
import type { Version } from '../model/version.ts'
import { type Once, once } from './lazily.ts'
import type { OpenNamespace } from './namespace.ts'
import type { ConditionalChange, Operations } from './operations.ts'
import { type CallerOf, type Head, seenBy } from './parts.ts'
import type { State } from './stored.ts'
import type { View } from './view.ts'

/** A namespace, for whom a `Config` of it is, and how that ends. */
export interface EmbeddedParts {
  readonly opened: OpenNamespace
  readonly view: View
  readonly callerOf: CallerOf
  /** A whole configuration without its secrets; as it is stored, references unresolved, unless told otherwise. */
  readonly hide?: (snapshot: Snapshot) => Tree
  readonly close: () => Promise<void>
}

/** A `Config` over the store in this process, as one caller sees it: reads from memory, and everything else by the room's `Operations`. */
export class EmbeddedConfig<T = unknown> implements Config<T> {
  readonly namespace: string
  readonly versions: Versions
  readonly #opened: OpenNamespace
  readonly #head: Head
  readonly #view: View
  readonly #callerOf: CallerOf
  readonly #hide: (snapshot: Snapshot) => Tree
  readonly #isSame: Same
  readonly #end: () => Promise<void>
  readonly #operations: Once<Operations>
  #closed: Promise<void> | undefined

  constructor({ opened, view, callerOf, hide = asStored, close }: EmbeddedParts) {
    const { parts } = opened
    const seen = seenBy(parts, view)
    this.namespace = parts.namespace
    this.#opened = opened
    this.#head = seen.head
    this.#view = view
    this.#callerOf = callerOf
    this.#hide = hide
    this.#isSame = sameIn(parts.secrets)
    this.#end = close
    this.#operations = once(async () => {
      const [{ Operations }, writer] = await Promise.all([loadOperations(), opened.writer()])
      return new Operations(parts, seen, writer, callerOf)
    })
    this.versions = lazyVersions((work) => this.#ask(({ versions }) => work(versions)))
  }

  get version(): Version | undefined {
    return this.#head.state.version
  }

  /** True where both hear of the same changes: not where the namespace was deleted and opened again in between. */
  isFedAs(other: EmbeddedConfig): boolean {
    return this.#opened.feed === other.#opened.feed
  }

  get sources(): readonly SourceStatus[] {
    return this.#opened.statuses().map(this.#view.source)
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
    return reveal ? this.#snapshot.tree() : this.#hide(this.#snapshot)
  }

  detectDrift(section?: string): OverrideDrift {
    return detectDrift(this.#snapshot, { conceal: (_, value) => concealed(value), isSame: this.#isSame }, section)
  }

  update(section: string, values: Readonly<Record<string, unknown>>, why: Provenance = {}): Promise<ChangeResult> {
    return this.change({ set: { [section]: values }, ...why })
  }

  change(request: ConditionalChange): Promise<ChangeResult> {
    return this.#ask((operations) => operations.change(request))
  }

  validate(): Promise<ValidationResult> {
    return this.#ask((operations) => operations.validate())
  }

  validateChange(section: string, key: string, value: unknown): Promise<ValidationResult> {
    return this.#ask((operations) => operations.validateChange(section, key, value))
  }

  explain(path: string, options: { readonly at?: string | number; readonly reveal?: boolean } = {}) {
    return this.#ask((operations) => operations.explain(path, options))
  }

  blame(section?: string): Promise<readonly BlameEntry[]> {
    return this.#ask((operations) => operations.blame(section))
  }

  drift({ kind = 'override', section }: { readonly kind?: DriftKind; readonly section?: string } = {}) {
    return this.#ask((operations) => operations.drift(kind, section))
  }

  history(query: HistoryQuery = {}): Promise<List<HistoryEntry>> {
    return this.#ask((operations) => operations.history(query))
  }

  async at(ref: string | number): Promise<ConfigSnapshot> {
    const { state, conceal } = await this.#ask((operations) => operations.past(ref))
    const shown = this.#view.past(conceal)
    const hidden: PastWays['hidden'] = (one) => conceal([], this.#hide(one)) as Tree
    return pastSnapshot(state, { conceal, shown, hidden, isSame: this.#isSame })
  }

  watch({
    since,
    signal,
  }: {
    readonly since?: number
    readonly signal?: AbortSignal
  } = {}): AsyncIterable<ChangeEvent> {
    const view = this.#view
    const from = since ?? this.version?.id ?? 0
    const past = (): Promise<readonly ChangeEvent[]> => this.#ask((operations) => operations.eventsSince(from))
    return this.#opened.feed.watch(past, from, { show: view.event, ...(signal && { signal }) })
  }

  instances(): Promise<readonly Instance[]> {
    return this.#ask((operations) => operations.instances())
  }

  report(instance: InstanceReport): Promise<Instance> {
    return this.#ask((operations) => operations.report(instance))
  }

  reload(): Promise<readonly SourceStatus[]> {
    return this.#ask(async () => {
      const caller = this.#callerOf({})
      authoriseWhole(caller.who, 'config:write', this.namespace)
      return (await this.#opened.reload(caller)).map(this.#view.source)
    })
  }

  on<E extends keyof ConfigEvents>(event: E, listener: (event: ConfigEvents[E]) => void): () => void {
    const view = this.#view
    if (view.isAll) return this.#opened.feed.on(event, listener)
    const shown = { change: view.event, source: view.source }[event] as (what: ConfigEvents[E]) => ConfigEvents[E]
    return this.#opened.feed.on(event, (what) => listener(shown(what)))
  }

  /** Whatever is refused is refused in words that the caller may hear. */
  async #ask<R>(work: (operations: Operations) => Promise<R>): Promise<R> {
    try {
      return await work(await this.#operations())
    } catch (error) {
      throw this.#view.error(error)
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Asked for once: an `import()` of what is there costs as much as staging a change. */
const loadOperations = once(() => import('./operations.ts'))

/** The versions' methods, each loading what it needs when it is called. */
function lazyVersions(ask: <R>(work: (versions: Versions) => Promise<R>) => Promise<R>): Versions {
  return {
    create: (request) => ask((versions) => versions.create(request)),
    list: (query) => ask((versions) => versions.list(query)),
    get: (ref) => ask((versions) => versions.get(ref)),
    tag: (ref, name, by) => ask((versions) => versions.tag(ref, name, by)),
    untag: (name, by) => ask((versions) => versions.untag(name, by)),
    baseline: (ref, by) => ask((versions) => versions.baseline(ref, by)),
    compare: (a, b) => ask((versions) => versions.compare(a, b)),
    restore: (ref, request) => ask((versions) => versions.restore(ref, request)),
    revert: (ref, request) => ask((versions) => versions.revert(ref, request)),
  }
}

const asStored = (snapshot: Snapshot): Tree => concealed(snapshot.sealedTree())

interface PastWays {
  /** Without what is secret by now. */
  readonly conceal: Conceal
  /** Without what of that the caller may not see. */
  readonly shown: Conceal
  readonly hidden: (snapshot: Snapshot) => Tree
  readonly isSame: Same
}

function pastSnapshot({ snapshot, version }: State, { conceal, shown, hidden, isSame }: PastWays): ConfigSnapshot {
  return {
    version: version!.id,
    hash: version!.hash,
    sections: () => snapshot.sections(),
    items: (section) => shown(section === '' ? [] : [section], snapshot.items(section)) as Tree,
    get: (path) => shown(parsePath(path), snapshot.get(path)),
    has: (path) => snapshot.get(path) !== undefined,
    isOverridden: (section, key) => snapshot.isOverridden(section, key),
    overridden: () => Array.from(allOverrides(snapshot), ({ path }) => printPath(path)),
    detectDrift: (section) => detectDrift(snapshot, { conceal, isSame }, section),
    toJSON: ({ reveal = true } = {}) => (reveal ? (shown([], snapshot.tree()) as Tree) : hidden(snapshot)),
  }
}
