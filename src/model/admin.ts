import type { AuditEntry, AuditQuery, Tokens, WhoAmI } from './access.ts'
import type { List, Provenance } from './config.ts'
import type { Schedules } from './schedule.ts'
import type { Version, VersionId } from './version.ts'
import type { Webhooks } from './webhook.ts'

export type Progress = (done: number, total: number) => void

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
  /** Bytes of documents kept for this namespace, all versions. */
  readonly documentBytes: number
}

/** Bytes that came into use in the last hour and day, or since the server began where that is shorter; below 0 where a purge freed more. */
export interface Growth {
  readonly hour: number
  readonly day: number
}

export interface Stats {
  readonly store: string
  readonly bytes: number
  readonly freeBytes: number
  readonly walBytes: number
  /** Null where nobody watches the store: only a server does. */
  readonly growth: Growth | null
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

/** A copy in a server's folder of backups. */
export interface Backup {
  readonly name: string
  readonly bytes: number
  readonly createdAt: string
}

export interface NamedBackup extends Omit<BackupReport, 'file'> {
  readonly name: string
}

export interface VerifiedBackup extends VerifyResult, NamedBackup {}

/** Copies that a server keeps in a folder of its own. */
export interface Backups {
  /** Newest first. */
  list(): Promise<readonly Backup[]>
  /** Copies the store, opens the copy and checks it. */
  create(): Promise<NamedBackup>
  /** Opens a copy and recomputes all of its hashes; a damaged one is a finding (`ok: false`). */
  verify(name: string): Promise<VerifiedBackup>
}

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
  /** Copies the store into a new file here, opens the copy and checks it. */
  backup(file: string, onProgress?: Progress): Promise<BackupReport>

  readonly tokens: Tokens
  readonly webhooks: Webhooks
  readonly schedules: Schedules
  audit(query?: AuditQuery): Promise<List<AuditEntry>>
  whoami(): Promise<WhoAmI>
  close(): Promise<void>
}

/** The same over HTTP, and what only a server has. */
export interface RemoteAdmin extends Admin {
  readonly backups: Backups
}
