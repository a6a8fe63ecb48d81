import type { FastifyRequest } from 'fastify'
import { HoldfastError } from '../model/errors.ts'
import type { VersionId } from '../model/version.ts'
import { parseWatchId } from '../wire/sse.ts'

/** How many sections one watch may name. */
const SECTIONS = 100

/** The version that a watcher knows already. */
export interface Since {
  readonly version: VersionId
  /** The beginning of its chain hash. */
  readonly chain?: string
}

/** What a request for a watch says. */
export interface Asked {
  /** Absent: from now on. */
  readonly since?: Since
  /** Sorted, each once; none is all of them. `""` has the keys outside any section. */
  readonly sections: readonly string[]
  /** Whether a reset shows secrets. */
  readonly reveal: boolean
}

/** A query as it came, or as it was read already: a flag is a boolean then. */
type Query = Readonly<Record<string, string | readonly string[] | boolean | undefined>>

/** Reads a request for a watch; refuses (`malformed`) what cannot be meant. */
export function askedBy(request: FastifyRequest): Asked {
  const query = request.query as Query
  const since = request.headers['last-event-id'] || one(query, 'since')
  return {
    ...(since !== undefined && { since: parseWatchId(String(since)) }),
    sections: sectionsIn(query),
    reveal: isTrue(query, 'reveal'),
  }
}

function sectionsIn({ section }: Query): readonly string[] {
  if (section === undefined) return []
  const names = new Set([section].flat().map((name) => (name === '""' ? '' : String(name))))
  if (names.size <= SECTIONS) return [...names].sort()
  const found = { limit: 'section', allowed: SECTIONS, found: names.size }
  throw new HoldfastError('too-large', `a watch names ${SECTIONS} sections at most; leave them out to have all`, found)
}

function isTrue(query: Query, name: string): boolean {
  const text = one(query, name) ?? 'false'
  if (text === 'true' || text === 'false') return text === 'true'
  const found = JSON.stringify(text.slice(0, 100))
  throw new HoldfastError('malformed', `${name} is true or false, not ${found}`, { what: name })
}

function one(query: Query, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || !Array.isArray(value)) return value?.toString()
  throw new HoldfastError('malformed', `${name} is said once, not ${value.length} times`, { what: name })
}
