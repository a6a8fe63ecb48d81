import { KEY_FILE, type Key, type KeyPlaceOptions, keyPlace, readRing, refuseKey, stampOf } from './keys.ts'
import type { Log } from './options.ts'

/**
 * The keys that secrets are encrypted under: the first is for writing, all are for reading. Of a file they are as the file has them by now:
 * another process may have put a new one in front.
 */
export interface Keyring {
  /**
   * Before anything is encrypted: takes in what the file says by now, and makes a key where there is none. Refuses where secrets were written
   * before, by one that is not here.
   */
  ensure(isFirst: () => boolean): Promise<void>
  /** The id of the key for writing. */
  first(): string
  /** Under the first key, or under the last, which is the same for longest. */
  encrypt(plain: string, context: string, which?: 'first' | 'last'): { readonly id: string; readonly sealed: string }
  /** `undefined` where key, context and text do not belong together. */
  decrypt(id: string, sealed: string, context: string): string | undefined
}

export interface KeyringOptions extends KeyPlaceOptions {
  readonly log: Log
  /** The clock, by which a key that is made says when. */
  readonly now?: () => Date
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** `node:crypto` takes milliseconds to load, and most readers have no secrets. */
const crypto = () => process.getBuiltinModule('node:crypto')

/** Keys from `HOLDFAST_KEY`, the file `HOLDFAST_KEY_FILE`, or `holdfast.key` beside the store, in this order. */
export function loadKeyring(options: KeyringOptions): Keyring {
  const { log, now = () => new Date() } = options
  const place = keyPlace(options)
  let ring = readRing(place)

  /** A file that held keys and is gone is not as good as one that was never there. */
  function refresh(): void {
    if (place.kind !== 'file' || stampOf(place) === ring.stamp) return
    ring = readRing({ ...place, isNamed: place.isNamed || ring.keys.length > 0 })
  }

  const known = (id: string): Key | undefined => ring.keys.find((key) => key.id === id)

  function find(id: string): Key {
    const found = known(id)
    if (found !== undefined) return found
    refresh()
    return known(id) ?? refuseKey(missing(id), id)
  }

  return {
    async ensure(isFirst) {
      refresh()
      if (ring.keys.length > 0) return
      if (!isFirst()) refuseKey(LOST)
      const { newKey } = await import('./key-text.ts')
      if (place.kind === 'file') {
        const { makeKeyFile } = await import('./key-write.ts')
        await makeKeyFile(place.name, newKey(now()), log)
        ring = readRing({ ...place, isNamed: true })
      } else if (place.kind === 'nowhere') refuseKey(NONE)
      else if (ring.keys.length === 0) ring = { ...ring, keys: [newKey(now())] } // another may have waited with us
    },
    first: () => (ring.keys[0] ?? refuseKey(NONE)).id,
    encrypt(plain, context, which = 'first') {
      const key = ring.keys.at(which === 'first' ? 0 : -1) ?? refuseKey(NONE)
      const own = derive(key, context)
      const nonce = crypto().createHmac('sha256', own).update('nonce\0').update(plain).digest().subarray(0, NONCE_BYTES)
      const cipher = crypto().createCipheriv('aes-256-gcm', own, nonce).setAAD(Buffer.from(context))
      const text = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return { id: key.id, sealed: text.toString('base64url') }
    },
    decrypt(id, sealed, context) {
      const key = find(id)
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
      const decipher = crypto().createDecipheriv('aes-256-gcm', derive(key, context), bytes.subarray(0, NONCE_BYTES))
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)).toString() + decipher.final('utf8')
      } catch {
        return undefined // GCM's tag does not match: the caller says what that means where it stands
      }
    },
  }
}

const NONE =
  'there is no key to encrypt secrets with: put one (openssl rand -base64 32) into HOLDFAST_KEY, or into the file that HOLDFAST_KEY_FILE names, the same on every node'

const LOST = `the key of the secrets that are here already is missing: set HOLDFAST_KEY or HOLDFAST_KEY_FILE, or put ${KEY_FILE} back beside the store. If it is lost, put a new one there (openssl rand -base64 32) and set each secret again`

const missing = (id: string): string =>
  `the secret was encrypted with key ${id}, which is not here: set HOLDFAST_KEY or HOLDFAST_KEY_FILE, or put ${KEY_FILE} back beside the store`

const derive = (key: Key, context: string): Buffer =>
  crypto().createHmac('sha256', key.bytes).update('holdfast secret\0').update(context).digest()
