import { HoldfastError } from '../model/errors.ts'
import type { Fence } from '../model/lease.ts'
import type { Version } from '../model/version.ts'
import type { Webhook } from '../model/webhook.ts'
import type { DeliveryRow } from '../store/shelves.ts'
import { storeOf } from './under-lease.ts'
import { changePayload, gapPayload, type News, newsPayload, wants } from './webhook-message.ts'
import type { WebhookParts, WebhookTable } from './webhook-parts.ts'
import { newMessageId } from './webhook-sign.ts'

const BATCH = 100

type Resumed = Awaited<ReturnType<WebhookParts['resume']>>

/**
 * Puts messages into the store's outbox. Of changes the versions themselves are the record of what is to be told: per webhook and namespace a
 * cursor says how far they were, and moves in the transaction that puts the messages there. So a crash neither loses a change nor tells it twice.
 */
export class Outbox {
  readonly #parts: WebhookParts
  readonly #table: WebhookTable
  readonly #touched = new Set<string>()
  #isAllTouched = false

  constructor(parts: WebhookParts, table: WebhookTable) {
    this.#parts = parts
    this.#table = table
  }

  /** Remembers that `namespace` has something to tell. */
  touch(namespace: string): void {
    this.#touched.add(namespace)
  }

  /** Remembers that any namespace may have something to tell. */
  touchAll(): void {
    this.#isAllTouched = true
  }

  /** Takes what the touched namespaces have to tell. What fails stays touched. */
  async gather(): Promise<void> {
    if (this.#isAllTouched) {
      for (const namespace of await this.#parts.store.namespaces()) this.touch(namespace)
      this.#isAllTouched = false
    }
    for (const namespace of this.#touched) {
      // what is touched again while it is gathered comes round again
      this.#touched.delete(namespace)
      try {
        await this.#gather(namespace)
      } catch (error) {
        if (HoldfastError.is(error, 'not-found')) continue // the namespace was deleted meanwhile
        this.touch(namespace)
        throw error
      }
    }
  }

  async #gather(namespace: string): Promise<void> {
    const hooks = (await this.#table.all()).filter((hook) => wants(hook, 'change', namespace))
    const head = hooks.length === 0 ? undefined : await this.#parts.store.head(namespace)
    if (head === undefined) return
    const cursors = await Promise.all(hooks.map(async (hook) => ({ hook, from: await this.#cursor(hook, namespace) })))
    const behind = cursors.filter(({ from }) => from !== head.id)
    for (const [from, group] of Map.groupBy(behind, (one) => one.from)) {
      await this.#take(
        namespace,
        from,
        group.map(({ hook }) => hook),
      )
    }
  }

  async #cursor(hook: Webhook, namespace: string): Promise<number> {
    return (await this.#parts.store.webhooks.cursor(hook.id, namespace)) ?? 0
  }

  async #take(namespace: string, from: number, hooks: readonly Webhook[]): Promise<void> {
    const { isWhole, events } = await this.#parts.resume(namespace, from, BATCH)
    if (events.length >= BATCH) this.touch(namespace) // there may be more
    for (const hook of hooks) {
      try {
        if (isWhole) await this.#tellChanges(hook, namespace, from, events)
        else await this.#tellGap(hook, namespace, from)
      } catch (error) {
        if (!HoldfastError.is(error, 'conflict')) throw error
        this.touch(namespace) // another process told it first: see how far it came
      }
    }
  }

  async #tellChanges(hook: Webhook, namespace: string, from: number, events: Resumed['events']): Promise<void> {
    const last = events.at(-1)
    if (last === undefined) return
    const payloads = events
      .map((event) =>
        changePayload(hook, namespace, { ...event, version: this.#shown(hook, namespace, event.version) }),
      )
      .filter((text) => text !== undefined)
    await this.#parts.store.webhooks.enqueue(
      payloads.map((payload) => this.message(hook, 'change', namespace, payload)),
      { webhookId: hook.id, namespace, from, to: last.version.id },
    )
  }

  /** What came between was purged, or the store is another one: one message says so. */
  async #tellGap(hook: Webhook, namespace: string, from: number): Promise<void> {
    const head = await this.#parts.store.head(namespace)
    if (head === undefined) return
    const row = this.message(hook, 'change', namespace, gapPayload(namespace, this.#shown(hook, namespace, head)))
    await this.#parts.store.webhooks.enqueue([row], { webhookId: hook.id, namespace, from, to: head.id })
  }

  /** A receiver of some sections gets no hash by which it could try what the others hold. */
  #shown(hook: Webhook, namespace: string, version: Version): Version {
    const isWhole = hook.sections === null || hook.sections.includes('*')
    return isWhole ? version : this.#parts.disguise(namespace, version)
  }

  /** Tells every webhook that wants to know; with `fence`, only while that lease is held. */
  async tell(news: News, fence?: Fence): Promise<void> {
    const timestamp = this.#parts.now().toISOString()
    const hooks = (await this.#table.all()).filter((hook) => wants(hook, news.kind, news.namespace))
    const rows = hooks.flatMap((hook) => {
      const payload = newsPayload(hook, news, timestamp)
      return payload === undefined ? [] : [this.message(hook, news.kind, news.namespace, payload)]
    })
    const { webhooks } = storeOf(this.#parts.store, { ...(fence && { lease: fence }) })
    if (rows.length > 0) await webhooks.enqueue(rows)
  }

  /** Begins anew in the namespaces that `after` follows and `before` did not: what was committed in between is not told. */
  async skip(before: Webhook, after: Webhook): Promise<void> {
    for (const namespace of await this.#parts.store.namespaces()) {
      if (wants(after, 'change', namespace) && !wants(before, 'change', namespace)) await this.#toHead(after, namespace)
    }
  }

  async #toHead(hook: Webhook, namespace: string): Promise<void> {
    for (;;) {
      const from = await this.#cursor(hook, namespace)
      const to = (await this.#parts.store.head(namespace))?.id ?? 0
      if (from === to) return
      try {
        return await this.#parts.store.webhooks.enqueue([], { webhookId: hook.id, namespace, from, to })
      } catch (error) {
        if (!HoldfastError.is(error, 'conflict')) throw error
      }
    }
  }

  /** A message that is due at once. */
  message(hook: Webhook, kind: DeliveryRow['kind'], namespace: string | null, payload: string): DeliveryRow {
    const at = this.#parts.now().toISOString()
    return {
      id: newMessageId(),
      webhookId: hook.id,
      kind,
      namespace,
      createdAt: at,
      state: 'waiting',
      attempts: 0,
      lastAttemptAt: null,
      nextAttemptAt: at,
      status: null,
      error: null,
      duration: null,
      payload,
    }
  }
}
