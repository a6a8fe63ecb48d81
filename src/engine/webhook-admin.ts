import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../model/errors.ts'
import { authoriseStore, type Principal } from '../model/principal.ts'
import { SEAL } from '../model/secret.ts'
import { type Delivery, type NewWebhook, WEBHOOK_KINDS, type Webhook, type Webhooks } from '../model/webhook.ts'
import type { DeliveryRow, Page, WebhookRow } from '../store/shelves.ts'
import type { Origin } from './origin.ts'
import type { Outbox } from './outbox.ts'
import { listOf, pageOf, readPage } from './paging.ts'
import { testPayload } from './webhook-message.ts'
import type { WebhookParts, WebhookTable } from './webhook-parts.ts'
import { readWebhookRequest } from './webhook-request.ts'
import { newSecret, type SecretBox } from './webhook-sign.ts'

/** What managing webhooks and sending to them have in common. */
export interface Room {
  readonly parts: WebhookParts
  readonly table: WebhookTable
  readonly outbox: Outbox
  readonly box: SecretBox
  readonly webhookHosts: readonly string[]
  readonly wake: () => void
}

const OVERLAP_MS = 24 * 60 * 60 * 1000

/** The webhooks as `who` may manage them; every call needs `admin` for the whole store. */
export function webhooksOf(room: Room, who: Principal, from?: Origin): Webhooks {
  const { parts, table, outbox } = room
  const shelf = parts.store.webhooks
  const guarded =
    <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      authoriseStore(who, 'admin')
      return work(...args)
    }
  /** What everybody who works with webhooks must hear of: the loops of this process, and the audit log. */
  const changed = (name: string, detail: string): void => {
    table.forget()
    room.wake()
    parts.record({
      event: 'webhook-changed',
      who: who.name,
      tokenId: who.tokenId,
      sourceIp: from?.ip ?? who.sourceIp,
      namespace: null,
      subject: name,
      detail,
      requestId: from?.requestId ?? null,
    })
  }

  return {
    list: guarded(async () => (await shelf.list()).map(toWebhook)),
    create: guarded(async (request) => {
      const made = await newWebhook(room, request, who.name)
      await shelf.insert(made.row)
      changed(made.row.name, 'created')
      return { webhook: toWebhook(made.row), secret: made.secret }
    }),
    update: guarded(async (id, request) => {
      const before = await findWebhook(room, id)
      const change = await readChange(room, before, request)
      const after = { ...before, ...change }
      await outbox.skip(before, after)
      await shelf.update(id, change)
      changed(after.name, `changed: ${Object.keys(request).join(', ')}`)
      return toWebhook(after)
    }),
    delete: guarded(async (id) => {
      const { name } = await findWebhook(room, id)
      await shelf.delete(id)
      changed(name, 'deleted')
    }),
    rotateSecret: guarded(async (id) => {
      const rotated = await rotate(room, await findWebhook(room, id))
      changed(rotated.webhook.name, 'secret rotated')
      return rotated
    }),
    test: guarded(async (id) => {
      const hook = await findWebhook(room, id)
      const row = outbox.message(hook, 'test', null, testPayload(hook, parts.now().toISOString()))
      await shelf.enqueue([row])
      room.wake()
      return toDelivery(row)
    }),
    deliveries: guarded((id, query = {}) => deliveries(room, id, query)),
    replay: guarded((id, deliveryId) => replay(room, id, deliveryId)),
  }
}

async function newWebhook(room: Room, request: unknown, createdBy: string) {
  const { parts, box, webhookHosts } = room
  const { name, url, sections, ...rest } = readWebhookRequest(request, webhookHosts)
  if (name === undefined || url === undefined)
    throw new HoldfastError('malformed', 'a webhook has a name and a url', {
      what: name === undefined ? 'name' : 'url',
    })
  const known = await parts.store.webhooks.list()
  refuseTaken(known, name)
  await box.prepare(known.length === 0 && !(await holdsSecrets(parts)))
  const id = `wh_${randomUUID().replaceAll('-', '')}`
  const secret = newSecret()
  const row: WebhookRow = {
    id,
    name,
    url,
    namespaces: rest.namespaces ?? ['*'],
    sections: kept(sections ?? null),
    kinds: rest.kinds ?? WEBHOOK_KINDS,
    isEnabled: rest.isEnabled ?? true,
    createdAt: parts.now().toISOString(),
    createdBy,
    disabledReason: null,
    secret: box.seal(id, secret),
    previousSecret: null,
    previousUntil: null,
  }
  return { row, secret }
}

