import type { ScheduleSpec } from '../model/schedule.ts'
import type { OpenOptions, StoreOptions } from './options.ts'

/** What a server opens: one store, its namespaces shared by all who ask. */
export interface ServiceOptions extends Omit<StoreOptions, 'threads'> {
  /** Sources and schema of namespaces this process loads; others are as the store has them. */
  readonly namespaces?: Readonly<Record<string, Pick<OpenOptions, 'sources' | 'schema' | 'replaceSources'>>>
  readonly limits?: OpenOptions['limits']
  readonly schedules?: readonly ScheduleSpec[]
  /** Folder of backups that `POST /backups` makes; `backups` beside the store unless told otherwise. */
  readonly backupDirectory?: string
  /** Hosts, by name, that webhooks may reach although their addresses are private or their scheme is `http:`. */
  readonly webhookHosts?: readonly string[]
  /**
   * Milliseconds without a sign of life after which other nodes take over this one's timed work; 10,000.
   * @internal
   */
  readonly leaseMs?: number
}
