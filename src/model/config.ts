import type { Issue, Position } from './errors.ts'
import type { Instance, InstanceReport } from './instance.ts'
import type { SectionKey } from './path.ts'
import type { Tree, Value, ValueType } from './value.ts'
import type { Operation, Version, VersionId } from './version.ts'

/** What stands in place of a secret wherever it is shown. */
export const CONCEALED = '••••••••'

/** The value at a dotted path of `T`; `Value | undefined` where `T` is unknown or the path quotes a segment. */
export type ValueAt<T, P extends string> = unknown extends T
  ? Value | undefined
  : P extends `${infer Head}.${infer Rest}`
    ? Head extends keyof T
      ? ValueAt<NonNullable<T[Head]>, Rest>
      : undefined
    : P extends keyof T
      ? T[P]
      : undefined

/** A section's values: a tree where `T` is unknown. */
export type SectionOf<T, S extends string> = unknown extends T ? Tree : ValueAt<T, S>

export interface ChangeRequest {
  /** Section, key, value. An object below a key is a subtree and sets each of its leaves; keys outside any section stand under `''`. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Paths whose overrides end; a section's path ends all of its overrides. */
  readonly unset?: readonly string[]
  /** Paths of base keys to take away. */
  readonly mask?: readonly string[]
  /** True where string values of `set` came from a terminal or a form and may be read as the type the schema or the text itself tells. */
  readonly isText?: boolean
  readonly ifVersion?: VersionId
  readonly dryRun?: boolean
  /**
   * Printable ASCII, 255 characters at most: a second request of the same caller with the same key within 24 h gets the first one's answer
   * and changes nothing, also after a crash; with another body it is refused (`key-reused`).
   */
  readonly idempotencyKey?: string
}

/** Why, by whom and from where, beside what. */
export interface Provenance {
  readonly reason?: string
  readonly comment?: string
  /** Who asks; the operating-system user unless told otherwise. */
  readonly actor?: string
  readonly sourceIp?: string
}

/** One key's change, in effect before and after; secrets are concealed. Absent is `undefined`, `null` is a value. */
export interface KeyChange extends SectionKey {
  readonly operation: Operation
  readonly oldValue?: Value
  readonly newValue?: Value
}

export interface ChangeResult {
  /** Absent where nothing changed, or in a dry run. */
  readonly version: Version | null
  readonly changes: readonly KeyChange[]
  /** Changed keys that a running process takes in only when it restarts (`x-restart`). */
  readonly restartRequired: readonly string[]
}

export interface ChangeEvent extends ChangeResult {
  readonly version: Version
  readonly reason: string | null
}

export interface ValidationResult {
  readonly valid: boolean
  readonly issues: readonly Issue[]
}

/** One layer's say about a key. */
export interface LayerValue {
  /** `schema`, a source's name, or `override`. */
  readonly layer: string
  readonly kind: 'default' | 'file' | 'env' | 'url' | 'inline' | 'override'
  readonly value?: Value
  /** A mask says "no value". */
  readonly isMask?: boolean
  readonly isPinned?: boolean
  readonly position?: Position
}

export interface LastChange {
  readonly version: VersionId
  readonly who: string
  readonly when: string
  readonly why: string | null
  readonly operation: Operation | null
}

export interface Explanation extends SectionKey {
  readonly path: string
  readonly version: VersionId
  readonly value?: Value
  readonly type: ValueType | 'secret' | null
  /** The layer whose value is in effect, or that takes the key away. */
  readonly winner: LayerValue | null
  /** What the winner beat, strongest first. */
  readonly beaten: readonly LayerValue[]
  readonly override: {
    readonly state: OverrideState
    readonly baseAtSet?: Value
    readonly comment: string | null
  } | null
  readonly lastChange: LastChange | null
  readonly schema: KeyDescription | null
  /** Sources of this key whose last load failed: what is shown is their last good content. */
  readonly stale: readonly string[]
}

export interface KeyDescription {
  readonly types?: readonly string[]
  readonly description?: string
  readonly default?: Value
  readonly allowed?: readonly unknown[]
  readonly limits?: Readonly<Record<string, Value>>
  readonly isSecret: boolean
  readonly needsRestart: boolean
}

