import type { AdminOptions } from '../../engine/admin.ts'
import type { Call } from '../command.ts'
import { defined } from '../flags.ts'
import type { StoreTarget } from '../target.ts'
import { resolveSetting } from './resolve.ts'
import { schedulesOf } from './schedules.ts'

/** What a server of this store would know, for a command that does its work on the store itself. */
export async function adminOptions({ flags, io }: Call, { project }: StoreTarget): Promise<Partial<AdminOptions>> {
  const places = { flags, env: io.env, cwd: io.cwd, project }
  return defined({
    schedules: await schedulesOf(project),
    backupDirectory: resolveSetting('backup-directory', places),
    webhookHosts: resolveSetting('webhook-hosts', places),
  })
}
