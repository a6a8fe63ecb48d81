import type { VersionId } from './version.ts'

/** What a running process says about itself. */
export interface InstanceReport {
  readonly id: string
  readonly host: string
  /** The version it uses now. */
  readonly version: VersionId
  /** The version it read when it started: keys marked `x-restart` are still those. */
  readonly startVersion: VersionId
  /** When it started, UTC ISO 8601. */
  readonly startedAt: string
}

export interface Instance extends InstanceReport {
  readonly reportedAt: string
  /** The principal that reported it. */
  readonly reportedBy: string
  /** `gone`: it has not reported for three of its intervals (90 s). */
  readonly state: 'current' | 'behind' | 'gone'
  /** Since when it does not run the newest version; null where it does. */
  readonly behindSince: string | null
  /** Keys marked `x-restart` that changed since it started, and since when the first of them waits. */
  readonly pendingRestart: { readonly since: string; readonly paths: readonly string[] } | null
}
