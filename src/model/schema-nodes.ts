import { partsIn, type Schema } from './schema-keywords.ts'
import type { References } from './schema-refs.ts'
import { isTree, own, type Tree } from './value.ts'

/** Compiles a regular expression of the schema into a test that cannot be made to run for long. */
export type Matcher = (pattern: string) => (text: string) => boolean

/** A schema that applies at a place; `sure` where it does so whatever the values are. */
export interface Applied {
  readonly schema: Tree
  readonly sure: boolean
}

/** Everything the schema says about one place in a configuration. */
export interface Node {
  /** The schemas named for this place. */
  readonly roots: readonly Applied[]
  /** Those, and all they bring in for the same value: `allOf`, `$ref`, branches, conditions. Sure ones first. */
  readonly all: readonly Applied[]
  readonly isSecret: boolean
  readonly isRestart: boolean
  readonly declared: Map<string, Node>
  other?: Node
}

const MOST_NODES = 10_000

/**
 * The places of a schema, made as they are asked for. Places with the same schemas are one node, so that neither a recursive schema
 * nor a caller's invented keys make it grow.
 */
export class Nodes {
  readonly #refs: References
  readonly #matcher: Matcher
  readonly #schema: Tree
  readonly #ids = new Map<Tree, number>()
  readonly #tests = new Map<string, (text: string) => boolean>()
  readonly #secretItems = new Map<Tree, boolean>()
  #known = new Map<string, Node>()

  constructor(schema: Tree, refs: References, matcher: Matcher) {
    this.#schema = schema
    this.#refs = refs
    this.#matcher = matcher
  }

  get root(): Node {
    return this.#node([{ schema: this.#schema, sure: true }], undefined)
  }

  child(node: Node, key: string): Node {
    const known = node.declared.get(key)
    if (known) return known
    const isDeclared = node.all.some(({ schema }) => declares(schema, key))
    if (!isDeclared && node.other) return node.other
    const isPlain =
      !isDeclared && node.all.every(({ schema }) => !ownMap(schema, 'patternProperties') && !hasItems(schema))
    const child = this.#node(this.#rootsBelow(node, key), node)
    if (isDeclared) node.declared.set(key, child)
    if (isPlain) node.other = child
    return child
  }

  /** The patterns of `schema` that `key` matches. */
  patternsFor(schema: Tree, key: string): string[] {
    const patterns = ownMap(schema, 'patternProperties')
    return patterns ? Object.keys(patterns).filter((pattern) => this.matches(pattern, key)) : []
  }

  matches(pattern: string, text: string): boolean {
    const test = this.#tests.get(pattern) ?? this.#matcher(pattern)
    this.#tests.set(pattern, test)
    return test(text)
  }

  #rootsBelow(node: Node, key: string): Applied[] {
    const roots: Applied[] = []
    let isEvaluated = false
    for (const { schema, sure } of node.all) {
      const found = this.#below(schema, key)
      if (found.length > 0) isEvaluated = true
      for (const part of found) if (isTree(part)) roots.push({ schema: part, sure })
      if (hasItems(schema) && /^\d+$/.test(key)) roots.push(...itemsAt(schema, Number(key)))
    }
    if (isEvaluated) return roots
    for (const { schema, sure } of node.all) {
      const rest = own(schema, 'unevaluatedProperties')
      if (isTree(rest)) roots.push({ schema: rest, sure })
    }
    return roots
  }

  #below(schema: Tree, key: string): Schema[] {
    const property = ownMap(schema, 'properties')
    const patterns = ownMap(schema, 'patternProperties')
    const found = this.patternsFor(schema, key).map((pattern) => own(patterns!, pattern) as Schema)
    if (property && Object.hasOwn(property, key)) found.unshift(property[key] as Schema)
    return found.length > 0 ? found : partsIn(schema, 'additionalProperties')
  }

  #node(roots: readonly Applied[], parent: Node | undefined): Node {
    const flags = `${parent?.isSecret ? 's' : ''}${parent?.isRestart ? 'r' : ''}`
    const name = flags + roots.map(({ schema, sure }) => `${sure ? '!' : '?'}${this.#id(schema)}`).join('')
    const known = this.#known.get(name)
    if (known) return known
    if (this.#known.size >= MOST_NODES) this.#known = new Map()
    const all = expand(roots, this.#refs)
    const node: Node = {
      roots,
      all,
      isSecret:
        (parent?.isSecret ?? false) ||
        all.some(({ schema }) => schema['writeOnly'] === true || this.#hidesItems(schema)),
      isRestart: (parent?.isRestart ?? false) || all.some(({ schema }) => own(schema, 'x-restart') === true),
      declared: new Map(),
    }
    this.#known.set(name, node)
    return node
  }

  #id(schema: Tree): number {
    const known = this.#ids.get(schema)
    if (known !== undefined) return known
    this.#ids.set(schema, this.#ids.size)
    return this.#ids.size - 1
  }

  /** An array is one value, so a secret anywhere in its items makes the whole of it secret. */
  #hidesItems(schema: Tree): boolean {
    const known = this.#secretItems.get(schema)
    if (known !== undefined) return known
    const items = ['items', 'prefixItems', 'contains', 'unevaluatedItems'].flatMap((keyword) =>
      partsIn(schema, keyword),
    )
    const hides = items.length > 0 && reachesSecret(items, this.#refs)
    this.#secretItems.set(schema, hides)
    return hides
  }
}

