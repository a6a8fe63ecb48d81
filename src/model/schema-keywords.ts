import { isTree, own, type Tree, type Value } from './value.ts'

/** A JSON Schema: an object of keywords, or `true` (anything) and `false` (nothing). */
export type Schema = Tree | boolean

type Holds = 'one' | 'list' | 'map'

/** The keywords of JSON Schema 2020-12 that hold further schemas, and how. */
export const HOLDS: ReadonlyMap<string, Holds> = new Map<string, Holds>([
  ...each('one', ['additionalProperties', 'contains', 'contentSchema', 'else', 'if', 'items', 'not', 'propertyNames']),
  ...each('one', ['then', 'unevaluatedItems', 'unevaluatedProperties']),
  ...each('list', ['allOf', 'anyOf', 'oneOf', 'prefixItems']),
  ...each('map', ['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties']),
])

function each(holds: Holds, keywords: readonly string[]): (readonly [string, Holds])[] {
  return keywords.map((keyword) => [keyword, holds] as const)
}

export const isSchema = (value: unknown): value is Schema => typeof value === 'boolean' || isTree(value)

/** The schema or schemas directly in `keyword` of `schema`, with the segments that lead to each. */
export function* schemasIn(schema: Tree, keyword: string): Generator<readonly [readonly string[], Schema]> {
  const holds = HOLDS.get(keyword)
  const value = own(schema, keyword)
  if (holds === 'one' && isSchema(value)) yield [[keyword], value]
  if (holds === 'list' && Array.isArray(value)) yield* entriesOf(keyword, Object.entries(value as readonly Value[]))
  if (holds === 'map' && isTree(value)) yield* entriesOf(keyword, Object.entries(value))
}

function* entriesOf(keyword: string, entries: [string, Value][]): Generator<readonly [readonly string[], Schema]> {
  for (const [key, item] of entries) if (isSchema(item)) yield [[keyword, key], item]
}

/** Every schema directly in `schema`, under whichever keyword. */
export function* childSchemas(schema: Tree): Generator<readonly [readonly string[], Schema]> {
  for (const keyword of Object.keys(schema)) yield* schemasIn(schema, keyword)
}

/** The schemas in one keyword, without their places. */
export const partsIn = (schema: Tree, keyword: string): Schema[] =>
  Object.hasOwn(schema, keyword) ? Array.from(schemasIn(schema, keyword), ([, part]) => part) : []
