import type { Issue, Position } from './errors.ts'
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

export const DRIFT_KINDS = ['override', 'baseline'] as const
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
}

export interface RestoreRequest extends Provenance {
  /** `effective` (the configuration equals the version) unless told otherwise; `overrides` puts back only the set of overrides. */
  readonly mode?: 'effective' | 'overrides'
  /** Only these sections; the others stay as they are. */
  readonly sections?: readonly string[]
  readonly ifVersion?: VersionId
  readonly dryRun?: boolean
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
  /** Loads all sources again now; the result tells which are stale. */
  reload(): Promise<readonly SourceStatus[]>
  on<E extends keyof ConfigEvents>(event: E, listener: (event: ConfigEvents[E]) => void): () => void
  close(): Promise<void>
}

export interface VerifyProblem {
  readonly namespace: string | null
  readonly version: VersionId | null
  readonly message: string
}

export interface VerifyResult {
  readonly ok: boolean
  readonly versions: number
  readonly problems: readonly VerifyProblem[]
  /** Chain hash of the newest version of each namespace: keep it elsewhere, a cut tail shows only against it. */
  readonly heads: Readonly<Record<string, string>>
}

export interface PurgeRequest extends Pick<Provenance, 'actor'> {
  /** Milliseconds. */
  readonly olderThan: number
  /** Versions of the namespace that stay whatever their age; 0 unless told otherwise. */
  readonly keep?: number
  readonly dryRun?: boolean
  readonly onProgress?: Progress
}

export interface NamespaceStats {
  readonly namespace: string
  readonly versions: number
  readonly history: number
  readonly overrides: number
  readonly oldest: string | null
  readonly newest: string | null
  readonly documentBytes: number
}

export interface Stats {
  readonly store: string
  readonly bytes: number
  readonly freeBytes: number
  readonly walBytes: number
  readonly schemaVersion: number
  readonly namespaces: readonly NamespaceStats[]
  /** The largest keys in force, by bytes of their canonical text. */
  readonly largestKeys: readonly { readonly namespace: string; readonly path: string; readonly bytes: number }[]
}

export interface BackupReport {
  readonly file: string
  readonly bytes: number
  readonly versions: number
  readonly history: number
  readonly heads: Readonly<Record<string, string>>
}

export type Progress = (done: number, total: number) => void

/** What concerns the whole store, not one namespace. */
export interface Admin extends AsyncDisposable {
  namespaces(): Promise<readonly NamespaceStats[]>
  createNamespace(name: string, by?: Pick<Provenance, 'actor'>): Promise<Version>
  deleteNamespace(name: string): Promise<void>
  verify(options?: {
    readonly namespace?: string
    /** The chain hash the newest version of `namespace` must have, or must have had: a prefix of 8 digits or more. */
    readonly expectHead?: string
    readonly onProgress?: Progress
  }): Promise<VerifyResult>
  purge(
    namespace: string,
    request: PurgeRequest,
  ): Promise<{ readonly history: number; readonly versions: number; readonly bytes: number }>
  stats(): Promise<Stats>
  backup(file: string, onProgress?: Progress): Promise<BackupReport>
  close(): Promise<void>
}
