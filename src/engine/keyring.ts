import { join } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import type { Log } from './options.ts'

/** The keys that secrets are encrypted under: the first is for writing, all are for reading. */
export interface Keyring {
  /** Makes a key where there is none; refuses where secrets were written before, by one that is not here. */
  ensure(isFirst: () => boolean): Promise<void>
  encrypt(plain: string, context: string): { readonly id: string; readonly sealed: string }
  /** `undefined` where key, context and text do not belong together. */
  decrypt(id: string, sealed: string, context: string): string | undefined
}

interface Key {
  readonly id: string
  readonly bytes: Buffer
}

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** The file made beside the store where the environment names no key. */
export const KEY_FILE = 'holdfast.key'

export interface KeyringOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The store's folder, where a key can be kept beside it; null where it has none. */
  readonly directory: string | null
  /** True where the store is gone when it is closed, so that its key may be too. */
  readonly isTransient: boolean
  readonly log: Log
}

/** Through `import`, `node:fs` would load all it could ever offer: 3 ms at each start. */
const { readFileSync } = process.getBuiltinModule('node:fs')

/** `node:crypto` takes milliseconds to load, and most readers have no secrets. */
const crypto = () => process.getBuiltinModule('node:crypto')

/** Keys from `HOLDFAST_KEY`, the file `HOLDFAST_KEY_FILE`, or `holdfast.key` beside the store, in this order. */
export function loadKeyring(options: KeyringOptions): Keyring {
  const { environment, directory, isTransient } = options
  const given = environment['HOLDFAST_KEY']
  if (given !== undefined) return ringOf(parseKeys(given, 'HOLDFAST_KEY'))
  const named = environment['HOLDFAST_KEY_FILE']
  const file = named ?? (directory === null ? null : join(directory, KEY_FILE))
  const keys = file === null ? [] : readKeys(file, named !== undefined)
  const mayMake = named === undefined && (directory !== null || isTransient)
  return ringOf(keys, mayMake ? () => makeKey(file, options.log) : undefined)
}

function ringOf(keys: Key[], make?: () => Promise<Key>): Keyring {
  return {
    async ensure(isFirst) {
      if (keys.length > 0) return
      if (!isFirst()) refuse(LOST)
      if (make === undefined) refuse(NONE)
      keys.push(await make())
    },
    encrypt(plain, context) {
      const key = keys[0] ?? refuse('there is no key to encrypt secrets with')
      const own = derive(key, context)
      const nonce = crypto().createHmac('sha256', own).update('nonce\0').update(plain).digest().subarray(0, NONCE_BYTES)
      const cipher = crypto().createCipheriv('aes-256-gcm', own, nonce).setAAD(Buffer.from(context))
      const text = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return { id: key.id, sealed: text.toString('base64url') }
    },
    decrypt(id, sealed, context) {
      const key = keys.find((one) => one.id === id) ?? refuse(missing(id), id)
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

function readKeys(file: string, mustExist: boolean): Key[] {
  try {
    return parseKeys(readFileSync(file, 'utf8'), file)
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    if (!mustExist && (error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new HoldfastError(
      'key',
      `the key file ${file} cannot be read: put it back, or see what HOLDFAST_KEY_FILE names`,
      {},
      { cause: error },
    )
  }
}

/** One key a line (or separated by commas), 32 bytes as base64url, base64 or hex; `#` begins a comment. */
function parseKeys(text: string, where: string): Key[] {
  const words = text.replace(/#.*$/gm, '').split(/[\s,]+/)
  const keys = words.filter((word) => word !== '').map((word) => toKey(decodeKey(word) ?? refuse(unreadable(where))))
  return keys.length > 0 ? keys : refuse(unreadable(where))
}

const unreadable = (where: string): string =>
  `${where} holds no key: a key is 32 random bytes as base64 or hex, as printed by: openssl rand -base64 32`

function decodeKey(word: string): Buffer | undefined {
  const bytes = /^[0-9a-f]{64}$/i.test(word) ? Buffer.from(word, 'hex') : Buffer.from(word, 'base64')
  return bytes.length === KEY_BYTES ? bytes : undefined
}

function toKey(bytes: Buffer): Key {
  const id = crypto().createHash('sha256').update('holdfast key id\0').update(bytes).digest('hex').slice(0, 8)
  return { id, bytes }
}

/** Another process may make the first key at the same moment: whoever links first wins, and both read that one. */
async function makeKey(file: string | null, log: Log): Promise<Key> {
  const bytes = crypto().randomBytes(KEY_BYTES)
  if (file === null) return toKey(bytes)
  const made = `${file}.${process.pid}.${bytes.subarray(0, 4).toString('hex')}`
  await writeDurably(
    made,
    `# Holdfast encrypts secrets with this key. Keep a copy in a safe place.\n${bytes.toString('base64url')}\n`,
  )
  const won = await linkFirst(made, file)
  if (won)
    log.warn(
      { file },
      `made the key ${file}: without it the secrets in the store cannot be read; keep a copy somewhere else`,
    )
  return readKeys(file, true)[0]!
}

async function writeDurably(file: string, text: string): Promise<void> {
  const { open } = await import('node:fs/promises')
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function linkFirst(from: string, to: string): Promise<boolean> {
  const { link, rename, rm } = await import('node:fs/promises')
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    await rename(from, to) // a file system without hard links
    return true
  } finally {
    await rm(from, { force: true })
  }
}

function refuse(message: string, keyId?: string): never {
  throw new HoldfastError('key', message, keyId === undefined ? {} : { keyId })
}
