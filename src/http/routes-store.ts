import type { FastifyInstance } from 'fastify'
import type { Admin } from '../model/admin.ts'
import { durationOf } from '../model/duration.ts'
import { HoldfastError } from '../model/errors.ts'
import { Backups } from './backups.ts'
import { type Call, type Handlers, register } from './call.ts'
import type { Context } from './context.ts'

/** What concerns the whole store: namespaces, webhooks, schedules, backups, sizes. */
export function registerStore(app: FastifyInstance, context: Context): void {
  register(app, context, { ...STORE, ...WEBHOOKS, ...backupsOf(context) })
}

const adminOf = ({ context, caller }: Pick<Call<'stats'>, 'context' | 'caller'>): Admin =>
  context.service.admin(caller.who, caller.from)

type StoreNames =
  | 'listNamespaces'
  | 'createNamespace'
  | 'deleteNamespace'
  | 'purge'
  | 'verify'
  | 'stats'
  | 'listSchedules'
  | 'runSchedule'

const STORE: Handlers<StoreNames> = {
  listNamespaces: async (call) => ({ json: await adminOf(call).namespaces() }),
  async createNamespace(call) {
    return { status: 201, json: await adminOf(call).createNamespace(call.params.ns) }
  },
  async deleteNamespace(call) {
    await adminOf(call).deleteNamespace(call.params.ns)
    return {}
  },
  async purge(call) {
    const { keep, dryRun } = call.body
    const request = { olderThan: ageOf(call.body), ...(keep !== undefined && { keep }), ...(dryRun && { dryRun }) }
    return { json: await adminOf(call).purge(call.params.ns, request) }
  },
  verify: async (call) => ({ json: await adminOf(call).verify(call.body) }),
  stats: async (call) => ({ json: await adminOf(call).stats() }),
  listSchedules: async (call) => ({ json: await adminOf(call).schedules.list() }),
  runSchedule: async (call) => ({ json: await adminOf(call).schedules.run(call.params.name) }),
}

/** Milliseconds. */
function ageOf({ olderThan, olderThanSeconds }: Call<'purge'>['body']): number {
  if ((olderThan === undefined) === (olderThanSeconds === undefined))
    malformedAge('say how old is old: olderThan ("90d") or olderThanSeconds')
  if (olderThanSeconds !== undefined) return olderThanSeconds * 1000
  return durationOf(olderThan!) ?? malformedAge('olderThan is a number and s, m, h, d, w or y, 1000y at most: 90d')
}

function malformedAge(message: string): never {
  throw new HoldfastError('malformed', message, { what: 'olderThan' })
}

type WebhookNames =
  | 'listWebhooks'
  | 'createWebhook'
  | 'updateWebhook'
  | 'deleteWebhook'
  | 'rotateWebhookSecret'
  | 'testWebhook'
  | 'listDeliveries'
  | 'replayDelivery'

const WEBHOOKS: Handlers<WebhookNames> = {
  listWebhooks: async (call) => ({ json: await adminOf(call).webhooks.list() }),
  async createWebhook(call) {
    return { status: 201, json: await adminOf(call).webhooks.create(call.body) }
  },
  updateWebhook: async (call) => ({ json: await adminOf(call).webhooks.update(call.params.id, call.body) }),
  async deleteWebhook(call) {
    await adminOf(call).webhooks.delete(call.params.id)
    return {}
  },
  rotateWebhookSecret: async (call) => ({ json: await adminOf(call).webhooks.rotateSecret(call.params.id) }),
  async testWebhook(call) {
    return { status: 202, json: await adminOf(call).webhooks.test(call.params.id) }
  },
  listDeliveries: async (call) => ({ json: await adminOf(call).webhooks.deliveries(call.params.id, call.query) }),
  async replayDelivery(call) {
    return { status: 202, json: await adminOf(call).webhooks.replay(call.params.id, call.params.delivery) }
  },
}

type BackupNames = 'listBackups' | 'createBackup' | 'readBackup' | 'verifyBackup'

function backupsOf({ service, now }: Context): Handlers<BackupNames> {
  const backups = new Backups(service.backupDirectory, now)
  return {
    listBackups: async ({ caller }) => ({ json: await backups.list(caller.who) }),
    createBackup: async (call) => ({ status: 201, json: await backups.create(call.caller.who, adminOf(call)) }),
    async readBackup({ caller, params }) {
      const { stream, bytes } = await backups.open(caller.who, params.name)
      const headers = {
        'content-length': String(bytes),
        'content-disposition': `attachment; filename="${params.name}"`,
      }
      return { stream, type: 'application/vnd.sqlite3', headers }
    },
    verifyBackup: async ({ caller, params }) => ({ json: await backups.verify(caller.who, params.name) }),
  }
}