async function readChange(
  { parts, webhookHosts }: Room,
  before: WebhookRow,
  request: unknown,
): Promise<Partial<WebhookRow>> {
  const { sections, ...rest } = readWebhookRequest(request, webhookHosts)
  if (rest.name !== undefined && rest.name !== before.name) refuseTaken(await parts.store.webhooks.list(), rest.name)
  return {
    ...rest,
    ...(sections !== undefined && { sections: kept(sections) }),
    ...(rest.isEnabled !== undefined && { disabledReason: null }),
  }
}

async function rotate({ parts, box }: Room, row: WebhookRow): Promise<NewWebhook> {
  await box.prepare(false)
  const secret = newSecret()
  await parts.store.webhooks.update(row.id, {
    secret: box.seal(row.id, secret),
    previousSecret: row.secret,
    previousUntil: new Date(parts.now().getTime() + OVERLAP_MS).toISOString(),
  })
  return { webhook: toWebhook(row), secret }
}

async function deliveries(room: Room, id: string, query: { readonly limit?: number; readonly cursor?: string }) {
  await findWebhook(room, id)
  const page = pageOf(query)
  const shelf = room.parts.store.webhooks
  const read = async (one: Page) =>
    (await shelf.deliveries(id, one)).map((row) => ({ id: row.row, delivery: toDelivery(row) }))
  return listOf(await readPage(page, read), page, ({ delivery }) => delivery)
}

async function replay(room: Room, id: string, deliveryId: string): Promise<Delivery> {
  const { parts, wake } = room
  const hook = await findWebhook(room, id)
  const row = await parts.store.webhooks.find(id, deliveryId)
  if (row === undefined) {
    const what = `delivery ${deliveryId}`
    throw new HoldfastError('not-found', `webhook ${hook.name} has no ${what}; deliveries are kept for 30 days`, {
      what,
    })
  }
  if (!hook.isEnabled && row.kind !== 'test') {
    const text = `webhook ${hook.name} is disabled: enable it before something is sent again`
    throw new HoldfastError('unsupported', text, { what: 'replay' })
  }
  const again = { ...row, state: 'waiting', attempts: 0, nextAttemptAt: parts.now().toISOString() } as const
  await parts.store.webhooks.settle(deliveryId, again)
  wake()
  return toDelivery(again)
}

async function findWebhook({ parts }: Room, id: string): Promise<WebhookRow> {
  const found = (await parts.store.webhooks.list()).find((row) => row.id === id)
  if (found !== undefined) return found
  const what = `webhook ${String(id).slice(0, 64)}`
  throw new HoldfastError('not-found', `the store has no ${what}; list them to see their ids`, { what })
}

function refuseTaken(known: readonly WebhookRow[], name: string): void {
  if (!known.some((row) => row.name === name)) return
  const what = `webhook ${name}`
  throw new HoldfastError('exists', `there is a ${what} already; choose another name`, { what })
}

/** What a lost key wrote must not come to stand beside what only a new one can read. */
async function holdsSecrets({ store }: WebhookParts): Promise<boolean> {
  for (const namespace of await store.namespaces()) {
    const state = await store.state(namespace)
    if (state?.documents.some(({ content }) => content.includes(SEAL))) return true
  }
  return false
}

/** Every section is no limit at all. */
const kept = (sections: readonly string[] | null): readonly string[] | null =>
  sections?.includes('*') ? null : sections

const toWebhook = ({ secret: _, previousSecret: __, previousUntil: ___, ...webhook }: WebhookRow): Webhook => webhook

const toDelivery = ({ payload: _, ...row }: DeliveryRow & { readonly row?: number }): Delivery => {
  const { row: __, ...delivery } = row
  return delivery
}
