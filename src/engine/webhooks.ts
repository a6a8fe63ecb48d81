import type { SourceStatus } from '../model/config.ts'
import type { Fence } from '../model/lease.ts'
import type { Principal } from '../model/principal.ts'
import type { Webhooks } from '../model/webhook.ts'
import { readHosts } from '../source/url-fields.ts'
import { coalesced } from './coalesced.ts'
import type { Origin } from './origin.ts'
import { Outbox } from './outbox.ts'
import { Sender } from './sender.ts'
import { type Room, webhooksOf } from './webhook-admin.ts'
import type { News } from './webhook-message.ts'
import { type WebhookParts, WebhookTable } from './webhook-parts.ts'
import { secretBox } from './webhook-sign.ts'

/** The webhooks of a store, and the sending of what they are to be told. */
export interface WebhookEngine extends AsyncDisposable {
  /** The webhooks as `who` may manage them: `admin` for the whole store. */
  as(who: Principal, from?: Origin): Webhooks
  /** Puts news into the outbox of every webhook that wants them; with `fence`, only while that lease is held. */
  tell(news: News, fence?: Fence): Promise<void>
  /** Looks now for what is to be told and what is due. */
  wake(): void
}

/** What gathers and sends while the store is open. */
interface Work {
  wake(): void
  end(how: { readonly isLeaving: boolean }): Promise<void>
}

const GATHER_PAUSE_MS = 50
const RETRY_MS = 5000

/** Opens the webhooks of a store: gathers what was committed since it was open last, and sends what is due. */
export async function openWebhooks(parts: WebhookParts): Promise<WebhookEngine> {
  const webhookHosts = readHosts(parts.webhookHosts, 'webhookHosts')
  const table = new WebhookTable(parts.store)
  const outbox = new Outbox(parts, table)
  const room = { parts, table, outbox, webhookHosts, box: secretBox(parts.keyring) }
  let work = IDLE
  const wake = (): void => work.wake()
  const contender = await parts.leases?.contend('webhooks', {
    async begin(tenure) {
      await work.end({ isLeaving: false })
      work = begin({ ...room, parts: { ...parts, store: parts.store.fenced(tenure) } })
    },
    async end(how) {
      const ended = work
      work = IDLE
      await ended.end(how)
    },
  })
  const stop = contender === undefined ? () => undefined : parts.onSource(sourceListener(room, wake))
  return {
    as: (who, from) => webhooksOf({ ...room, wake }, who, from),
    async tell(news, fence) {
      await outbox.tell(news, fence)
      wake()
    },
    wake,
    async [Symbol.asyncDispose]() {
      stop()
      await contender?.close()
    },
  }
}

const failed = ({ log }: WebhookParts, error: unknown, what: string): void =>
  log.warn({ error: (error as Error).message }, `webhooks: could not ${what}; trying again`)

/** The node that loads a source is the one that tells of it: that it turned stale was written once, under its lease. */
function sourceListener({ parts, outbox }: Omit<Room, 'wake'>, wake: () => void) {
  return (namespace: string, source: SourceStatus): void => {
    if (source.state !== 'stale') return
    outbox
      .tell({ kind: 'source-stale', namespace, source })
      .then(wake, (error) => failed(parts, error, 'tell of a source'))
  }
}

const IDLE: Work = { wake: () => undefined, end: async () => undefined }

/** Two loops: one takes commits into the outbox, in bundles so that it does not slow them; the other sends. */
function begin({ parts, table, webhookHosts, box }: Omit<Room, 'wake'>): Work {
  const outbox = new Outbox(parts, table)
  let timer: NodeJS.Timeout | undefined
  const send = coalesced(async () => {
    clearTimeout(timer)
    const wait = await sender.fill().catch((error) => {
      failed(parts, error, 'read what is due')
      return RETRY_MS
    })
    timer = setTimeout(send.wake, wait).unref()
  })
  const gather = coalesced(async () => {
    await outbox.gather().catch((error) => {
      failed(parts, error, 'take in what was committed')
      setTimeout(gather.wake, RETRY_MS).unref()
    })
    send.wake()
  }, GATHER_PAUSE_MS)
  const sender = new Sender(parts, table, { ...parts.delivery, allowHosts: webhookHosts, box, onFree: send.wake })

  const wake = (): void => {
    table.forget()
    outbox.touchAll()
    gather.wake()
    send.wake()
  }
  const stops = [
    parts.store.onForeignCommit((news) => {
      if (news !== 'tokens') wake()
    }),
    parts.onChange((namespace) => {
      outbox.touch(namespace)
      gather.wake()
    }),
  ]
  wake()
  return {
    wake,
    async end(how) {
      for (const stop of stops) stop()
      await gather.close()
      await send.close()
      clearTimeout(timer)
      await sender.close(how)
    },
  }
}
