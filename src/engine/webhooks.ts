import type { SourceStatus } from '../model/config.ts'
import type { Principal } from '../model/principal.ts'
import type { Webhooks } from '../model/webhook.ts'
import { readHosts } from '../source/url-fields.ts'
import type { Origin } from './origin.ts'
import { Outbox } from './outbox.ts'
import { Sender } from './sender.ts'
import { type Room, webhooksOf } from './webhook-admin.ts'
import type { News } from './webhook-message.ts'
import { coalesced, type WebhookParts, WebhookTable } from './webhook-parts.ts'
import { secretBox } from './webhook-sign.ts'

/** The webhooks of a store, and the sending of what they are to be told. */
export interface WebhookEngine extends AsyncDisposable {
  /** The webhooks as `who` may manage them: `admin` for the whole store. */
  as(who: Principal, from?: Origin): Webhooks
  /** Puts news into the outbox of every webhook that wants them. */
  tell(news: News): Promise<void>
  /** Looks now for what is to be told and what is due. */
  wake(): void
}

/** What gathers and sends while the store is open. */
interface Work extends AsyncDisposable {
  wake(): void
}

const GATHER_PAUSE_MS = 50
const RETRY_MS = 5000

/** Opens the webhooks of a store: gathers what was committed since it was open last, and sends what is due. */
export async function openWebhooks(parts: WebhookParts): Promise<WebhookEngine> {
  const webhookHosts = readHosts(parts.webhookHosts, 'webhookHosts')
  const table = new WebhookTable(parts.store)
  const outbox = new Outbox(parts, table)
  const room = { parts, table, outbox, webhookHosts, box: secretBox(parts.keyring) }
  const work = parts.isSender === false ? IDLE : begin(room)
  return {
    as: (who, from) => webhooksOf({ ...room, wake: work.wake }, who, from),
    async tell(news) {
      await outbox.tell(news)
      work.wake()
    },
    wake: work.wake,
    [Symbol.asyncDispose]: () => Promise.resolve(work[Symbol.asyncDispose]()),
  }
}

const IDLE: Work = { wake: () => undefined, [Symbol.asyncDispose]: async () => undefined }

/** Two loops: one takes commits into the outbox, in bundles so that it does not slow them; the other sends. */
function begin({ parts, table, outbox, webhookHosts, box }: Omit<Room, 'wake'>): Work {
  let timer: NodeJS.Timeout | undefined
  const failed = (error: unknown, what: string): void =>
    parts.log.warn({ error: (error as Error).message }, `webhooks: could not ${what}; trying again`)

  const send = coalesced(async () => {
    clearTimeout(timer)
    const wait = await sender.fill().catch((error) => {
      failed(error, 'read what is due')
      return RETRY_MS
    })
    timer = setTimeout(send.wake, wait).unref()
  })
  const gather = coalesced(async () => {
    await outbox.gather().catch((error) => {
      failed(error, 'take in what was committed')
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
  const onSource = (namespace: string, source: SourceStatus): void => {
    if (source.state !== 'stale') return
    outbox
      .tell({ kind: 'source-stale', namespace, source })
      .then(send.wake, (error) => failed(error, 'tell of a source'))
  }
  const stops = [
    parts.store.onForeignCommit((news) => {
      if (news !== 'tokens') wake()
    }),
    parts.onChange((namespace) => {
      outbox.touch(namespace)
      gather.wake()
    }),
    parts.onSource(onSource),
  ]
  wake()
  return {
    wake,
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop()
      await gather.close()
      await send.close()
      clearTimeout(timer)
      await sender.close()
    },
  }
}
