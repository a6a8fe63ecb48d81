import { isTree, type Tree, type Value } from '../model/value.ts'

/** What the rules about unevaluated keys and items need to know of the rest of the schema. */
export interface Surroundings {
  /** The definitions of the prepared schema, by their references. */
  definition(ref: string): Tree
  passes(ref: string, value: Value): boolean
  matches(pattern: string, text: string): boolean
}

/** The keys (or indexes) that a schema and all that applies beside it have looked at; `isAll` where it is every one. */
interface Seen {
  isAll: boolean
  readonly names: Set<string | number>
}

/** The keys of `value` that no other keyword of `schema`, or of what it brings in, has looked at. */
export function unevaluatedKeys(schema: Tree, value: Tree, around: Surroundings): string[] {
  const seen = walk({ ...schema, unevaluatedProperties: undefined! }, value, around, keysSeenBy)
  return seen.isAll ? [] : Object.keys(value).filter((key) => !seen.names.has(key))
}

/** The indexes of the items of `value` that nothing has looked at. */
export function unevaluatedIndexes(schema: Tree, value: readonly Value[], around: Surroundings): number[] {
  const seen = walk({ ...schema, unevaluatedItems: undefined! }, value, around, itemsSeenBy)
  return seen.isAll ? [] : Array.from(value.keys()).filter((index) => !seen.names.has(index))
}

type Look<V> = (schema: Tree, value: V, around: Surroundings, seen: Seen) => void

function walk<V extends Value>(schema: Tree, value: V, around: Surroundings, look: Look<V>): Seen {
  const seen: Seen = { isAll: false, names: new Set() }
  const queue: (Value | undefined)[] = [schema]
  for (const part of queue) {
    if (seen.isAll) break
    if (!isTree(part)) continue
    look(part, value, around, seen)
    if (typeof part['$ref'] === 'string') queue.push(around.definition(part['$ref']))
    queue.push(...((part['allOf'] ?? []) as Value[]), ...chosen(part, value, around))
  }
  return seen
}

/** The branches that apply. Where none does, the value is refused anyway, and its keys are not called unknown as well. */
function chosen(schema: Tree, value: Value, around: Surroundings): (Value | undefined)[] {
  const passes = (branch: Value) => around.passes((branch as { $ref: string }).$ref, value)
  const found: (Value | undefined)[] = []
  for (const keyword of ['anyOf', 'oneOf']) {
    const branches = (schema[keyword] ?? []) as readonly Value[]
    const passing = branches.filter(passes)
    found.push(...(passing.length > 0 ? passing : branches))
  }
  const condition = schema['if']
  if (condition === undefined) return found
  return passes(condition) ? [...found, condition, schema['then']] : [...found, schema['else']]
}

function keysSeenBy(schema: Tree, value: Tree, around: Surroundings, seen: Seen): void {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema
  if (additionalProperties !== undefined || unevaluatedProperties !== undefined) seen.isAll = true
  for (const key of Object.keys(properties ?? {})) seen.names.add(key)
  for (const pattern of Object.keys(patternProperties ?? {})) {
    for (const key of Object.keys(value)) if (around.matches(pattern, key)) seen.names.add(key)
  }
}

function itemsSeenBy(schema: Tree, value: readonly Value[], around: Surroundings, seen: Seen): void {
  const { prefixItems, items, contains, unevaluatedItems } = schema
  if (items !== undefined || unevaluatedItems !== undefined) seen.isAll = true
  const fixed = Array.isArray(prefixItems) ? prefixItems.length : 0
  for (const [index, item] of value.entries()) {
    const isContained = isTree(contains) && around.passes(contains['$ref'] as string, item)
    if (index < fixed || isContained) seen.names.add(index)
  }
}
