import type { TObject, TSchema } from 'typebox'
import type { Action } from '../model/principal.ts'
import { flag, maybe, oneOf, only, text, whole } from './schema-kit.ts'

/** One answer of a route: what its body is, and one as it may come. */
export interface RouteAnswer {
  readonly description: string
  /** Absent: no body, or one that is not JSON. */
  readonly schema?: TSchema
  /** `application/json` unless told otherwise. */
  readonly type?: string
  readonly example?: unknown
}

/** One address of the server, as it validates, answers and documents itself. */
export interface Route {
  readonly tag: (typeof TAGS)[number]
  readonly summary: string
  /** What a token must be allowed; `token`: any live one, or a session; `none`: nothing is asked. The engine decides, by the principal. */
  readonly scope: Action | 'token' | 'none'
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
  /** True where a request without a body is one with an empty object. */
  readonly isBodyOptional?: boolean
  /** A body as it may be sent. */
  readonly example?: unknown
  readonly answers: Readonly<Record<number, RouteAnswer>>
}

export const TAGS = [
  'config',
  'versions',
  'instances',
  'namespaces',
  'access',
  'webhooks',
  'store',
  'server',
  'console',
] as const

const FORMAT_NAMES = ['json', 'yaml', 'toml', 'ini', 'env', 'properties'] as const

const id = text('An id.', { minLength: 1, maxLength: 255, examples: ['a1'] })

/** What may stand in a path, by name. */
export const PARAMETERS = {
  ns: text('A namespace.', { pattern: '^[a-z0-9][a-z0-9._-]{0,62}$', examples: ['tacacs-prod'] }),
  section: text('The first segment of a path as printed; "" (two quotes) for keys outside any section.', {
    minLength: 1,
    examples: ['server'],
  }),
  key: text(
    'The rest of the path as printed: a segment with other characters than letters, digits, _ and - is quoted.',
    {
      minLength: 1,
      examples: ['port'],
    },
  ),
  ref: text('A version: a number, a tag, latest, baseline, a hash, @time; each with ~N.', {
    minLength: 1,
    examples: ['latest'],
  }),
  tag: text('A tag.', { minLength: 1, examples: ['release-7'] }),
  id,
  delivery: id,
  name: text('A name.', { minLength: 1, maxLength: 255, examples: ['nightly'] }),
  code: text('The code of a refusal.', { examples: ['invalid'] }),
  page: text('A page of the console.', { pattern: '^[a-z][a-z0-9-]{0,62}$', examples: ['versions'] }),
  file: text('A file of the console.', { minLength: 1, maxLength: 255, examples: ['index-BfZ3xWq1.js'] }),
} as const

export const inNamespace = only({ ns: PARAMETERS.ns })
export const ofSection = only({ ns: PARAMETERS.ns, section: PARAMETERS.section })
export const ofKey = only({ ns: PARAMETERS.ns, section: PARAMETERS.section, key: PARAMETERS.key })
export const ofVersion = only({ ns: PARAMETERS.ns, ref: PARAMETERS.ref })
export const ofTag = only({ ns: PARAMETERS.ns, ref: PARAMETERS.ref, tag: PARAMETERS.tag })
export const byId = only({ id: PARAMETERS.id })

/** Characters of what people write beside a change: it stays as long as the history. */
export const LONGEST = 10_000

/** Members that several requests have. */
export const at = { at: maybe(text('A version instead of the current one.', { examples: ['baseline'] })) }
export const atLeast = {
  min: maybe(whole('A version that the answer has at least; refused (unavailable) where it does not come in time.')),
  wait: maybe(
    text('How long to wait for min: 5s unless told otherwise, at most 60s.', {
      pattern: '^[0-9]{1,6}(ms|s|m)?$',
      examples: ['30s'],
    }),
  ),
}
export const reveal = { reveal: maybe(flag('Show secrets: needs secrets:read and is audited.')) }
export const format = { format: maybe(oneOf(FORMAT_NAMES, 'The notation of the answer; json unless told otherwise.')) }
export const explain = { explain: maybe(flag('Why, instead of the value alone.')) }
export const paging = {
  limit: maybe(whole('Rows of a page; 50 unless told otherwise.', { minimum: 1, maximum: 1000 })),
  cursor: maybe(text('nextCursor of the page before.')),
}
export const why = {
  reason: maybe(text('Why; stands in the history.', { maxLength: LONGEST })),
  comment: maybe(text('A remark that stays with the override.', { maxLength: LONGEST })),
}
export const careful = {
  ifVersion: maybe(whole('Refuse (conflict) where another version is current.')),
  dryRun: maybe(flag('Check and tell, and change nothing.')),
}
