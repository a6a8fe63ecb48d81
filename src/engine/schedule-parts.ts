import type { AuditEntry } from '../model/access.ts'
import type { Admin, BackupReport, VerifyResult } from '../model/admin.ts'
import type { Config } from '../model/config.ts'
import type { Fence } from '../model/lease.ts'
import type { Principal } from '../model/principal.ts'
import type { ScheduleSpec } from '../model/schedule.ts'
import type { Store } from '../store/store.ts'
import type { Leases } from './leases.ts'
import type { Log } from './options.ts'
import type { News } from './webhook-message.ts'

/** What timed work needs of the engine around it. */
export interface ScheduleParts {
  readonly store: Pick<
    Store,
    | 'schedules'
    | 'webhooks'
    | 'once'
    | 'instances'
    | 'namespaces'
    | 'metadata'
    | 'setMetadata'
    | 'clearDeleted'
    | 'leases'
    | 'fenced'
  >
  readonly schedules: readonly ScheduleSpec[]
  /** A namespace as `who` sees it; shared, so never closed here. */
  readonly config: (who: Principal, namespace: string) => Promise<Config>
  readonly purge: (
    who: Principal,
    namespace: string,
    request: Parameters<Admin['purge']>[1],
  ) => ReturnType<Admin['purge']>
  /** Copies the store into a new file, opens the copy and recomputes all of its hashes. */
  readonly backup: (who: Principal, file: string) => Promise<BackupReport & Pick<VerifyResult, 'ok' | 'problems'>>
  /** The folder of backups where a schedule names none. */
  readonly backupDirectory: string
  /** Relative folders are resolved here. */
  readonly directory: string
  readonly leases: Pick<Leases, 'contend' | 'node'>
  /** False shows schedules and runs one when asked, and leaves their times to the servers that have the store open; true. */
  readonly isTimer?: boolean
  readonly tell: (news: News, fence?: Fence) => Promise<void>
  readonly record: (entry: Omit<AuditEntry, 'id' | 'at' | 'count'>) => void
  readonly log: Log
  readonly now: () => Date
}
