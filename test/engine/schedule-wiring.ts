import { join } from 'node:path'
import { Leases } from '../../src/engine/leases.ts'
import type { ScheduleParts } from '../../src/engine/schedule-parts.ts'
import { type Config, openAdmin, verifyBackup } from '../../src/index.ts'
import type { Store } from '../../src/store/store.ts'

const quiet = { info: () => undefined, warn: () => undefined }

/** What timed work needs, of a store and the one namespace that is open. */
export function partsOf(of: {
  readonly directory: string
  readonly store: Store
  readonly config: Config
  readonly now: () => Date
}): ScheduleParts & { readonly leases: Leases } {
  const { directory, store, config, now } = of
  return {
    store,
    leases: new Leases({ store, now, log: quiet }),
    schedules: [],
    config: async () => config,
    async purge(_who, namespace, request) {
      await using admin = await openAdmin({ store: store.name, now })
      return await admin.purge(namespace, request)
    },
    async backup(_who, file) {
      await store.backup(file)
      return verifyBackup(file)
    },
    backupDirectory: join(directory, 'backups'),
    directory,
    tell: async () => undefined,
    record: () => undefined,
    log: quiet,
    now,
  }
}
