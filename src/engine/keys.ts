import { join } from 'node:path'
import { HoldfastError } from '../model/errors.ts'

/** A key that secrets are encrypted under. Its id stands beside each ciphertext and tells nothing of it. */
export interface Key {
  readonly id: string
  readonly bytes: Buffer
  /** When it was made, where its line says so. */
  readonly madeAt: string | null
}

/** Where a store's keys are: in a variable, which no program can change for others, in a file, in memory alone, or not said. */
export type KeyPlace =
  | { readonly kind: 'variable'; readonly name: string; readonly text: string }
  | KeyFile
  | { readonly kind: 'memory'; readonly name: string }
  | { readonly kind: 'nowhere'; readonly name: string }

export interface KeyFile {
  readonly kind: 'file'
  /** As messages name it: its path. */
  readonly name: string
  /** True where somebody said that this is the file: then it is there. */
  readonly isNamed: boolean
}

export interface KeyPlaceOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The store's folder, where a key can be kept beside it; null where it has none. */
  readonly directory: string | null
  /** True where the store is gone when it is closed, so that its key may be too. */
  readonly isTransient: boolean
}

/** The keys as they were at one moment, and what tells whether they may be others by now. */
export interface Ring {
  readonly keys: readonly Key[]
  readonly stamp: string
}

/** The file made beside the store where the environment names no key. */
export const KEY_FILE = 'holdfast.key'
const KEY_BYTES = 32

/** Through `import`, `node:fs` would load all it could ever offer: 3 ms at each start. */
const { readFileSync, statSync } = process.getBuiltinModule('node:fs')

/** `HOLDFAST_KEY`, the file `HOLDFAST_KEY_FILE`, or `holdfast.key` beside the store, in this order. */
export function keyPlace({ environment, directory, isTransient }: KeyPlaceOptions): KeyPlace {
  const given = environment['HOLDFAST_KEY']
  if (given !== undefined) return { kind: 'variable', name: 'HOLDFAST_KEY', text: given }
  const named = environment['HOLDFAST_KEY_FILE']
  if (named !== undefined) return { kind: 'file', name: named, isNamed: true }
  if (directory === null) return isTransient ? { kind: 'memory', name: 'memory' } : NOWHERE
  return { kind: 'file', name: join(directory, KEY_FILE), isNamed: false }
}

/** Several machines may share a store without a folder: a key that one of them made the others would not have. */
const NOWHERE = { kind: 'nowhere', name: 'nowhere' } as const

/** The keys of a place; none where a file nobody named is not there. */
export function readRing(place: KeyPlace): Ring {
  if (place.kind === 'memory' || place.kind === 'nowhere') return { keys: [], stamp: '' }
  if (place.kind === 'variable') return { keys: parseKeys(place.text, place.name), stamp: '' }
  const stamp = stampOf(place) // before the text: what is written in between is read again
  return { keys: readFile(place), stamp }
}

/** Another text where the file was replaced or written since; told without reading it. */
export function stampOf({ name }: KeyFile): string {
  const found = statSync(name, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? '' : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ')
}

function readFile({ name, isNamed }: KeyFile): readonly Key[] {
  try {
    return parseKeys(readFileSync(name, 'utf8'), name)
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    if (!isNamed && (error as NodeJS.ErrnoException).code === 'ENOENT') return []
    const message = `the key file ${name} cannot be read: put it back, or see what HOLDFAST_KEY_FILE names`
    throw new HoldfastError('key', message, {}, { cause: error })
  }
}

/** One key a line (or separated by commas), 32 bytes as base64url, base64 or hex; `#` begins a comment. */
export function parseKeys(text: string, where: string): readonly Key[] {
  const keys = new Map<string, Key>()
  for (const line of text.split('\n')) {
    const { words, comment } = readLine(line)
    for (const word of words) {
      const bytes = decodeKey(word) ?? refuseKey(unreadable(where))
      const key = toKey(bytes, words.length === 1 ? madeIn(comment) : null)
      if (!keys.has(key.id)) keys.set(key.id, key)
    }
  }
  return keys.size > 0 ? [...keys.values()] : refuseKey(unreadable(where))
}

/** The keys of a line as they are written, and what stands after them. */
export function readLine(line: string): { readonly words: readonly string[]; readonly comment: string } {
  const hash = line.indexOf('#')
  const said = hash === -1 ? line : line.slice(0, hash)
  const words = said.split(/[\s,]+/).filter((word) => word !== '')
  return { words, comment: hash === -1 ? '' : line.slice(hash) }
}

export function decodeKey(word: string): Buffer | undefined {
  const bytes = /^[0-9a-f]{64}$/i.test(word) ? Buffer.from(word, 'hex') : Buffer.from(word, 'base64')
  return bytes.length === KEY_BYTES ? bytes : undefined
}

/** A key with its id, which is the beginning of a hash of it. */
export function toKey(bytes: Buffer, madeAt: string | null): Key {
  const { createHash } = process.getBuiltinModule('node:crypto')
  const id = createHash('sha256').update('holdfast key id\0').update(bytes).digest('hex').slice(0, 8)
  return { id, bytes, madeAt }
}

const madeIn = (comment: string): string | null =>
  /\bmade (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)/.exec(comment)?.[1] ?? null

const unreadable = (where: string): string =>
  `${where} holds no key: a key is 32 random bytes as base64 or hex, as printed by: openssl rand -base64 32`

/** The refusal (`key`) of what needs a key that is not here; never in words that hold one. */
export function refuseKey(message: string, keyId?: string): never {
  throw new HoldfastError('key', message, keyId === undefined ? {} : { keyId })
}
