import type { NamespaceStats } from '../model/admin.ts'
import type { Fence } from '../model/lease.ts'
import type { Cause, Operation, StoredValue, Version, VersionId, VersionRef } from '../model/version.ts'
import type {
  AuditShelf,
  InstanceShelf,
  LeaseShelf,
  OnceRecord,
  OnceShelf,
  Page,
  ScheduleShelf,
  SessionShelf,
  TokenShelf,
  WebhookShelf,
} from './shelves.ts'

/**
 * What a document belongs to: the effective configuration, the schema's defaults, one source (`source:<name>`), and, each under the
 * name `""`, the JSON Schema and the list of sources. All are temporal: a version sees the documents that were in force at it.
 */
export type DocumentLayer = 'effective' | 'defaults' | '$schema' | '$sources' | `source:${string}`

/** One top-level name of one layer: a section, or a key outside any section. */
export interface Document {
  readonly layer: DocumentLayer
  readonly name: string
  /** RFC 8785 canonical JSON of the value under that name. */
  readonly content: string
  /** JSON `{ path: [line, column] }` for the keys of a source's section; changes without a version. */
  readonly positions: string | null
}

export type DocumentWrite = Document | { readonly layer: DocumentLayer; readonly name: string; readonly content: null }

export interface OverrideRow {
  readonly section: string
  readonly key: string
  readonly value: StoredValue
  readonly createdAt: string
  readonly createdBy: string
  readonly reason: string | null
  readonly comment: string | null
  /** What the base said when it was set; `type` null where it said nothing. */
  readonly baseValue: StoredValue
  /** The version that set it. */
  readonly versionId: VersionId
}

/** An override to put in force (replacing the active one of the same key), or, with `value` null, to end. */
export type OverrideWrite =
  | Pick<OverrideRow, 'section' | 'key' | 'value' | 'reason' | 'comment' | 'baseValue'>
  | { readonly section: string; readonly key: string; readonly value: null }

export interface HistoryRow {
  readonly id: number
  readonly operation: Operation
  readonly layer: 'override' | 'base'
  readonly section: string
  readonly key: string
  readonly oldValue: StoredValue
  readonly newValue: StoredValue
  readonly changedAt: string
  readonly changedBy: string
  readonly sourceIp: string | null
  readonly reason: string | null
  readonly comment: string | null
  readonly versionId: VersionId
}

export type HistoryWrite = Pick<HistoryRow, 'operation' | 'layer' | 'section' | 'key' | 'oldValue' | 'newValue'>

/** One version to be. Who, when, why and from where stand once and hold for its rows. */
export interface Write {
  readonly cause: Cause
  readonly description: string | null
  readonly createdAt: string
  readonly createdBy: string
  readonly sourceIp: string | null
  readonly reason: string | null
  readonly comment: string | null
  readonly configHash: string
  readonly documents: readonly DocumentWrite[]
  readonly overrides: readonly OverrideWrite[]
  readonly history: readonly HistoryWrite[]
  readonly tags: readonly string[]
  readonly baseline: boolean
  /** An answer to remember in the same transaction, so that a retry after a crash does not apply twice; `exists` where its key is taken. */
  readonly once?: OnceRecord & { readonly answer: string }
  /** Refused (`fenced`), with all that is committed together with it, unless this lease is held. */
  readonly fence?: Fence
}

/** A tag put on or taken off a version, or a version declared the baseline; append-only, with a chain of its own. */
export interface MarkWrite {
  readonly kind: 'tag' | 'untag' | 'baseline'
  /** Empty for a baseline. */
  readonly tag: string
  readonly versionId: VersionId
  readonly createdAt: string
  readonly createdBy: string
}

/** How a source fared last; not versioned. */
export interface SourceState {
  readonly name: string
  readonly state: 'ok' | 'stale'
  /** Why it is stale: a refusal's text, without values. */
  readonly error: string | null
  /** JSON: what lets the next load say "unchanged". */
  readonly fingerprint: string | null
  readonly loadedAt: string | null
  readonly checkedAt: string
}

/** What is in force at one version of a namespace. */
export interface StoredState {
  readonly version: Version
  readonly documents: readonly Document[]
  readonly overrides: readonly OverrideRow[]
}

/** What came after a version, enough to bring a snapshot up to date and to tell watchers. */
export interface Delta {
  readonly versions: readonly Version[]
  /** The latest document of each (layer, name) touched; `content` null where there is none any more. */
  readonly documents: readonly DocumentWrite[]
  /** The active override of each key touched; `value` null where there is none any more. */
  readonly overrides: readonly (
    | OverrideRow
    | { readonly section: string; readonly key: string; readonly value: null }
  )[]
  readonly history: readonly HistoryRow[]
  /** False where `since` is not kept (and is not 0), or a version after it was purged: what came between cannot be told version by version. */
  readonly isWhole: boolean
}

export interface HistoryFilter {
  readonly section?: string
  readonly key?: string
  readonly by?: string
  /** Inclusive, UTC ISO 8601. */
  readonly since?: string
  /** Exclusive. */
  readonly until?: string
  readonly version?: VersionId
  /** Only versions up to this one. */
  readonly upTo?: VersionId
}

export interface PurgePlan {
  /** Versions made before this time may go, UTC ISO 8601. */
  readonly before: string
  /** The newest so many of the namespace stay. */
  readonly keep: number
  readonly by: string
  readonly at: string
  readonly dryRun: boolean
  readonly onProgress?: (done: number, total: number) => void
}

export interface PurgeResult {
  readonly history: number
  readonly versions: number
  /** Bytes the file shrank by; in a dry run, of the rows that would go. */
  readonly bytes: number
}

