import { FORMATS } from '../format/format.ts'
import { HoldfastError } from '../model/errors.ts'
import type { SourceSpec } from '../model/layer.ts'
import type { Limits } from '../model/limits.ts'
import { isTree, toValue } from '../model/value.ts'
import { readHeaders, readHosts, readHref } from './url-fields.ts'

/** Checks one field of a spec and returns it as it is kept; `what` names it in a refusal. */
export type Reader = (value: unknown, what: string) => unknown

type Kind = SourceSpec['kind']

interface Fields {
  readonly required: readonly string[]
  readonly readers: Readonly<Record<string, Reader>>
  readonly example: string
}

const COMMON = { pinned: flag, interpolate: flag }

const FIELDS: Readonly<Record<Kind, Fields>> = {
  file: {
    required: ['path'],
    readers: { path: text, format, ...COMMON },
    example: '{ file: { path: config/tacacs.conf, format: ini } }',
  },
  env: {
    required: ['prefix'],
    readers: { prefix, separator: variablePart, ...COMMON },
    example: '{ env: { prefix: TACACS_ } }',
  },
  url: {
    required: ['url'],
    readers: {
      url: readHref,
      format,
      sha256: digest,
      headers: readHeaders,
      refreshMs: milliseconds(1000, 7 * 86_400_000),
      timeoutMs: milliseconds(1, 600_000),
      allowHosts: readHosts,
      ...COMMON,
    },
    example: '{ url: { url: https://config.example.com/tacacs.yaml } }',
  },
  inline: {
    required: ['name', 'values'],
    readers: { name: text, values, ...COMMON },
    example: '{ inline: { name: site, values: { server: { port: 4949 } } } }',
  },
}

export const KINDS = Object.keys(FIELDS) as readonly Kind[]

/** The spec of this kind that `given` describes, frozen; refuses what is unknown, missing or of the wrong shape, and says how to mend it. */
export function specOf<K extends Kind>(kind: K, given: unknown): Extract<SourceSpec, { kind: K }> {
  const { required, readers, example } = FIELDS[kind]
  if (!isTree(given)) refuse(kind, `${kind} takes a mapping: ${example}`)
  const fields = Object.entries(given).filter(([, value]) => value !== undefined)
  for (const [name] of fields)
    if (!Object.hasOwn(readers, name)) refuse(kind, unknown(kind, name, Object.keys(readers)))
  const missing = required.find((name) => !fields.some(([given]) => given === name))
  if (missing !== undefined) refuse(kind, `${kind} lacks ${missing}: ${example}`)
  const read = fields.map(([name, value]) => [name, readers[name]!(value, `${kind}.${name}`)])
  return Object.freeze({ kind, ...Object.fromEntries(read) })
}

/** The known name that `name` was probably meant to be. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const folded = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  const far = Math.ceil(folded.length / 3)
  const ranked = known
    .map((word) => ({ word, away: distance(folded, word.toLowerCase()) }))
    .sort((a, b) => a.away - b.away)
  return ranked[0] !== undefined && ranked[0].away <= far ? ranked[0].word : undefined
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j]! + (a[i] === b[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

function unknown(kind: Kind, name: string, known: readonly string[]): string {
  const near = nearest(name.slice(0, 100), known)
  const hint = near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`
  return `${kind} has no option ${JSON.stringify(name)}; ${hint}`
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string')
    refuse(what, `${what} is text; found ${value === null ? 'nothing' : `a ${typeof value}`}`)
  if (value.trim() === '') refuse(what, `${what} is empty`)
  if (/[\u0000-\u001f\u007f]/.test(value)) refuse(what, `${what} holds a control character: ${JSON.stringify(value)}`)
  return value
}

function flag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') refuse(what, `${what} is true or false`)
  return value
}

function format(value: unknown, what: string): string {
  const known = FORMATS.find((name) => name === value)
  if (known === undefined) refuse(what, `${what} is one of ${FORMATS.join(', ')}; found ${JSON.stringify(value)}`)
  return known
}

function prefix(value: unknown, what: string): string {
  if (value === '')
    refuse(what, `${what} is empty, which would take in the whole environment; name the variables meant, as in TACACS_`)
  return variablePart(value, what)
}

function variablePart(value: unknown, what: string): string {
  const part = text(value, what)
  if (/[=\s]/.test(part))
    refuse(what, `${what} is part of a variable's name and holds neither spaces nor "=": ${JSON.stringify(part)}`)
  return part
}

function digest(value: unknown, what: string): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase()
  return refuse(what, `${what} is the SHA-256 of the body as text of 64 hex digits (sha256sum prints it)`)
}

function milliseconds(least: number, most: number): Reader {
  return (value, what) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value
    return refuse(
      what,
      `${what} is a whole number of milliseconds from ${least} to ${most}; found ${JSON.stringify(value)}`,
    )
  }
}

/** Shape only; the limits in force are those of the load. */
const SHAPE: Limits = {
  valueBytes: Infinity,
  sourceBytes: Infinity,
  depth: 1000,
  keyLength: Infinity,
  operations: Infinity,
}

function values(value: unknown, what: string): unknown {
  if (!isTree(value)) refuse(what, `${what} is a mapping of keys to values`)
  return toValue(value, SHAPE, what)
}

function refuse(what: string, message: string): never {
  throw new HoldfastError('malformed', message, { what })
}
