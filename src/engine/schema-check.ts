import { HoldfastError } from '../model/errors.ts'
import { childSchemas, HOLDS, isSchema, partsIn, type Schema } from '../model/schema-keywords.ts'
import type { References } from '../model/schema-refs.ts'
import { suggest } from '../model/suggest.ts'
import { isTree, own, type Tree, type Value } from '../model/value.ts'
import { isFormat } from './formats.ts'
import type { PatternEngine } from './patterns.ts'

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
const MOST_STEPS_BESIDE = 64

/** What is wrong with the value of a keyword, as the end of a sentence about it. */
type Rule = (value: Value, engine: PatternEngine) => string | undefined

const must =
  (what: string, holds: (value: Value) => boolean): Rule =>
  (value) =>
    holds(value) ? undefined : `must be ${what}`

const isText = (value: Value) => typeof value === 'string'
const isTexts = (value: Value) => Array.isArray(value) && value.every(isText)
const isCount = (value: Value) => Number.isInteger(value) && (value as number) >= 0
const isMapOf = (holds: (item: Value) => boolean) => (value: Value) =>
  isTree(value) && Object.values(value).every(holds)

const text = must('text', isText)
const number = must('a number', (value) => typeof value === 'number')
const count = must('a whole number of at least 0', isCount)
const flag = must('true or false', (value) => typeof value === 'boolean')
const list = must('a list', Array.isArray)
const names = must('a list of names', isTexts)
const anything: Rule = () => undefined
const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']
const isType = (value: Value) => typeof value === 'string' && TYPES.includes(value)
const isTypes = (value: Value) => (Array.isArray(value) ? value.length > 0 && value.every(isType) : isType(value))

const pattern: Rule = (value, engine) => {
  if (typeof value !== 'string') return 'must be text'
  try {
    engine(value)
    return undefined
  } catch (error) {
    return `cannot be used: ${(error as Error).message}. Holdfast runs patterns with RE2, which has no look-ahead, look-behind or back-references`
  }
}

const format: Rule = (value) => {
  if (typeof value !== 'string') return 'must be text'
  return isFormat(value) ? undefined : `names no format that Holdfast knows: ${JSON.stringify(value)}`
}

const dialect: Rule = (value) =>
  typeof value === 'string' && value.replace(/#$/, '') === DIALECT
    ? undefined
    : `must be ${DIALECT}, the one dialect Holdfast reads`

const patternMap: Rule = (value, engine) => {
  if (!isMapOf(isSchema)(value)) return 'must be an object of schemas'
  return Object.keys(value as Tree).reduce<string | undefined>((wrong, key) => wrong ?? pattern(key, engine), undefined)
}

const SCHEMAS: Readonly<Record<'one' | 'list' | 'map', Rule>> = {
  one: must('a schema', isSchema),
  list: must(
    'a list of schemas with at least one',
    (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema),
  ),
  map: must('an object of schemas', isMapOf(isSchema)),
}

const same = (rule: Rule, ...keywords: string[]): [string, Rule][] => keywords.map((keyword) => [keyword, rule])

/** Every keyword Holdfast takes, with what its value must be. */
const KEYWORDS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...Array.from(HOLDS, ([keyword, holds]): [string, Rule] => [keyword, SCHEMAS[holds]]),
  ...same(text, '$id', '$ref', '$dynamicRef', '$anchor', '$dynamicAnchor', '$comment', 'title', 'description'),
  ...same(text, 'contentEncoding', 'contentMediaType'),
  ...same(number, 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'),
  ...same(
    count,
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'minContains',
    'maxContains',
    'minProperties',
    'maxProperties',
  ),
  ...same(flag, 'uniqueItems', 'readOnly', 'writeOnly', 'deprecated', 'x-restart'),
  ...same(anything, 'const', 'default', '$vocabulary'),
  ...same(
    must('a list with at least one value', (value) => Array.isArray(value) && value.length > 0),
    'enum',
  ),
  ...same(must(`one or more of ${TYPES.join(', ')}`, isTypes), 'type'),
  ['multipleOf', must('a number above 0', (value) => typeof value === 'number' && value > 0)],
  ['required', names],
  ['dependentRequired', must('an object of lists of names', isMapOf(isTexts))],
  ['examples', list],
  ['pattern', pattern],
  ['patternProperties', patternMap],
  ['format', format],
  ['$schema', dialect],
])

