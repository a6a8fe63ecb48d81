import type {
  ChangeEvent,
  ChangeRequest,
  ChangeResult,
  Config,
  ConfigEvents,
  ConfigSnapshot,
  DriftEntry,
  DriftKind,
  OverrideDrift,
  Provenance,
  SourceStatus,
  ValidationResult,
  ValueAt,
  Versions,
} from '../model/config.ts'
import { baselineDrift, detectDrift, overrideDrift } from '../model/drift.ts'
import { fromSectionKey, printPath, toSectionKey } from '../model/path.ts'
import { authorise } from '../model/principal.ts'
import type { SchemaReader } from '../model/schema.ts'
import { concealed } from '../model/secret.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { type Tree, toValue, type Value } from '../model/value.ts'
import type { Version } from '../model/version.ts'
import { changeJob, readValue, validateSteps } from './changes.ts'
import { concealBy, eventsOf, show } from './events.ts'
import type { Feed } from './feed.ts'
import type { Caller, Parts } from './parts.ts'
import { blame, explain, history, stateAt } from './past.ts'
import type { Sources } from './sources.ts'
import { type CallerOf, versionsOf } from './versions.ts'
import type { Writer } from './writer.ts'

export interface EmbeddedParts {
  readonly parts: Parts
  readonly writer: Writer
  readonly sources: Sources
  readonly feed: Feed
  readonly callerOf: CallerOf
  /** Ends what `open.ts` began: watchers, the store. */
  readonly close: () => Promise<void>
}

/** A `Config` over the store in this process. Each method is a call of the room's one function for it. */
export class EmbeddedConfig<T = unknown> implements Config<T> {
  readonly namespace: string
  readonly versions: Versions
  readonly #parts: Parts
  readonly #writer: Writer
  readonly #sources: Sources
  readonly #feed: Feed
  readonly #callerOf: CallerOf
  readonly #end: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor({ parts, writer, sources, feed, callerOf, close }: EmbeddedParts) {
    this.namespace = parts.namespace
    this.#parts = parts
    this.#writer = writer
    this.#sources = sources
    this.#feed = feed
    this.#callerOf = callerOf
    this.#end = close
    this.versions = versionsOf(parts, writer, callerOf)
  }

  get version(): Version | undefined {
    return this.#parts.head.state.version
  }

  get sources(): readonly SourceStatus[] {
    return this.#sources.statuses()
  }

  get #snapshot(): Snapshot {
    return this.#parts.head.state.snapshot
  }

  get<P extends string>(path: P): ValueAt<T, P> {
    return this.#parts.head.state.snapshot.get(path) as ValueAt<T, P>
  }

  has(path: string): boolean {
    return this.#snapshot.get(path) !== undefined
  }

  sections(): readonly string[] {
    return this.#snapshot.sections()
  }

  items<S extends string>(section: S): ValueAt<T, S> {
    return this.#snapshot.items(section) as ValueAt<T, S>
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

  change(request: ChangeRequest & Provenance): Promise<ChangeResult> {
    return this.#writer.submit(changeJob(this.#parts, this.#callerOf(request), request))
  }

  async validate(): Promise<ValidationResult> {
    const issues = await this.#parts.rules.issues(this.#parts.head.state)
    return { valid: issues.length === 0, issues }
  }

  async validateChange(section: string, key: string, value: unknown): Promise<ValidationResult> {
    const { state } = this.#parts.head
    const path = fromSectionKey({ section, key })
    const reader = await this.#parts.rules.reader(state)
    const input = toValue(value, this.#parts.limits, printPath(path))
    const steps = readValue(this.#parts, state.snapshot, reader, path, input)
    const issues = await validateSteps(this.#parts, state, this.#callerOf({}), steps)
    return { valid: issues.length === 0, issues }
  }

  async explain(path: string, options: { readonly at?: string | number; readonly reveal?: boolean } = {}) {
    const caller = this.#reader(options.reveal ? 'secrets:read' : 'config:read')
    authorise(caller.who, 'config:read', this.namespace)
    return explain(this.#parts, await stateAt(this.#parts, options.at ?? 'latest'), path, options.reveal ?? false)
  }

  #reader(action: 'secrets:read' | 'config:read'): Caller {
    const caller = this.#callerOf({})
    authorise(caller.who, action, this.namespace)
    return caller
  }

  blame(section?: string) {
    return blame(this.#parts, section)
  }

  async drift({ kind = 'override', section }: { readonly kind?: DriftKind; readonly section?: string } = {}) {
    const reader = await this.#parts.rules.reader(this.#parts.head.state)
    const entries = kind === 'override' ? this.#overrideDrift(reader) : await this.#baselineDrift(reader)
    return section === undefined ? entries : entries.filter((entry) => entry.section === section)
  }

  #overrideDrift(reader: SchemaReader | undefined): readonly DriftEntry[] {
    return overrideDrift(this.#snapshot, (path) => reader?.isKnown(path) ?? true, concealBy(reader))
  }

  async #baselineDrift(reader: SchemaReader | undefined): Promise<readonly DriftEntry[]> {
    const baseline = await stateAt(this.#parts, 'baseline')
    const rows = await this.#parts.store.lastChanges(this.namespace, {})
    const last = new Map(rows.map((row) => [JSON.stringify([row.section, row.key]), row]))
    return baselineDrift(baseline.snapshot, this.#snapshot).map(({ path, before, after }) => {
      const { section, key } = toSectionKey(path)
      const row = last.get(JSON.stringify([section, key]))
      const isSecret = reader?.isSecret(path) ?? false
      const [expected, actual] = [show(before, isSecret), show(after, isSecret)]
      return {
        kind: 'baseline',
        path: printPath(path),
        section,
        key,
        ...(expected !== undefined && { expected }),
        ...(actual !== undefined && { actual }),
        version: row?.versionId ?? null,
        who: row?.changedBy ?? null,
        when: row?.changedAt ?? null,
        why: row?.reason ?? null,
      }
    })
  }

  history(query: Parameters<Config['history']>[0] = {}) {
    return history(this.#parts, query)
  }

  async at(ref: string | number): Promise<ConfigSnapshot> {
    const { snapshot, version } = await stateAt(this.#parts, ref)
    return {
      version: version!.id,
      hash: version!.hash,
      sections: () => snapshot.sections(),
      items: (section) => snapshot.items(section),
      get: (path): Value | undefined => snapshot.get(path),
      has: (path) => snapshot.get(path) !== undefined,
      isOverridden: (section, key) => snapshot.isOverridden(section, key),
      toJSON: ({ reveal = true } = {}) => (reveal ? snapshot.tree() : concealed(snapshot.sealedTree())),
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
    const past = async (): Promise<readonly ChangeEvent[]> =>
      eventsOf(this.#parts, await this.#parts.store.delta(this.namespace, from))
    return this.#feed.watch(past, from, { ...(signal && { signal }) })
  }

  reload(): Promise<readonly SourceStatus[]> {
    return this.#sources.reload({ by: this.#callerOf({}) })
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
