/** What a webhook can be told of. The payload's `type` is `holdfast.` and this. */
export const WEBHOOK_KINDS = ['change', 'drift', 'source-stale', 'backup-failed'] as const
export type WebhookKind = (typeof WEBHOOK_KINDS)[number]

export interface WebhookRequest {
  readonly name: string
  /** `https:`; `http:` and private addresses only where the server's settings allow the host by name. */
  readonly url: string
  /** Patterns of namespaces; absent: all. */
  readonly namespaces?: readonly string[]
  /** Patterns of sections; absent: all. */
  readonly sections?: readonly string[]
  /** Absent: all. */
  readonly kinds?: readonly WebhookKind[]
  readonly isEnabled?: boolean
}

export interface Webhook extends Required<Omit<WebhookRequest, 'sections'>> {
  readonly id: string
  readonly sections: readonly string[] | null
  readonly createdAt: string
  readonly createdBy: string
  /** Why it was switched off by itself (410 Gone, or failing for the whole retry schedule); null where it was not. */
  readonly disabledReason: string | null
}

/** A webhook whose signing secret (`whsec_…`) is shown this once. */
export interface NewWebhook {
  readonly webhook: Webhook
  readonly secret: string
}

export interface Delivery {
  /** The message's id, `webhook-id` on the wire: the same in each attempt. */
  readonly id: string
  readonly webhookId: string
  readonly kind: WebhookKind | 'test'
  readonly namespace: string | null
  readonly createdAt: string
  readonly state: 'waiting' | 'delivered' | 'failed'
  readonly attempts: number
  readonly lastAttemptAt: string | null
  readonly nextAttemptAt: string | null
  /** HTTP status of the last answer; null where there was none. */
  readonly status: number | null
  readonly error: string | null
  /** Milliseconds of the last attempt. */
  readonly duration: number | null
}

export interface Webhooks {
  create(request: WebhookRequest): Promise<NewWebhook>
  list(): Promise<readonly Webhook[]>
  update(id: string, request: Partial<WebhookRequest>): Promise<Webhook>
  delete(id: string): Promise<void>
  /** A new secret; for 24 h messages carry both signatures. */
  rotateSecret(id: string): Promise<NewWebhook>
  /** Puts a test message into the outbox. */
  test(id: string): Promise<Delivery>
  deliveries(
    id: string,
    query?: { readonly limit?: number; readonly cursor?: string },
  ): Promise<{ readonly items: readonly Delivery[]; readonly nextCursor: string | null }>
  /** Sends a message again, under its id. */
  replay(id: string, deliveryId: string): Promise<Delivery>
}
