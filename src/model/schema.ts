import { leaves } from './layer.ts'
import type { Path } from './path.ts'
import { defaultsBelow } from './schema-defaults.ts'
import { partsIn, type Schema } from './schema-keywords.ts'
import { KnownKeys } from './schema-known.ts'
import { type Matcher, type Node, Nodes, ownMap } from './schema-nodes.ts'
import { plainMatcher } from './schema-patterns.ts'
import { References } from './schema-refs.ts'
import {
  ANYTHING,
  bothOf,
  eitherOf,
  isAnything,
  type Shape,
  Shapes,
  type TypeName,
  takes,
  typesOf,
  widened,
} from './schema-shape.ts'
import { EMPTY, isBranch, isTree, own, type Tree, type Value } from './value.ts'

export type { Schema } from './schema-keywords.ts'
export type { Matcher } from './schema-nodes.ts'
export type { Shape, TypeName } from './schema-shape.ts'

/** What the schema says about a path, for people, forms and completion. */
export interface Description {
  readonly types?: readonly TypeName[]
  readonly enum?: readonly Value[]
  readonly const?: Value
  readonly title?: string
  readonly description?: string
  readonly default?: Value
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly format?: string
  readonly deprecated?: boolean
  readonly examples?: readonly Value[]
  readonly isSecret: boolean
  readonly needsRestart: boolean
}

const TOLD = ['title', 'description', 'deprecated']
/** What would give away values of a secret. */
const VALUES = ['const', 'default', 'examples', 'pattern']
const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']
const RULES = [...BOUNDS, 'minLength', 'maxLength', 'minItems', 'maxItems', 'format']

/** Reads a JSON Schema 2020-12 without a validator: what it says about each path. Every question costs bounded work. */
export class SchemaReader {
  readonly schema: Tree
  readonly #refs: References
  readonly #nodes: Nodes
  readonly #shapes: Shapes
  readonly #known: KnownKeys
  #mentionsSecrets: boolean | undefined

  /** Without a `matcher`, patterns that may be slow on the built-in engine count as matching every key. */
  constructor(schema: Schema, options: { readonly matcher?: Matcher } = {}) {
    this.schema = isTree(schema) ? schema : schema ? EMPTY : Object.freeze({ not: EMPTY })
    this.#refs = new References(this.schema)
    this.#nodes = new Nodes(this.schema, this.#refs, options.matcher ?? plainMatcher)
    this.#shapes = new Shapes(this.#refs)
    this.#known = new KnownKeys(this.#refs, this.#nodes)
  }

  /** All schemas that may apply at `path`, those that always do first. */
  subschemasAt(path: Path): readonly Tree[] {
    return this.#at(path).all.map((applied) => applied.schema)
  }

  /** The layer of defaults. With `over`, also the defaults inside the sections and map entries that `over` has. */
  defaultsOf(over?: Tree): Tree {
    return defaultsBelow(this.#nodes, over)
  }

  /** True where the value at `path` must not be seen. In doubt it is: one branch that says so is enough. */
  isSecret(path: Path): boolean {
    return this.#hasSecrets() && this.#at(path).isSecret
  }

  /** True where a change of `path` takes effect only after a restart. */
  isRestart(path: Path): boolean {
    return this.#at(path).isRestart
  }

  /** The leaves and arrays of `tree` that must not be seen. */
  secretPathsIn(tree: Tree): Path[] {
    return this.#hasSecrets() ? [...this.#secretsBelow(this.#nodes.root, tree, [])] : []
  }

  describe(path: Path): Description {
    const node = this.#at(path)
    const sure = node.all.filter((applied) => applied.sure).map((applied) => applied.schema)
    const shape = this.#shapeOf(node)
    const isSecret = this.isSecret(path)
    const types = isAnything(shape) ? {} : { types: typesOf(shape) }
    const literals = shape.literals.length > 0 && shape.free.size === 0 ? { enum: shape.literals } : {}
    return Object.freeze({
      ...types,
      ...(isSecret ? {} : { ...literals, ...firstOf(sure, VALUES) }),
      ...firstOf(sure, RULES),
      ...firstOf(this.subschemasAt(path), TOLD),
      isSecret,
      needsRestart: node.isRestart,
    })
  }

  /** False where a closed schema has no room for `path`. */
  isKnown(path: Path): boolean {
    let node = this.#nodes.root
    for (const key of path) {
      if (!takes(this.#shapeOf(node), EMPTY)) return false
      if (!node.roots.every(({ schema, sure }) => !sure || this.#known.allows(schema, key))) return false
      node = this.#nodes.child(node, key)
    }
    return true
  }

  /** The keys the schema names directly below `parent`, in its order. */
  knownKeys(parent: Path): string[] {
    const names = new Set<string>()
    for (const schema of this.subschemasAt(parent)) {
      for (const [name, part] of Object.entries(ownMap(schema, 'properties') ?? EMPTY))
        if (part !== false) names.add(name)
      for (const part of partsIn(schema, 'propertyNames')) for (const name of literalNames(part)) names.add(name)
    }
    return [...names]
  }

  /** Which values `path` takes by type: what always holds, or else what some branch says. */
  shapeAt(path: Path): Shape {
    return this.#shapeOf(this.#at(path))
  }

  #at(path: Path): Node {
    let node = this.#nodes.root
    for (const key of path) node = this.#nodes.child(node, key)
    return node
  }

  #shapeOf(node: Node): Shape {
    const named = (sure: boolean) =>
      node.roots.filter((root) => root.sure === sure).map((root) => this.#shapes.of(root.schema))
    const always = named(true).reduce(bothOf, ANYTHING)
    const sometimes = named(false).filter((shape) => !isAnything(shape))
    return isAnything(always) && sometimes.length > 0 ? widened(eitherOf(sometimes)) : always
  }

  *#secretsBelow(node: Node, value: Value, at: Path): Generator<Path> {
    if (node.isSecret) {
      if (isBranch(value)) for (const [path] of leaves(value, at)) yield path
      else if (at.length > 0) yield at
    } else if (isTree(value)) {
      for (const [key, child] of Object.entries(value))
        yield* this.#secretsBelow(this.#nodes.child(node, key), child, [...at, key])
    }
  }

  #hasSecrets(): boolean {
    this.#mentionsSecrets ??= mentionsSecret(this.schema)
    return this.#mentionsSecrets
  }
}

function mentionsSecret(value: Value): boolean {
  if (Array.isArray(value)) return value.some(mentionsSecret)
  if (!isTree(value)) return false
  return own(value, 'writeOnly') === true || Object.values(value).some(mentionsSecret)
}

function firstOf(schemas: readonly Tree[], keywords: readonly string[]): Record<string, Value> {
  const found = keywords.flatMap((keyword): [string, Value][] => {
    const schema = schemas.find((candidate) => Object.hasOwn(candidate, keyword))
    return schema ? [[keyword, schema[keyword]!]] : []
  })
  return Object.fromEntries(found)
}

function literalNames(names: Schema): string[] {
  if (!isTree(names)) return []
  const listed = own(names, 'enum')
  return [...(Array.isArray(listed) ? listed : []), own(names, 'const')].filter((name) => typeof name === 'string')
}
