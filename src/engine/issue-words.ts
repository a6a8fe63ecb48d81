import { canonical } from '../model/canonical.ts'
import { type TypeName, typeName } from '../model/schema-shape.ts'
import type { Value } from '../model/value.ts'
import type { Finding } from './schema-run.ts'

/** The rule a finding broke and its limit in words, never the value that broke it. `isSecret` keeps back what would narrow a secret down. */
export function ruleInWords(finding: Finding, isSecret: boolean): string {
  const words = WORDS[finding.keyword]
  return words ? words(finding, isSecret) : `breaks the rule ${JSON.stringify(finding.keyword)} of the schema`
}

type Words = (finding: Finding, isSecret: boolean) => string

const limit =
  (before: string, after = ''): Words =>
  ({ schema }) =>
    `${before} ${String(schema)}${after}`
const counted =
  (before: string, one: string): Words =>
  ({ schema }) =>
    `${before} ${plural(Number(schema), one)}`
const items: Words = ({ params }) => `must have at most ${plural(Number(params['limit']), 'item')}`

const WORDS: Readonly<Record<string, Words>> = Object.assign(Object.create(null), {
  type: ({ schema, data }) => `must be ${typesInWords([schema].flat() as TypeName[])}, not ${whatItIs(data as Value)}`,
  enum: ({ schema }, isSecret) =>
    isSecret ? 'must be one of the values the schema allows' : `must be ${oneOf(schema as Value[])}`,
  const: ({ schema }, isSecret) =>
    isSecret ? 'must be the value the schema asks for' : `must be ${oneOf([schema as Value])}`,
  pattern: ({ schema }, isSecret) => `must match ${isSecret ? 'the pattern of the schema' : String(schema)}`,
  format: ({ schema }) => `must be ${FORMATS[String(schema)] ?? `of the format ${String(schema)}`}`,
  minimum: limit('must be at least'),
  maximum: limit('must be at most'),
  exclusiveMinimum: limit('must be more than'),
  exclusiveMaximum: limit('must be less than'),
  multipleOf: limit('must be a multiple of'),
  minLength: counted('must have at least', 'character'),
  maxLength: counted('must have at most', 'character'),
  minItems: counted('must have at least', 'item'),
  maxItems: counted('must have at most', 'item'),
  minProperties: counted('must have at least', 'key'),
  maxProperties: counted('must have at most', 'key'),
  uniqueItems: () => 'must not hold the same item twice',
  contains: ({ params }) => containsInWords(params),
  items,
  required: () => 'is required',
  not: ({ schema }, isSecret) => notInWords(schema as Readonly<Record<string, Value>>, isSecret),
  oneOf: ({ params }) =>
    `must fit one alternative of the schema only, but fits number ${ordinals(params['passingSchemas'] as number[])}`,
  'false schema': () => 'is not allowed',
} satisfies Record<string, Words>)

const FORMATS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  date: 'a date such as 2026-11-30',
  time: 'a time with its zone such as 12:00:00Z',
  'date-time': 'a date and time with its zone such as 2026-11-30T12:00:00Z',
  'iso-time': 'a time such as 12:00:00',
  'iso-date-time': 'a date and time such as 2026-11-30T12:00:00',
  duration: 'a duration such as P1DT12H',
  uri: 'a URI with its scheme',
  url: 'a URL',
  email: 'an e-mail address',
  hostname: 'a host name',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  regex: 'a regular expression',
  uuid: 'a UUID',
  byte: 'Base64',
})

const TYPES: Readonly<Record<TypeName, string>> = {
  null: 'null',
  boolean: 'true or false',
  integer: 'an integer',
  number: 'a number',
  string: 'text',
  array: 'a list',
  object: 'an object',
}

export const typesInWords = (types: readonly TypeName[]): string => either(types.map((type) => TYPES[type]))

/** What kind of value stands there, and not which. */
export function whatItIs(value: Value): string {
  const type = typeName(value)
  if (type === 'number') return 'a fraction'
  return type === 'boolean' ? 'a boolean' : TYPES[type]
}

const MOST_LISTED = 20

export function oneOf(values: readonly Value[]): string {
  const shown = values.slice(0, MOST_LISTED).map(inWords)
  if (values.length === 1) return shown[0]!
  return `one of ${shown.join(', ')}${values.length > MOST_LISTED ? ` and ${values.length - MOST_LISTED} more` : ''}`
}

/** A value of the schema as text: a word stands bare, other texts in quotes. */
function inWords(value: Value): string {
  return typeof value === 'string' && /^[^\s",']+$/.test(value) ? value : canonical(value)
}

const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

const ordinals = (indexes: readonly number[]): string => indexes.map((index) => index + 1).join(' and ')

function containsInWords(params: Record<string, unknown>): string {
  const { minContains: least, maxContains: most } = params as { minContains: number; maxContains?: number }
  if (most === undefined) return `must hold at least ${plural(least, 'item')} of the kind the schema asks for`
  return `must hold ${least} to ${plural(most, 'item')} of the kind the schema asks for`
}

function notInWords(schema: Readonly<Record<string, Value>> | boolean, isSecret: boolean): string {
  if (typeof schema === 'boolean' || isSecret) return 'is not allowed'
  const { const: only, enum: some, required, pattern } = schema
  if (Array.isArray(required)) return `must not have ${required.join(' together with ')}`
  if (only !== undefined) return `must not be ${oneOf([only])}`
  if (Array.isArray(some)) return `must not be ${oneOf(some)}`
  return typeof pattern === 'string' ? `must not match ${pattern}` : 'is of a kind that the schema excludes'
}