/** One version with all that its chain hash and its row hash cover, for `verify`. */
export interface AuditRecord {
  readonly version: Version
  readonly previousChain: string | null
  readonly rowsHash: string
  /** The chain input exactly as documented, rebuilt from the rows. */
  readonly chainInput: string
  /** The text whose SHA3-256 `rowsHash` should be, rebuilt from the documents and overrides this version wrote. */
  readonly rowsInput: string
  /** Chain hash of the version before this one that is still here; null for the first. */
  readonly found: string | null
  /** True where a recorded purge accounts for a gap before this version. */
  readonly sealed: boolean
  /** The last word on each document and override since the record before this one (since ever, for the first), purged versions included. */
  readonly documents: Delta['documents']
  readonly overrides: Delta['overrides']
  /** The canonical text people read in the table, built when asked for: 1 MB a version is not for nothing. */
  configJson(): Promise<string | undefined>
}

export interface StoreStats {
  readonly bytes: number
  readonly freeBytes: number
  readonly walBytes: number
  readonly schemaVersion: number
  readonly namespaces: readonly NamespaceStats[]
}

/** What a commit was about. */
export type News = `namespace:${string}` | 'tokens' | 'webhooks'

/** A problem found by reading the store's own marks: what, where. */
export interface StoreProblem {
  readonly namespace: string | null
  readonly versionId: VersionId | null
  readonly message: string
}

/**
 * What we keep. All methods reject with `HoldfastError`s: `conflict`, `not-found`, `exists`, `unavailable` (locked, full, read-only), `unknown`
 * (a commit whose fsync failed), `store` (damaged, foreign, newer), `fenced` (a lease that is held no more). A rejected write changed nothing, `unknown` apart.
 */
export interface Store {
  /** As shown to people: a path, or a URL without its password. */
  readonly name: string
  /** The folder beside which keys and backups are kept; null where there is none (`:memory:`, a server). */
  readonly directory: string | null

  /**
   * Appends `writes` as consecutive versions of `namespace` in one transaction, durable when it resolves.
   * `head` is the namespace's newest version they were staged on (0: none yet); another head is a `conflict` and nothing is written.
   */
  commit(namespace: string, head: VersionId, writes: readonly Write[]): Promise<readonly Version[]>
  mark(namespace: string, mark: MarkWrite): Promise<void>
  /** Sets what a source's load found; with `positions`, also where the keys of its open documents stand now. */
  saveSource(namespace: string, state: SourceState, positions?: ReadonlyMap<string, string>): Promise<void>
  /** Takes a namespace away at once, however much it holds: the rest of its rows are removed by `clearDeleted`, or before one of its name begins. */
  deleteNamespace(namespace: string, at: string): Promise<void>
  /** Removes, in transactions that keep nobody waiting for long, the rows that deleted namespaces left; tells how many. Cut short, it is run again. */
  clearDeleted(): Promise<number>
  setMetadata(key: string, value: string, at: string): Promise<void>
  purge(namespace: string, plan: PurgePlan): Promise<PurgeResult>

  head(namespace: string): Promise<Version | undefined>
  /** What is in force at `version` (the newest where absent); `undefined` for a namespace without versions. */
  state(namespace: string, version?: VersionId): Promise<StoredState | undefined>
  /** What came after `since`, up to `upTo` or the newest. */
  delta(namespace: string, since: VersionId, upTo?: VersionId): Promise<Delta>
  find(namespace: string, ref: VersionRef): Promise<Version | undefined>
  versions(namespace: string, page: Page): Promise<readonly Version[]>
  /** The canonical text of a version's whole configuration. */
  configJson(namespace: string, version: VersionId): Promise<string | undefined>
  history(namespace: string, filter: HistoryFilter, page: Page): Promise<readonly HistoryRow[]>
  /** The newest history row of each key (of one section, up to one version): what `blame` reads. */
  lastChanges(
    namespace: string,
    filter: { readonly section?: string; readonly upTo?: VersionId },
  ): Promise<readonly HistoryRow[]>
  sources(namespace: string): Promise<readonly SourceState[]>
  namespaces(): Promise<readonly string[]>
  metadata(): Promise<ReadonlyMap<string, string>>
  stats(): Promise<StoreStats>
  /** What the file holds, without counting rows. */
  sizes(): Promise<Pick<StoreStats, 'bytes' | 'freeBytes' | 'walBytes'>>

  /** Every version of a namespace, oldest first, with what `verify` recomputes. */
  audit(namespace: string): AsyncIterable<AuditRecord>
  /** What only the store can see: integrity of the file, rows that belong to no version, marks whose chain does not hold. */
  check(): Promise<readonly StoreProblem[]>

  /** Copies the store, as it is at one moment, into a new file while others write. Refuses an existing file. */
  backup(file: string, onProgress?: (done: number, total: number) => void): Promise<void>

  readonly tokens: TokenShelf
  readonly sessions: SessionShelf
  readonly auditLog: AuditShelf
  readonly once: OnceShelf
  readonly instances: InstanceShelf
  readonly webhooks: WebhookShelf
  readonly schedules: ScheduleShelf
  readonly leases: LeaseShelf

  /** This store for work that is done under a lease: each write is refused (`fenced`) unless the lease is held, asked in its own transaction. */
  fenced(fence: Fence): Store

  /**
   * Calls `listener` when something was committed that this object did not commit itself, with what it was about where the store can tell.
   * Returns how to stop.
   */
  onForeignCommit(listener: (news?: News) => void): () => void
  close(): Promise<void>
}
