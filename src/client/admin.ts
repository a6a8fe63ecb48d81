import type { Tokens } from '../model/access.ts'
import type { BackupReport, Backups, PurgeRequest, RemoteAdmin } from '../model/admin.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Schedules } from '../model/schedule.ts'
import { checkNamespace } from '../model/version.ts'
import type { Webhooks } from '../model/webhook.ts'
import { Calls } from './calls.ts'
import { Http } from './http.ts'
import type { ServerOptions } from './options.ts'
import { isEmpty, isVersion, isWhoAmI } from './shape.ts'
import * as shapes from './shape-admin.ts'

/** Work on the whole store takes as long as the store is large. */
const LONG_MS = 30 * 60_000

/** What concerns a whole store, on a server. */
export async function connectAdmin(options: ServerOptions): Promise<RemoteAdmin> {
  const http = new Http(options)
  const calls = new Calls(http)
  const close = async (): Promise<void> => {
    http.close()
  }
  return {
    namespaces: () => calls.read('listNamespaces', shapes.isNamespaces),
    createNamespace: async (name) => calls.once('createNamespace', isVersion, { in: { ns: checkNamespace(name) } }),
    async deleteNamespace(name) {
      await calls.once('deleteNamespace', isEmpty, { in: { ns: checkNamespace(name) } })
    },
    verify: ({ namespace, expectHead } = {}) =>
      calls.read('verify', shapes.isVerifyResult, { body: { namespace, expectHead }, timeoutMs: LONG_MS }),
    purge: async (namespace, request) =>
      calls.once('purge', shapes.isPurgeResult, { in: { ns: namespace }, body: toPurge(request), timeoutMs: LONG_MS }),
    stats: () => calls.read('stats', shapes.isStats),
    backup: (file) => backup(calls, file),
    backups: remoteBackups(calls),
    tokens: remoteTokens(calls),
    webhooks: remoteWebhooks(calls),
    schedules: remoteSchedules(calls),
    audit: (query = {}) => calls.read('audit', shapes.isAudit, { query: { ...query } }),
    whoami: () => calls.read('whoami', isWhoAmI),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The server knows seconds: a part of one is rounded up, so that never more goes than was said. */
function toPurge({ olderThan, keep, dryRun }: PurgeRequest): object {
  if (olderThan >= 0) return { olderThanSeconds: Math.ceil(olderThan / 1000), keep, dryRun }
  throw new HoldfastError('malformed', 'olderThan is a length of time in milliseconds', { what: 'olderThan' })
}

/** Has the server make and check a copy, and fetches it into a new file here. */
async function backup(calls: Calls, file: string): Promise<BackupReport> {
  const { http } = calls
  const { writeNew } = await import('./node.ts')
  return await writeNew(file, async (write) => {
    const { name, ...made } = await calls.once('createBackup', shapes.isBackupReport, { timeoutMs: LONG_MS })
    const bytes = await http.within(undefined, LONG_MS, async (signal) => {
      const headers = { accept: 'application/vnd.sqlite3, application/problem+json' }
      const { body } = await http.open('readBackup', { in: { name }, headers, signal })
      return body === null ? 0 : await write(body)
    })
    if (bytes !== made.bytes) throw http.unavailable(`its copy has ${made.bytes} bytes, and ${bytes} came`)
    return { ...made, file }
  })
}

const remoteBackups = (calls: Calls): Backups => ({
  list: () => calls.read('listBackups', shapes.isBackups),
  create: () => calls.once('createBackup', shapes.isBackupReport, { timeoutMs: LONG_MS }),
  verify: (name) => calls.read('verifyBackup', shapes.isVerifiedBackup, { in: { name }, timeoutMs: LONG_MS }),
})

const remoteTokens = (calls: Calls): Tokens => ({
  create: (body) => calls.once('createToken', shapes.isNewToken, { body }),
  list: () => calls.read('listTokens', shapes.isTokens),
  rotate: (id, body = {}) => calls.once('rotateToken', shapes.isNewToken, { in: { id }, body }),
  revoke: (id) => calls.read('revokeToken', shapes.isToken, { in: { id } }),
})

const remoteWebhooks = (calls: Calls): Webhooks => ({
  create: (body) => calls.once('createWebhook', shapes.isNewWebhook, { body }),
  list: () => calls.read('listWebhooks', shapes.isWebhooks),
  update: (id, body) => calls.read('updateWebhook', shapes.isWebhook, { in: { id }, body }),
  async delete(id) {
    await calls.once('deleteWebhook', isEmpty, { in: { id } })
  },
  rotateSecret: (id) => calls.once('rotateWebhookSecret', shapes.isNewWebhook, { in: { id } }),
  test: (id) => calls.once('testWebhook', shapes.isDelivery, { in: { id } }),
  deliveries: (id, query = {}) =>
    calls.read('listDeliveries', shapes.isDeliveries, { in: { id }, query: { ...query } }),
  replay: (id, delivery) => calls.once('replayDelivery', shapes.isDelivery, { in: { id, delivery } }),
})

const remoteSchedules = (calls: Calls): Schedules => ({
  list: () => calls.read('listSchedules', shapes.isSchedules),
  run: (name) => calls.once('runSchedule', shapes.isScheduleRun, { in: { name }, timeoutMs: LONG_MS }),
})