const OLDER: ReadonlyMap<string, string> = new Map([
  ['dependencies', 'write dependentRequired or dependentSchemas'],
  ['additionalItems', 'write prefixItems and items'],
  ['nullable', 'write "type": [..., "null"]'],
  ['id', 'write $id'],
])

const isExtension = (keyword: string): boolean => keyword.startsWith('x-')

/** What is wrong with one keyword of a schema; `undefined` where nothing is. */
export function keywordProblem(keyword: string, value: Value, engine: PatternEngine): string | undefined {
  const rule = KEYWORDS.get(keyword) ?? (isExtension(keyword) ? anything : undefined)
  if (rule) return rule(value, engine)
  const hint = OLDER.get(keyword) ?? meant(keyword)
  return `is not a keyword of JSON Schema 2020-12${hint ? `; ${hint}` : ''}. Keywords of your own start with x-`
}

function meant(keyword: string): string | undefined {
  const near = suggest(keyword, KEYWORDS.keys())
  return near && `did you mean ${near}?`
}

/** Refuses a schema that says what Holdfast cannot check, naming the keyword and where it stands. Gives the number of schemas in it. */
export function checkSchema(schema: Tree, refs: References, engine: PatternEngine): number {
  const seen = new Set<Tree>()
  const stack: [Schema, string][] = [[schema, '#']]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [part, where] = next
    if (!isTree(part) || seen.has(part)) continue
    seen.add(part)
    for (const [keyword, value] of Object.entries(part)) {
      const problem = keywordProblem(keyword, value, engine)
      if (problem) refuse(where, `${JSON.stringify(keyword)} ${problem}`)
    }
    for (const [segments, child] of childSchemas(part)) stack.push([child, pointer(where, segments)])
    for (const target of checkRefs(part, where, refs)) stack.push([target, String(part['$ref'] ?? part['$dynamicRef'])])
  }
  checkLoops(schema, refs)
  return seen.size
}

function checkRefs(schema: Tree, where: string, refs: References): Schema[] {
  for (const keyword of ['$ref', '$dynamicRef'] as const) {
    const value = own(schema, keyword)
    if (value === undefined || refs.target(schema, keyword) !== undefined) continue
    refuse(
      where,
      `${JSON.stringify(keyword)} leads to ${JSON.stringify(value)}, which is not in this document; nothing is fetched`,
    )
  }
  if (refs.isAmbiguous(schema)) refuse(where, '"$dynamicRef" leads to an anchor that several embedded documents have')
  return refs.targets(schema)
}

const BESIDE = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'not', 'dependentSchemas']

/** Refuses schemas that come back to themselves on the same value, or follow one another on it without end. */
function checkLoops(root: Tree, refs: References): void {
  const heights = new Map<Tree, number>()
  const height = (schema: Tree, above: ReadonlySet<Tree>): number => {
    const known = heights.get(schema)
    if (known !== undefined) return known
    if (above.has(schema))
      refuse('#', 'a schema refers to itself for the same value, so that checking it would never end')
    if (above.size >= MOST_STEPS_BESIDE)
      refuse('#', `more than ${MOST_STEPS_BESIDE} schemas follow one another for the same value`)
    const path = new Set(above).add(schema)
    const parts = [...BESIDE.flatMap((keyword) => partsIn(schema, keyword)), ...refs.targets(schema)].filter(isTree)
    const found = 1 + Math.max(0, ...parts.map((part) => height(part, path)))
    if (found > MOST_STEPS_BESIDE)
      refuse('#', `more than ${MOST_STEPS_BESIDE} schemas follow one another for the same value`)
    heights.set(schema, found)
    return found
  }
  for (const schema of everySchema(root, refs)) height(schema, new Set())
}

function everySchema(root: Tree, refs: References): Set<Tree> {
  const found = new Set<Tree>([root])
  for (const schema of found) {
    for (const [, child] of childSchemas(schema)) if (isTree(child)) found.add(child)
    for (const target of refs.targets(schema)) if (isTree(target)) found.add(target)
  }
  return found
}

const pointer = (where: string, segments: readonly string[]): string =>
  [where, ...segments.map((segment) => segment.replaceAll('~', '~0').replaceAll('/', '~1'))].join('/')

function refuse(where: string, problem: string): never {
  throw new HoldfastError('malformed', `the schema at ${where}: ${problem}`, { what: `schema ${where}` })
}
