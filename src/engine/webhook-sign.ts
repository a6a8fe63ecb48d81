import { createHmac, randomBytes } from 'node:crypto'
import { HoldfastError } from '../model/errors.ts'
import { printSeal, readSeal } from '../model/secret.ts'
import type { WebhookRow } from '../store/shelves.ts'
import type { Keyring } from './keyring.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** A new signing secret as Standard Webhooks writes it. */
export const newSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64')

/** A new id of a message: what a receiver knows it by, however often it comes. */
export const newMessageId = (): string => `msg_${randomBytes(16).toString('hex')}`

/** Signing secrets as ciphertext that opens only for the webhook they belong to. No namespace can have the context's name. */
export interface SecretBox {
  /** Makes sure that there is a key; one is made only where no webhook has a secret yet. */
  prepare(isFirst: boolean): Promise<void>
  seal(webhookId: string, secret: string): string
  open(webhookId: string, sealed: string): string
}

export function secretBox(load: () => Keyring): SecretBox {
  let ring: Keyring | undefined
  const ready = (): Keyring => {
    ring ??= load()
    return ring
  }
  const context = (webhookId: string): string => `$webhooks\0${webhookId}`
  return {
    prepare: (isFirst) => ready().ensure(() => isFirst),
    seal(webhookId, secret) {
      return printSeal(ready().encrypt(secret, context(webhookId)))
    },
    open(webhookId, text) {
      const { id, sealed } = readSeal(text)
      const plain = ready().decrypt(id, sealed, context(webhookId))
      if (plain !== undefined) return plain
      throw new HoldfastError('key', `the secret of webhook ${webhookId} does not open with key ${id}: rotate it`, {
        keyId: id,
      })
    },
  }
}

/** The headers of one attempt: a signature by the secret, and for a day after a rotation by the one before too. */
export function signedHeaders(
  box: SecretBox,
  row: Pick<WebhookRow, 'id' | 'secret' | 'previousSecret' | 'previousUntil'>,
  message: { readonly id: string; readonly payload: string; readonly at: Date },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(message.at.getTime() / 1000))
  const isOverlap = row.previousSecret !== null && (row.previousUntil ?? '') > message.at.toISOString()
  const sealed = isOverlap ? [row.secret, row.previousSecret!] : [row.secret]
  const content = `${message.id}.${timestamp}.${message.payload}`
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': sealed.map((one) => `v1,${signature(box.open(row.id, one), content)}`).join(' '),
  }
}

const signature = (secret: string, content: string): string =>
  createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
    .update(content)
    .digest('base64')
