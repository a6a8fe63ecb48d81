import { HoldfastError } from './errors.ts'
import type { ValueType } from './value.ts'

/** Versions are numbered over the whole store, from 1, by one. */
export type VersionId = number

export const CAUSES = ['change', 'source', 'restore', 'snapshot', 'import'] as const
export type Cause = (typeof CAUSES)[number]

/** A numbered, immutable snapshot of a namespace's effective configuration. */
export interface Version {
  readonly id: VersionId
  /**
   * SHA-256 (hex) of the canonical text of the whole configuration (RFC 8785), secrets as ciphertext. To who may not read all of that: a digest
   * under a key of the store, equal where the hash is.
   */
  readonly hash: string
  /** Covers the version's own row, its history and the version before; told likewise. */
  readonly chainHash: string
  /** UTC, ISO 8601 with milliseconds and `Z`. */
  readonly createdAt: string
  readonly createdBy: string
  readonly description: string | null
  readonly cause: Cause
  readonly isBaseline: boolean
  readonly tags: readonly string[]
}

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE'

/** A value as the store's text columns hold it: plain text of a scalar, JSON of the rest; `mask` and absent have no text. */
export interface StoredValue {
  readonly text: string | null
  readonly type: ValueType | 'secret' | 'mask' | null
}

/** What a version reference names, before the store is asked. */
export interface VersionRef {
  readonly base:
    | { readonly kind: 'id'; readonly id: VersionId }
    | { readonly kind: 'latest' }
    | { readonly kind: 'baseline' }
    | { readonly kind: 'time'; readonly time: string }
    /** A tag, or, where no tag has the name and it is 8 hex digits or more, a hash prefix. */
    | { readonly kind: 'name'; readonly name: string }
    /** A tag and no hash. */
    | { readonly kind: 'tag'; readonly name: string }
  /** `~N`: that many versions earlier in the namespace. */
  readonly back: number
}

const TAG = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/

/** Refuses a tag that could be read as another reference, or not be typed at a shell. */
export function checkTag(tag: string): string {
  const reserved = tag === 'latest' || tag === 'baseline' || /^[0-9]+$/.test(tag) || /^[0-9a-f]{8,64}$/.test(tag)
  if (TAG.test(tag) && !reserved) return tag
  throw new HoldfastError(
    'malformed',
    reserved
      ? `"${tag}" would be read as a version, not as a tag; choose a name like release-7`
      : `not a tag: ${JSON.stringify(tag)}. A tag begins with a letter or digit and has letters, digits, . _ / and -, 128 at most`,
    { what: tag },
  )
}

/** Reads `42`, `release-7`, `latest`, `baseline`, `3f9a01bc`, `@2026-11-01T12:00:00Z`, each with `~N` or without. */
export function parseRef(text: string | number): VersionRef {
  const [, name = '', back = '0'] = /^(.*?)(?:~(\d{1,9}))?$/s.exec(String(text)) ?? []
  return { base: parseBase(name, String(text)), back: Number(back) }
}

function parseBase(name: string, whole: string): VersionRef['base'] {
  if (name === 'latest' || name === 'baseline') return { kind: name }
  if (/^[0-9]{1,15}$/.test(name)) return { kind: 'id', id: Number(name) }
  if (name.startsWith('@')) {
    const time = new Date(name.slice(1))
    if (/^@\d{4}-\d\d-\d\d/.test(name) && !Number.isNaN(time.getTime()))
      return { kind: 'time', time: time.toISOString() }
  } else if (TAG.test(name)) {
    return { kind: 'name', name }
  }
  throw new HoldfastError(
    'malformed',
    `not a version: ${JSON.stringify(whole)}. Say a number (42), a tag, latest, baseline, a hash of 8 digits or more, or @2026-11-01T12:00:00Z; ~N after it goes N versions back`,
    { what: whole },
  )
}

const NAMESPACE = /^[a-z0-9][a-z0-9._-]{0,62}$/

export function checkNamespace(name: string): string {
  if (NAMESPACE.test(name)) return name
  throw new HoldfastError(
    'malformed',
    `not a namespace: ${JSON.stringify(name)}. Lower-case letters, digits, . _ and -, beginning with a letter or digit, 63 at most`,
    { what: name },
  )
}
