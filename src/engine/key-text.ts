import { randomBytes } from 'node:crypto'
import { decodeKey, type Key, readLine, toKey } from './keys.ts'

const KEY_BYTES = 32
const HEADING =
  '# Holdfast encrypts secrets with the first key here, and reads with all. Keep a copy in a safe place.\n'

export const newKey = (at: Date): Key => toKey(randomBytes(KEY_BYTES), at.toISOString())

/** The text of a new key file. */
export const printKeys = (keys: readonly Key[]): string => `${HEADING}${keys.map(printKey).join('\n')}\n`

/** `text` with `key` before all that stand in it: the first is for writing. */
export function withKey(text: string, key: Key): string {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => readLine(line).words.length > 0)
  return [...lines.slice(0, first), printKey(key), ...lines.slice(first)].join('\n')
}

/** `text` without the keys of these ids; every other line stays as it is. */
export function withoutKeys(text: string, ids: ReadonlySet<string>): string {
  const lines = text.split('\n').flatMap((line) => {
    const { words, comment } = readLine(line)
    const kept = words.filter((word) => !ids.has(toKey(decodeKey(word)!, null).id))
    if (kept.length === words.length) return [line]
    return kept.length === 0 ? [] : [`${kept.join(', ')}  ${comment}`.trimEnd()]
  })
  return lines.join('\n')
}

const printKey = ({ id, bytes, madeAt }: Key): string =>
  `${bytes.toString('base64url')}  # ${id}${madeAt === null ? '' : `, made ${madeAt}`}`