const SURE = ['allOf'] as const
const MAYBE = ['anyOf', 'oneOf', 'then', 'else', 'dependentSchemas'] as const
const BELOW = ['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties']
const ITEMS = ['items', 'prefixItems', 'contains', 'unevaluatedItems']

/** Adds what `roots` bring in for the same value, each schema once. */
function expand(roots: readonly Applied[], refs: References): Applied[] {
  const found = new Map<Tree, boolean>()
  const visit = (schemas: readonly Schema[], sure: boolean): Schema[] => {
    const queue = [...schemas]
    const later: Schema[] = []
    for (const schema of queue) {
      if (!isTree(schema) || found.has(schema)) continue
      found.set(schema, sure)
      queue.push(...SURE.flatMap((keyword) => partsIn(schema, keyword)), ...refs.targets(schema))
      const maybe = MAYBE.flatMap((keyword) => partsIn(schema, keyword))
      if (sure) later.push(...maybe)
      else queue.push(...maybe)
    }
    return later
  }
  const named = (sure: boolean) => roots.filter((root) => root.sure === sure).map((root) => root.schema)
  visit([...visit(named(true), true), ...named(false)], false)
  return Array.from(found, ([schema, sure]) => ({ schema, sure }))
}

function reachesSecret(items: readonly Schema[], refs: References): boolean {
  const seen = new Set<Schema>()
  const queue = [...items]
  for (const schema of queue) {
    if (!isTree(schema) || seen.has(schema)) continue
    seen.add(schema)
    if (schema['writeOnly'] === true) return true
    for (const keyword of [...SURE, ...MAYBE, ...BELOW, ...ITEMS]) queue.push(...partsIn(schema, keyword))
    queue.push(...refs.targets(schema))
  }
  return false
}

/** The map in `keyword` of `schema`, where there is one. */
export function ownMap(schema: Tree, keyword: string): Tree | undefined {
  const map = own(schema, keyword)
  return isTree(map) ? map : undefined
}

const declares = (schema: Tree, key: string): boolean => {
  const properties = ownMap(schema, 'properties')
  return properties !== undefined && Object.hasOwn(properties, key)
}

/** True for a schema of arrays that says nothing of objects. */
const hasItems = (schema: Tree): boolean =>
  (Object.hasOwn(schema, 'items') || Object.hasOwn(schema, 'prefixItems')) &&
  !BELOW.some((keyword) => Object.hasOwn(schema, keyword))

function itemsAt(schema: Tree, index: number): Applied[] {
  const prefix = partsIn(schema, 'prefixItems')
  const parts = index < prefix.length ? [prefix[index]!] : partsIn(schema, 'items')
  return parts.filter(isTree).map((part) => ({ schema: part, sure: false }))
}
