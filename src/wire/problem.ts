import { type ErrorCode, type ErrorDetails, HoldfastError, type Issue } from '../model/errors.ts'

/** The HTTP status of each refusal. */
export const STATUS = {
  malformed: 400,
  invalid: 422,
  conflict: 409,
  'not-found': 404,
  exists: 409,
  forbidden: 403,
  'too-large': 413,
  syntax: 422,
  source: 503,
  'sources-differ': 409,
  unavailable: 503,
  unknown: 503,
  fenced: 503,
  store: 503,
  key: 503,
  unsupported: 422,
  closed: 503,
  unauthenticated: 401,
  'rate-limited': 429,
  'key-reused': 422,
  precondition: 412,
  method: 405,
  'media-type': 415,
} as const satisfies Record<ErrorCode, number>

/** A refusal in a few words, the same each time: RFC 9457's `title`. */
export const TITLES = {
  malformed: 'The request makes no sense',
  invalid: 'The configuration would break its rules',
  conflict: 'Something else was changed first',
  'not-found': 'There is no such thing',
  exists: 'It is there already',
  forbidden: 'Not allowed',
  'too-large': 'Over a limit',
  syntax: 'A source does not parse',
  source: 'A source cannot be read',
  'sources-differ': 'Another list of sources',
  unavailable: 'Not available now',
  unknown: 'It may or may not have happened',
  fenced: 'Another node does this now',
  store: 'The store cannot be used',
  key: 'The key of a secret is not here',
  unsupported: 'It cannot be expressed',
  closed: 'Closed',
  unauthenticated: 'Nobody known asks',
  'rate-limited': 'Too many requests',
  'key-reused': 'The Idempotency-Key was used for something else',
  precondition: 'Another state than the one expected',
  method: 'Not with this method',
  'media-type': 'Not a type that is spoken here',
} as const satisfies Record<ErrorCode, string>

/** A refusal as it crosses HTTP: RFC 9457 `application/problem+json`, with the members of the code's details beside. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  /** The request's id, by which the server's log and audit know it. */
  readonly instance?: string
  readonly [detail: string]: unknown
}

export const PROBLEM_TYPE = 'application/problem+json'

/** What a refusal looks like on the wire. */
export function toProblem(error: HoldfastError, requestId?: string): Problem {
  const { code } = error
  return {
    type: `/problems/${code}`,
    title: TITLES[code],
    status: STATUS[code],
    detail: error.message,
    code,
    ...(requestId !== undefined && { instance: requestId }),
    ...error.details,
  }
}

/**
 * The refusal that an answer tells. The body may be anything a broken or hostile server sends: what is missing or of another type is filled
 * from the status, and nothing of it gets a length or a depth that it does not need.
 */
export function fromProblem(status: number, body: unknown): HoldfastError {
  const fields = fieldsOf(body)
  const found = fields.get('code')
  const code = isCode(found) ? found : codeOf(status)
  const detail = text(fields, 'detail')
  return make(code, detail === '' ? `the server answered ${status} (${TITLES[code]})` : detail, fields)
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(STATUS, code)

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method',
  409: 'conflict',
  412: 'precondition',
  413: 'too-large',
  415: 'media-type',
  422: 'invalid',
  429: 'rate-limited',
}

const codeOf = (status: number): ErrorCode => BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'malformed')

const make = <C extends ErrorCode>(code: C, message: string, fields: Fields): HoldfastError<C> =>
  new HoldfastError(code, message, DETAILS[code](fields))

type Fields = ReadonlyMap<string, unknown>

const fieldsOf = (body: unknown): Fields =>
  new Map(typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.entries(body) : [])

const LONGEST = 4096
const MOST = 1000

const clip = (found: string): string => (found.length > LONGEST ? `${found.slice(0, LONGEST)}…` : found)

function text(fields: Fields, name: string): string {
  const found = fields.get(name)
  return typeof found === 'string' ? clip(found) : ''
}

function number(fields: Fields, name: string): number {
  const found = fields.get(name)
  return typeof found === 'number' ? found : 0
}

function texts(fields: Fields, name: string): readonly string[] {
  const found = fields.get(name)
  if (!Array.isArray(found)) return []
  return found
    .slice(0, MOST)
    .filter((one) => typeof one === 'string')
    .map(clip)
}

const REASONS = ['missing', 'malformed', 'unknown', 'expired', 'revoked'] as const

const DETAILS: { readonly [C in ErrorCode]: (fields: Fields) => ErrorDetails[C] } = {
  malformed: (fields) => ({ what: text(fields, 'what') }),
  invalid: (fields) => ({ issues: issuesOf(fields) }),
  conflict: (fields) => ({
    expected: number(fields, 'expected'),
    found: number(fields, 'found'),
    ...(fields.has('paths') && { paths: texts(fields, 'paths') }),
  }),
  'not-found': (fields) => ({ what: text(fields, 'what') }),
  exists: (fields) => ({ what: text(fields, 'what') }),
  forbidden: (fields) => ({ action: text(fields, 'action'), namespace: text(fields, 'namespace') }),
  'too-large': (fields) => ({
    limit: text(fields, 'limit'),
    allowed: number(fields, 'allowed'),
    ...(fields.has('found') && { found: number(fields, 'found') }),
  }),
  syntax: (fields) => ({
    file: text(fields, 'file'),
    line: number(fields, 'line'),
    column: number(fields, 'column'),
  }),
  source: (fields) => ({ source: text(fields, 'source') }),
  'sources-differ': (fields) => ({ given: texts(fields, 'given'), stored: texts(fields, 'stored') }),
  unavailable: (fields) => ({
    store: text(fields, 'store'),
    retry: fields.get('retry') !== false,
    ...(fields.has('version') && { version: number(fields, 'version') }),
  }),
  unknown: (fields) => ({ store: text(fields, 'store') }),
  fenced: (fields) => ({ lease: text(fields, 'lease') }),
  store: (fields) => ({ store: text(fields, 'store') }),
  key: (fields) => (fields.has('keyId') ? { keyId: text(fields, 'keyId') } : {}),
  unsupported: (fields) => ({ what: text(fields, 'what') }),
  closed: (fields) => ({ what: text(fields, 'what') }),
  unauthenticated: (fields) => ({ reason: REASONS.find((one) => one === fields.get('reason')) ?? 'unknown' }),
  'rate-limited': (fields) => ({ retryAfter: Math.max(1, number(fields, 'retryAfter')) }),
  'key-reused': (fields) => ({ key: text(fields, 'key') }),
  precondition: (fields) => ({ expected: text(fields, 'expected'), found: text(fields, 'found') }),
  method: (fields) => ({ method: text(fields, 'method'), allowed: texts(fields, 'allowed') }),
  'media-type': (fields) => ({ found: text(fields, 'found'), accepted: texts(fields, 'accepted') }),
}

function issuesOf(fields: Fields): readonly Issue[] {
  const found = fields.get('issues')
  return Array.isArray(found) ? found.slice(0, MOST).map((one) => toIssue(fieldsOf(one))) : []
}

function toIssue(fields: Fields): Issue {
  const allowed = fields.get('allowed')
  return {
    path: text(fields, 'path'),
    code: text(fields, 'code'),
    message: text(fields, 'message'),
    ...(Array.isArray(allowed) && { allowed: allowed.slice(0, MOST) }),
    ...(fields.has('source') && { source: text(fields, 'source') }),
    ...(fields.has('didYouMean') && { didYouMean: text(fields, 'didYouMean') }),
  }
}