export type OverrideState = 'intentional' | 'stale' | 'redundant' | 'orphaned'

export const DRIFT_KINDS = ['override', 'baseline', 'instance'] as const
export type DriftKind = (typeof DRIFT_KINDS)[number]

/** One difference between what is meant (`expected`) and what is (`actual`). */
export interface DriftEntry extends SectionKey {
  readonly kind: DriftKind
  readonly path: string
  readonly expected?: Value
  readonly actual?: Value
  /** Of an override: what became of the base under it. */
  readonly state?: OverrideState
  readonly isMask?: boolean
  /** Of kind `instance`: the process that runs `actual`. */
  readonly instance?: string
  /** Of kind `instance`: true where it takes the key in only when it restarts. */
  readonly needsRestart?: boolean
  readonly version: VersionId | null
  readonly who: string | null
  readonly when: string | null
  readonly why: string | null
}

/** `{ section: { key: [base, override] } }`; a missing side is `undefined`. */
export type OverrideDrift = Readonly<
  Record<string, Readonly<Record<string, readonly [Value | undefined, Value | undefined]>>>
>

export interface HistoryQuery {
  readonly section?: string
  readonly key?: string
  readonly by?: string
  /** Inclusive; ISO 8601. */
  readonly since?: string
  /** Exclusive; ISO 8601. */
  readonly until?: string
  /** 1 to 1,000; 50 unless told otherwise. */
  readonly limit?: number
  readonly cursor?: string
}

/** One row of the history; secrets are concealed. */
export interface HistoryEntry extends SectionKey {
  readonly id: number
  readonly namespace: string
  readonly operation: Operation
  readonly layer: 'override' | 'base'
  readonly oldValue: Value | null
  readonly newValue: Value | null
  readonly changedAt: string
  readonly changedBy: string
  readonly sourceIp: string | null
  readonly reason: string | null
  readonly comment: string | null
  readonly versionId: VersionId
}

export interface List<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

export interface BlameEntry extends SectionKey {
  readonly path: string
  readonly value?: Value
  /** Where the value comes from, as `explain` names it. */
  readonly layer: string
  readonly position?: Position
  readonly version: VersionId | null
  readonly who: string | null
  readonly when: string | null
  readonly why: string | null
}

/** A difference between two versions: `before` absent is an addition, `after` absent a removal. */
export interface VersionDifference extends SectionKey {
  readonly path: string
  readonly before?: Value
  readonly after?: Value
}

export interface Comparison {
  readonly from: Version
  readonly to: Version
  readonly changes: readonly VersionDifference[]
}

export interface VersionRequest extends Omit<Provenance, 'reason'> {
  readonly description?: string
  readonly tags?: readonly string[]
  readonly baseline?: boolean
  /** As in a `ChangeRequest`. */
  readonly idempotencyKey?: string
}

export interface RestoreRequest extends Provenance {
  /** `effective` (the configuration equals the version) unless told otherwise; `overrides` puts back only the set of overrides. */
  readonly mode?: 'effective' | 'overrides'
  /** Only these sections; the others stay as they are. */
  readonly sections?: readonly string[]
  /** Only these keys, and what is below them; the others stay as they are. Together with `sections`: either of them. */
  readonly paths?: readonly string[]
  readonly ifVersion?: VersionId
  readonly dryRun?: boolean
  /** As in a `ChangeRequest`. */
  readonly idempotencyKey?: string
}

export interface Versions {
  create(request?: VersionRequest): Promise<Version>
  list(query?: { readonly limit?: number; readonly cursor?: string }): Promise<List<Version>>
  get(ref: string | number): Promise<Version>
  tag(ref: string | number, name: string, by?: Pick<Provenance, 'actor'>): Promise<Version>
  untag(name: string, by?: Pick<Provenance, 'actor'>): Promise<void>
  baseline(ref: string | number, by?: Pick<Provenance, 'actor'>): Promise<Version>
  compare(a: string | number, b: string | number): Promise<Comparison>
  restore(ref: string | number, request?: RestoreRequest): Promise<ChangeResult>
  /** Undoes one version's changes and keeps later ones; a later change of the same key is a `conflict`. */
  revert(ref: string | number, request?: Omit<RestoreRequest, 'mode' | 'sections'>): Promise<ChangeResult>
}

