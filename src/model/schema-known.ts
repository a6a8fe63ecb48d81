import { partsIn, type Schema } from './schema-keywords.ts'
import { type Nodes, ownMap } from './schema-nodes.ts'
import type { References } from './schema-refs.ts'
import { isTree, own, type Tree } from './value.ts'

/** Says whether closed schemas (`additionalProperties: false` and its kin) leave room for a key. In doubt they do. */
export class KnownKeys {
  readonly #refs: References
  readonly #nodes: Nodes

  constructor(refs: References, nodes: Nodes) {
    this.#refs = refs
    this.#nodes = nodes
  }

  allows(schema: Schema, key: string, seen = new Map<Tree, boolean>()): boolean {
    if (!isTree(schema)) return schema
    const known = seen.get(schema)
    if (known !== undefined) return known
    seen.set(schema, true)
    const allowed = this.#allowsHere(schema, key) && this.#allowsBeside(schema, key, seen)
    seen.set(schema, allowed)
    return allowed
  }

  #allowsHere(schema: Tree, key: string): boolean {
    const own = this.#schemasFor(schema, key)
    if (own.some(isNothing)) return false
    if (own.length === 0 && partsIn(schema, 'additionalProperties').some(isNothing)) return false
    if (partsIn(schema, 'unevaluatedProperties').some(isNothing) && !this.#evaluates(schema, key, new Set()))
      return false
    return partsIn(schema, 'propertyNames').every((names) => this.#fits(names, key, new Set()))
  }

  #allowsBeside(schema: Tree, key: string, seen: Map<Tree, boolean>): boolean {
    const allow = (part: Schema) => this.allows(part, key, seen)
    const either = (parts: Schema[]) => parts.length === 0 || parts.some(allow)
    const outcomes = ['then', 'else'].map((keyword) => partsIn(schema, keyword)[0] ?? true)
    return (
      [...partsIn(schema, 'allOf'), ...this.#refs.targets(schema)].every(allow) &&
      either(partsIn(schema, 'anyOf')) &&
      either(partsIn(schema, 'oneOf')) &&
      (!Object.hasOwn(schema, 'if') || outcomes.some(allow))
    )
  }

  #schemasFor(schema: Tree, key: string): Schema[] {
    const properties = ownMap(schema, 'properties')
    const patterns = ownMap(schema, 'patternProperties')
    const named = properties && Object.hasOwn(properties, key) ? [properties[key] as Schema] : []
    return [...named, ...this.#nodes.patternsFor(schema, key).map((pattern) => own(patterns!, pattern) as Schema)]
  }

  #evaluates(schema: Schema, key: string, seen: Set<Tree>): boolean {
    if (!isTree(schema) || seen.has(schema)) return false
    seen.add(schema)
    if (Object.hasOwn(schema, 'additionalProperties') || this.#schemasFor(schema, key).length > 0) return true
    const beside = IN_PLACE.flatMap((keyword) => partsIn(schema, keyword))
    return [...beside, ...this.#refs.targets(schema)].some((part) => this.#evaluates(part, key, seen))
  }

  /** What a schema of names says of `key`, by the keywords that are used for names. */
  #fits(names: Schema, key: string, seen: Set<Tree>): boolean {
    if (!isTree(names)) return names
    if (seen.has(names)) return true
    seen.add(names)
    const { const: only, enum: some, pattern, minLength, maxLength } = names
    if (only !== undefined && only !== key) return false
    if (Array.isArray(some) && !some.includes(key)) return false
    if (typeof pattern === 'string' && !this.#nodes.matches(pattern, key)) return false
    const length = [...key].length
    if (typeof minLength === 'number' && length < minLength) return false
    if (typeof maxLength === 'number' && length > maxLength) return false
    const fit = (part: Schema) => this.#fits(part, key, seen)
    const branches = [partsIn(names, 'anyOf'), partsIn(names, 'oneOf')].filter((parts) => parts.length > 0)
    return (
      [...partsIn(names, 'allOf'), ...this.#refs.targets(names)].every(fit) &&
      branches.every((parts) => parts.some(fit))
    )
  }
}

const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'dependentSchemas']

/** `false`, and `{ "not": {} }` or `{ "not": true }`, which generators write for it. */
function isNothing(schema: Schema): boolean {
  if (!isTree(schema)) return !schema
  const not = own(schema, 'not')
  return not === true || (isTree(not) && Object.keys(not).length === 0)
}
