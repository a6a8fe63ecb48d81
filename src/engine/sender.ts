import { HoldfastError } from '../model/errors.ts'
import type { DeliveryRow, WebhookRow } from '../store/shelves.ts'
import { type Attempt, type DeliverOptions, deliver } from './deliver.ts'
import type { WebhookParts, WebhookTable } from './webhook-parts.ts'
import { isGone, restAfter, type Settled, settled } from './webhook-retry.ts'
import { type SecretBox, signedHeaders } from './webhook-sign.ts'
import { type AttemptTrace, traceOfAttempt, traceparent } from './webhook-trace.ts'

const MOST_AT_ONCE = 4
const REST_MS = 5000
const LONGEST_SLEEP = 60_000
const SHORTEST_SLEEP = 1000
const LAST_SEEN = 1000
const GRACE_MS = 3000

export interface SenderOptions extends DeliverOptions {
  readonly box: SecretBox
  /** Called where something can be sent again. */
  readonly onFree: () => void
}

/** Sends what is due: a few at once and one for each webhook, so that a slow receiver holds up its own messages only. */
export class Sender {
  readonly #parts: WebhookParts
  readonly #table: WebhookTable
  readonly #options: SenderOptions
  readonly #flying = new Map<string, Promise<void>>()
  /** Until when (milliseconds) a receiver is left alone. */
  readonly #rests = new Map<string, number>()
  /** Who was served last, so that all take turns. */
  readonly #served = new Map<string, number>()
  readonly #stop = new AbortController()
  #turn = 0

  constructor(parts: WebhookParts, table: WebhookTable, options: SenderOptions) {
    this.#parts = parts
    this.#table = table
    this.#options = options
  }

  /** Begins to send what is due, as far as there is room; tells how many milliseconds to sleep then. */
  async fill(): Promise<number> {
    const hooks = (await this.#table.all()).toSorted((a, b) => this.#turnOf(a) - this.#turnOf(b))
    for (const hook of hooks) {
      if (this.#flying.size >= MOST_AT_ONCE || this.#stop.signal.aborted) break
      if (this.#flying.has(hook.id) || this.#isResting(hook)) continue
      const row = await this.#parts.store.webhooks.due(hook.id, this.#parts.now().toISOString())
      if (row !== undefined) this.#begin(hook, row)
    }
    const next = await this.#parts.store.webhooks.nextDue()
    const wait = next === undefined ? LONGEST_SLEEP : Date.parse(next) - this.#parts.now().getTime()
    return Math.min(Math.max(wait, SHORTEST_SLEEP), LONGEST_SLEEP)
  }

  #turnOf({ id }: WebhookRow): number {
    return this.#served.get(id) ?? 0
  }

  #isResting({ id }: WebhookRow): boolean {
    const until = this.#rests.get(id)
    if (until === undefined || until > this.#parts.now().getTime()) return until !== undefined
    this.#rests.delete(id)
    return false
  }

  #rest(hook: WebhookRow, ms: number): void {
    if (ms > 0) this.#rests.set(hook.id, this.#parts.now().getTime() + ms)
  }

  #begin(hook: WebhookRow, row: DeliveryRow): void {
    this.#served.set(hook.id, ++this.#turn)
    const work = this.#send(hook, row).catch((error) => {
      if (this.#stop.signal.aborted) return // it stays in the outbox and is sent again by whoever opens the store next
      this.#rest(hook, REST_MS)
      this.#parts.log.warn({ webhook: hook.name, error: (error as Error).message }, 'could not note a delivery')
    })
    this.#flying.set(
      hook.id,
      work.finally(() => {
        this.#flying.delete(hook.id)
        this.#options.onFree()
      }),
    )
  }

  async #send(hook: WebhookRow, row: DeliveryRow): Promise<void> {
    const { webhooks } = this.#parts.store
    if (!hook.isEnabled && row.kind !== 'test') return webhooks.settle(row.id, unsent(row))
    const trace = traceOfAttempt(row.id)
    const attempt = await this.#attempt(hook, row, trace)
    const outcome = settled(row, attempt, this.#parts.now(), Math.random())
    this.#rest(hook, restAfter(attempt))
    await webhooks.settle(row.id, outcome)
    this.#parts.log.info(deliveryLine(hook, row, outcome, trace), 'delivery')
    if (!hook.isEnabled || outcome.state !== 'failed') return
    if (isGone(attempt)) await this.#disable(hook, 'its receiver answered 410 Gone')
    else if (row.kind !== 'test' && !(await this.#hasDelivered(row)))
      await this.#disable(hook, `nothing arrived for three days; last: ${attempt.error}`)
  }

  async #attempt(hook: WebhookRow, row: DeliveryRow, trace: AttemptTrace): Promise<Attempt> {
    try {
      const message = { id: row.id, payload: row.payload, at: this.#parts.now() }
      const headers = { ...signedHeaders(this.#options.box, hook, message), traceparent: traceparent(trace) }
      return await deliver(new URL(hook.url), { headers, payload: row.payload }, this.#stop.signal, this.#options)
    } catch (error) {
      if (!HoldfastError.is(error, 'key')) throw error
      return { status: null, error: error.message, duration: 0, retryAfter: null }
    }
  }

  /** True where any other message arrived since this one was made: then it is not the receiver that fails. */
  async #hasDelivered(row: DeliveryRow): Promise<boolean> {
    const recent = await this.#parts.store.webhooks.deliveries(row.webhookId, { limit: LAST_SEEN })
    return recent.some(({ state, lastAttemptAt }) => state === 'delivered' && (lastAttemptAt ?? '') > row.createdAt)
  }

  async #disable(hook: WebhookRow, disabledReason: string): Promise<void> {
    await this.#parts.store.webhooks.update(hook.id, { isEnabled: false, disabledReason })
    this.#table.forget()
    this.#parts.log.warn({ webhook: hook.name }, `webhook ${hook.name} is disabled: ${disabledReason}`)
    this.#parts.record({
      event: 'webhook-changed',
      who: null,
      tokenId: null,
      sourceIp: null,
      namespace: null,
      subject: hook.name,
      detail: `disabled by itself: ${disabledReason}`,
      requestId: null,
    })
  }

  /** Gives what is under way a moment to end, so that it need not be sent twice; none where another node sends by now. */
  async close({ isLeaving }: { readonly isLeaving: boolean }): Promise<void> {
    const ended = Promise.all(this.#flying.values())
    if (!isLeaving) this.#stop.abort()
    const late = setTimeout(() => this.#stop.abort(), GRACE_MS)
    await ended
    clearTimeout(late)
    this.#stop.abort()
  }
}

/** An attempt as the log has it: what was sent stands in the store, and an address may hold a secret. */
function deliveryLine(
  hook: WebhookRow,
  row: DeliveryRow,
  { state, attempts, status, duration }: Settled,
  trace: AttemptTrace,
) {
  const { id: delivery, kind, namespace } = row
  return { webhook: hook.name, delivery, kind, namespace, state, attempts, status, ms: duration, ...trace }
}

const unsent = ({ attempts, lastAttemptAt, status, duration }: DeliveryRow): Settled => ({
  state: 'failed',
  attempts,
  lastAttemptAt,
  nextAttemptAt: null,
  status,
  error: 'the webhook is disabled; replay it when it is enabled again',
  duration,
})
