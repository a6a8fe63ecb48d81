import { isAscii } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { decodeText } from '../format/decode.ts'
import type { ParseOptions } from '../format/format.ts'
import { readJson } from '../format/json-read.ts'
import { SourceText } from '../format/source-text.ts'
import { HoldfastError } from '../model/errors.ts'
import { LIMITS } from '../model/limits.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'

export const DEFAULT_BYTES = 4 * 1024 * 1024

const ACCEPTED = ['application/json']
const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?;?$/i

/** True where a body follows, of whatever length. */
export const hasBody = ({ 'content-length': length, 'transfer-encoding': encoding }: IncomingHttpHeaders): boolean =>
  encoding !== undefined || (length !== undefined && length !== '0')

/** Refuses a body of another type than JSON, or one that says itself to be too long, before it is read. */
export function checkBody(headers: IncomingHttpHeaders, limit: number): void {
  if (!hasBody(headers)) return
  const type = headers['content-type'] ?? ''
  const encoding = headers['content-encoding'] ?? 'identity'
  if (!JSON_TYPE.test(type.trim())) throw mediaType(type === '' ? 'nothing' : type)
  if (encoding !== 'identity') throw mediaType(`content-encoding ${encoding}`)
  const length = Number(headers['content-length'] ?? 0)
  if (length > limit) throw tooLarge(limit, length)
}

function mediaType(found: string): HoldfastError {
  return new HoldfastError('media-type', `the body is ${found.slice(0, 100)}; send application/json, UTF-8`, {
    found: found.slice(0, 100),
    accepted: ACCEPTED,
  })
}

export function tooLarge(limit: number, found?: number): HoldfastError {
  const message = `the body is over the limit${found === undefined ? '' : `: ${found} bytes`}, allowed ${limit} (option requestBytes)`
  return new HoldfastError('too-large', message, { limit: 'requestBytes', allowed: limit, ...(found && { found }) })
}

/** A value may be as deep as the limit, and stands below `set`, a section and a key. */
const AROUND = 3

/**
 * Reads a body: one JSON object in UTF-8 with no member twice, no number that would lose digits, no depth without an end. Every name is an
 * ordinary one, `__proto__` too.
 */
export function parseBody(bytes: Buffer, depth: number = LIMITS.depth): Tree {
  const plain = readPlain(bytes, depth)
  if (plain !== undefined) return plain
  const options: ParseOptions = {
    file: 'body',
    limits: {
      ...LIMITS,
      sourceBytes: Number.POSITIVE_INFINITY,
      keyLength: Number.POSITIVE_INFINITY,
      depth: depth + AROUND,
    },
  }
  try {
    const text = decodeText(bytes, options)
    return readJson(new SourceText(text, options), { comments: false, trailingCommas: false, json5: false }).tree
  } catch (error) {
    if (HoldfastError.is(error, 'syntax')) throw malformedBody(error)
    if (HoldfastError.is(error, 'too-large')) throw error
    throw new HoldfastError('malformed', 'the body cannot be read as JSON', { what: 'body' }, { cause: error })
  }
}

const PLAIN_BYTES = 16 * 1024
const OPENING = /[[{]/g

/**
 * Reads what is as `JSON.stringify` would write it, which most bodies are, by the platform's own quick reader: what comes back to the same text
 * had no member twice and no number that lost digits. Undefined for any other.
 */
function readPlain(bytes: Buffer, depth: number): Tree | undefined {
  if (bytes.length > PLAIN_BYTES || !isAscii(bytes)) return undefined
  const text = bytes.toString('latin1')
  if (text.includes('\\u') || text.includes('__proto__') || (text.match(OPENING)?.length ?? 0) > depth) return undefined
  try {
    const value: Value = JSON.parse(text)
    return isTree(value) && JSON.stringify(value) === text ? value : undefined
  } catch {
    return undefined // read again for where and what
  }
}

function malformedBody({ message, details }: HoldfastError<'syntax'>): HoldfastError {
  const what = message.replace(/^body:\d+:\d+: /, '')
  return new HoldfastError(
    'malformed',
    `the body is not the JSON of an object: line ${details.line}, column ${details.column}: ${what}`,
    { what: 'body' },
  )
}
