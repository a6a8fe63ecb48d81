import { isTransient } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Resealed } from '../model/key.ts'
import { type Path, printPath } from '../model/path.ts'
import { isSealed, mapStrings, readSeal } from '../model/secret.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { Value } from '../model/value.ts'
import type { WebhookRow } from '../store/shelves.ts'
import type { Store } from '../store/store.ts'
import { callersOf } from './callers.ts'
import { type Keyring, loadKeyring } from './keyring.ts'
import { openNamespace } from './namespace.ts'
import type { OpenOptions } from './options.ts'
import { resealJob } from './reseal.ts'
import { secretsOf } from './secrets.ts'
import { toState } from './stored.ts'
import { type SecretBox, secretBox } from './webhook-sign.ts'

/** A store, and how it is worked on. */
export interface KeyRoom {
  readonly store: Store
  readonly options: Required<Pick<OpenOptions, 'environment' | 'log' | 'now' | 'actor'>>
}

/** The ring as it is by now. */
export const ringOf = ({ store, options }: KeyRoom): Keyring =>
  loadKeyring({ ...options, directory: store.directory, isTransient: isTransient(store.name) })

/** The keys of all that is in force; refuses (`key`) where something of it does not open: with another key in front it would not either. */
export async function requireReadable(room: KeyRoom): Promise<ReadonlySet<string>> {
  const { store } = room
  const keys = new Set<string>()
  const unread: string[] = []
  for (const namespace of await store.namespaces()) {
    const secrets = secretsOf(namespace, () => ringOf(room))
    const { snapshot } = toState(await store.state(namespace), (_, __, value) => value)
    for (const { path, text } of sealedIn(snapshot)) {
      keys.add(readSeal(text).id)
      if (!opens(() => secrets.open(path, text))) unread.push(`${printPath(path)} in namespace ${namespace}`)
    }
  }
  const box = secretBox(() => ringOf(room))
  for (const { id, name, secret } of await store.webhooks.list()) {
    keys.add(readSeal(secret).id)
    if (!opens(() => box.open(id, secret))) unread.push(`the signing secret of webhook ${name}`)
  }
  if (unread.length > 0) throw unreadable(unread)
  return keys
}

function unreadable(what: readonly string[]): HoldfastError {
  const more = what.length > 3 ? `, and ${what.length - 3} more` : ''
  const text = `${what.slice(0, 3).join(', ')}${more} cannot be read with the keys that are here; nothing was changed. Say the keys as the service is told them (HOLDFAST_KEY, HOLDFAST_KEY_FILE), or set anew what is lost`
  return new HoldfastError('key', text, {})
}

function opens(open: () => unknown): boolean {
  try {
    open()
    return true
  } catch (error) {
    if (HoldfastError.is(error, 'key')) return false
    throw error
  }
}

/** Every ciphertext of the layers and the overrides. */
function sealedIn({ layers, overrides }: Snapshot): readonly { readonly path: Path; readonly text: string }[] {
  const found: { readonly path: Path; readonly text: string }[] = []
  const gather = (at: Path, value: Value): void =>
    void mapStrings(value, (text, rest) => {
      if (isSealed(text)) found.push({ path: [...at, ...rest], text })
      return text
    })
  for (const { documents } of layers) for (const [name, doc] of documents) if (!doc.isPlain) gather([name], doc.value)
  for (const group of overrides.values())
    for (const { path, value } of group.values()) if (value !== undefined) gather(path, value)
  return found
}

/** Everything in force under the key for writing: a version in each namespace where that was not so, and the secrets of webhooks. */
export async function resealAll(room: KeyRoom): Promise<Pick<Resealed, 'key' | 'namespaces' | 'webhooks'>> {
  const namespaces: Resealed['namespaces'][number][] = []
  for (const namespace of await room.store.namespaces()) {
    const { version, changes } = await resealNamespace(room, namespace)
    namespaces.push({ namespace, version, secrets: changes.length })
  }
  const webhooks = await resealWebhooks(room)
  return { key: ringOf(room).first(), namespaces, webhooks }
}

async function resealNamespace({ store, options }: KeyRoom, namespace: string) {
  const callerOf = callersOf(options)
  const opened = await openNamespace(store, namespace, { ...options, follow: false }, { callerOf, loadsStored: false })
  try {
    const writer = await opened.writer()
    return await writer.submit(resealJob(opened.parts, callerOf({})))
  } finally {
    await opened.close()
  }
}

async function resealWebhooks(room: KeyRoom): Promise<number> {
  const { webhooks } = room.store
  const ring = ringOf(room)
  const box = secretBox(() => ring)
  let done = 0
  for (let rows = await webhooks.list(); ; rows = await webhooks.list()) {
    const old = rows.filter(
      ({ secret, previousSecret }) => ![secret, previousSecret].every((text) => isUnder(text, ring)),
    )
    if (old.length === 0) return done
    for (const row of old) if (await resealWebhook(webhooks, box, row)) done++
  }
}

const isUnder = (text: string | null, ring: Keyring): boolean => text === null || readSeal(text).id === ring.first()

/** False where it was changed or deleted meanwhile: then it is looked at again. */
async function resealWebhook(webhooks: Store['webhooks'], box: SecretBox, row: WebhookRow): Promise<boolean> {
  const { id, secret, previousSecret } = row
  const renew = (text: string): string => box.seal(id, box.open(id, text))
  const previous = previousSecret !== null && opens(() => box.open(id, previousSecret)) ? renew(previousSecret) : null
  try {
    await webhooks.update(id, { secret: renew(secret), previousSecret: previous }, { secret, previousSecret })
    return true
  } catch (error) {
    if (HoldfastError.is(error, 'not-found')) return false
    throw error
  }
}
