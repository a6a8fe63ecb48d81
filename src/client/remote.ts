import type {
  BlameEntry,
  ChangeEvent,
  ChangeRequest,
  ChangeResult,
  ConfigEvents,
  ConfigSnapshot,
  DriftEntry,
  DriftKind,
  Explanation,
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
import type { Instance, InstanceReport } from '../model/instance.ts'
import { fromSectionKey, parsePath, printSegment, toSectionKey } from '../model/path.ts'
import type { Tree } from '../model/value.ts'
import type { Version } from '../model/version.ts'
import { Calls } from './calls.ts'
import type { Http } from './http.ts'
import { toSnapshot } from './local.ts'
import type { Mirror } from './mirror.ts'
import type { RemoteConfig } from './options.ts'
import { toBody, toSet } from './request.ts'
import {
  isBlame,
  isChangeResult,
  isDriftEntries,
  isExplanation,
  isHistory,
  isInstance,
  isInstances,
  isSources,
  isValidation,
} from './shape.ts'
import { fetchSnapshot } from './snapshots.ts'
import { remoteVersions } from './versions.ts'
import { watch } from './watch.ts'

export interface RemoteParts {
  readonly http: Http
  readonly mirror: Mirror
  /** Checks with this process's own schema what would come to be in force. */
  readonly check: (request: ChangeRequest) => Promise<void>
  /** Ends what `connect` began. */
  readonly close: () => Promise<void>
}

/** A `Config` on a server: reads from the mirror in memory, and everything else by a request. */
export class Remote<T = unknown> implements RemoteConfig<T> {
  readonly namespace: string
  readonly versions: Versions
  readonly #http: Http
  readonly #mirror: Mirror
  readonly #calls: Calls
  readonly #check: RemoteParts['check']
  readonly #end: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor({ http, mirror, check, close }: RemoteParts) {
    this.namespace = mirror.options.namespace
    this.#http = http
    this.#mirror = mirror
    this.#calls = new Calls(http, { ns: this.namespace }, () => mirror.known)
    this.#check = check
    this.#end = close
    this.versions = remoteVersions(this.#calls, mirror)
  }

  get version(): Version | undefined {
    return this.#mirror.version
  }

  get sources(): readonly SourceStatus[] {
    return this.#mirror.sources
  }

  get connection(): 'live' | 'stale' {
    return this.#http.closing.aborted ? 'stale' : this.#mirror.connection
  }

  get<P extends string>(path: P): ValueAt<T, P> {
    return this.#mirror.local.get(path) as ValueAt<T, P>
  }

  has(path: string): boolean {
    return this.#mirror.local.get(path) !== undefined
  }

  sections(): readonly string[] {
    return this.#mirror.local.sections()
  }

  items<S extends string>(section: S): SectionOf<T, S> {
    return this.#mirror.local.items(section) as SectionOf<T, S>
  }

  isOverridden(section: string, key: string): boolean {
    return this.#mirror.local.isOverridden(section, key)
  }

  toJSON({ reveal = true }: { readonly reveal?: boolean } = {}): Tree {
    return this.#mirror.local.tree(reveal)
  }

  detectDrift(section?: string): OverrideDrift {
    return this.#mirror.local.detectDrift(section)
  }

  update(section: string, values: Readonly<Record<string, unknown>>, why: Provenance = {}): Promise<ChangeResult> {
    return this.change({ set: { [section]: values }, ...why })
  }

  async change(request: ChangeRequest & Provenance): Promise<ChangeResult> {
    const body = toBody(request)
    await this.#check(request)
    const { idempotencyKey } = request
    const result = await this.#calls.write('change', isChangeResult, { body, idempotencyKey })
    if (result.version !== null) await this.#mirror.settle(result.version.id)
    return result
  }

  validate(): Promise<ValidationResult> {
    return this.#calls.read('validate', isValidation, { body: {} })
  }

  async validateChange(section: string, key: string, value: unknown): Promise<ValidationResult> {
    const set = toSet(fromSectionKey({ section, key }), value)
    return this.#calls.read('validate', isValidation, { body: toBody({ set }) })
  }

  async explain(
    path: string,
    { at, reveal }: { readonly at?: string | number; readonly reveal?: boolean } = {},
  ): Promise<Explanation> {
    const { section, key } = toSectionKey(parsePath(path))
    return this.#calls.read('readKey', isExplanation, {
      in: { section: printSegment(section), key },
      query: { explain: true, at, reveal },
    })
  }

  blame(section?: string): Promise<readonly BlameEntry[]> {
    return this.#calls.read('blame', isBlame, { query: { section } })
  }

  drift({
    kind,
    section,
  }: {
    readonly kind?: DriftKind
    readonly section?: string
  } = {}): Promise<readonly DriftEntry[]> {
    return this.#calls.read('drift', isDriftEntries, { query: { kind, section } })
  }

  history(query: HistoryQuery = {}): Promise<List<HistoryEntry>> {
    return this.#calls.read('history', isHistory, { query: { ...query } })
  }

  async at(ref: string | number): Promise<ConfigSnapshot> {
    const { namespace, reveal } = this.#mirror.options
    const fetched = await fetchSnapshot(this.#http, { namespace, reveal, at: String(ref) })
    if (fetched?.answer.version) return toSnapshot(fetched.answer)
    throw this.#http.unavailable('it answers without a version')
  }

  watch(options: { readonly since?: number; readonly signal?: AbortSignal } = {}): AsyncIterable<ChangeEvent> {
    return watch(this.#http, this.#mirror, options)
  }

  instances(): Promise<readonly Instance[]> {
    return this.#calls.read('listInstances', isInstances)
  }

  report({ id, ...body }: InstanceReport): Promise<Instance> {
    return this.#calls.read('reportInstance', isInstance, { in: { id }, body })
  }

  async reload(): Promise<readonly SourceStatus[]> {
    const sources = await this.#calls.once('reloadSources', isSources)
    await this.#mirror.refresh({ isForced: true })
    return sources
  }

  on<E extends keyof ConfigEvents>(event: E, listener: (event: ConfigEvents[E]) => void): () => void {
    return this.#mirror.listeners.on(event, listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