/** How a source fares. */
export interface SourceStatus {
  readonly name: string
  readonly kind: 'file' | 'env' | 'url' | 'inline'
  readonly isPinned: boolean
  readonly state: 'ok' | 'stale'
  readonly error: string | null
  readonly loadedAt: string | null
  readonly checkedAt: string | null
}

/** The values of one version: what a running service reads. Everything returned is frozen. */
export interface ConfigSnapshot {
  readonly version: VersionId
  readonly hash: string
  sections(): readonly string[]
  items(section: string): Tree
  get(path: string): Value | undefined
  has(path: string): boolean
  isOverridden(section: string, key: string): boolean
  /** Paths that overrides decided, masks too. */
  overridden(): readonly string[]
  detectDrift(section?: string): OverrideDrift
  /** The whole effective configuration; `reveal: false` conceals secrets. */
  toJSON(options?: { readonly reveal?: boolean }): Tree
}

export interface ConfigEvents {
  change: ChangeEvent
  /** A source failed to load and its last good content stays, or came back. */
  source: SourceStatus
}

/**
 * One namespace's configuration: the same interface in the process that has the store and over HTTP. Reads are synchronous and come
 * from memory; writes and what needs the past are promises that reject with a `HoldfastError` and then have changed nothing.
 */
export interface Config<T = unknown> extends AsyncDisposable {
  readonly namespace: string
  /** The current version; `undefined` before the first. */
  readonly version: Version | undefined
  readonly sources: readonly SourceStatus[]

  sections(): readonly string[]
  items<S extends string>(section: S): SectionOf<T, S>
  get<P extends string>(path: P): ValueAt<T, P>
  has(path: string): boolean
  isOverridden(section: string, key: string): boolean
  /** The whole effective configuration; `reveal: false` conceals secrets. */
  toJSON(options?: { readonly reveal?: boolean }): Tree
  detectDrift(section?: string): OverrideDrift

  update(section: string, values: Readonly<Record<string, unknown>>, why?: Provenance): Promise<ChangeResult>
  change(request: ChangeRequest & Provenance): Promise<ChangeResult>
  validate(): Promise<ValidationResult>
  validateChange(section: string, key: string, value: unknown): Promise<ValidationResult>

  explain(path: string, options?: { readonly at?: string | number; readonly reveal?: boolean }): Promise<Explanation>
  blame(section?: string): Promise<readonly BlameEntry[]>
  drift(options?: { readonly kind?: DriftKind; readonly section?: string }): Promise<readonly DriftEntry[]>
  history(query?: HistoryQuery): Promise<List<HistoryEntry>>
  at(ref: string | number): Promise<ConfigSnapshot>
  readonly versions: Versions

  /** Every event after `since`, oldest first, then live ones, until the signal aborts. */
  watch(options?: { readonly since?: VersionId; readonly signal?: AbortSignal }): AsyncIterable<ChangeEvent>
  /** What processes said of themselves, by id. */
  instances(): Promise<readonly Instance[]>
  /** Tells what this process uses; forgotten after 24 h without another word. */
  report(instance: InstanceReport): Promise<Instance>
  /** Loads all sources again now; the result tells which are stale. */
  reload(): Promise<readonly SourceStatus[]>
  on<E extends keyof ConfigEvents>(event: E, listener: (event: ConfigEvents[E]) => void): () => void
  close(): Promise<void>
}

/** True for what names a store on PostgreSQL. */
export const isPostgres = (store: string): boolean => /^postgres(?:ql)?:\/\//.test(store)

/** True for a store that is gone when it is closed. */
export const isTransient = (store: string): boolean => store === ':memory:'

/** What names a store, as it may be shown, logged or written down: a path as it is, a URL without its passwords. */
export const storeName = (store: string): string =>
  isPostgres(store)
    ? store
        .replace(/^([a-z]+:\/\/[^:@/]*):[^@/]*@/, '$1@')
        .replace(/([?&])(?:password|sslpassword)=[^&]*&?/g, '$1')
        .replace(/[?&]$/, '')
    : store
