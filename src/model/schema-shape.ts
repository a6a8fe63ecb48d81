import { partsIn, type Schema } from './schema-keywords.ts'
import type { References } from './schema-refs.ts'
import { equal, isTree, own, type Tree, type Value } from './value.ts'

export type TypeName = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'

/** Which values a schema takes, as far as their types tell: every value of a type in `free`, and the single ones in `literals`. */
export interface Shape {
  readonly free: ReadonlySet<TypeName>
  readonly literals: readonly Value[]
}

const TYPES: readonly TypeName[] = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']

export const ANYTHING: Shape = { free: new Set(TYPES), literals: [] }

/** True where the schema says nothing about the type. */
export const isAnything = (shape: Shape): boolean => shape.free.size === TYPES.length

/** The JSON Schema name of a value's type; a whole number is an `integer`. */
export function typeName(value: Value): TypeName {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as 'boolean' | 'string' | 'object'
}

/** The names to show: `number` says `integer` too. */
export function typesOf(shape: Shape): TypeName[] {
  const names = new Set([...shape.free, ...shape.literals.map(typeName)])
  if (names.has('number')) names.delete('integer')
  return TYPES.filter((name) => names.has(name))
}

export function takes(shape: Shape, value: Value): boolean {
  return shape.free.has(typeName(value)) || shape.literals.some((literal) => equal(literal, value))
}

export function bothOf(a: Shape, b: Shape): Shape {
  if (isAnything(a)) return b
  if (isAnything(b)) return a
  return {
    free: a.free.intersection(b.free),
    literals: distinct([
      ...a.literals.filter((item) => takes(b, item)),
      ...b.literals.filter((item) => takes(a, item)),
    ]),
  }
}

export function eitherOf(shapes: readonly Shape[]): Shape {
  const free = new Set(shapes.flatMap((shape) => [...shape.free]))
  return { free, literals: distinct(shapes.flatMap((shape) => shape.literals)) }
}

/** A shape that takes every value of the types of its literals. */
export const widened = (shape: Shape): Shape => ({
  free: new Set([...shape.free, ...shape.literals.map(typeName)]),
  literals: [],
})

/** Reads shapes off schemas, each schema once. A schema that applies to the same value again adds nothing. */
export class Shapes {
  readonly #refs: References
  readonly #known = new Map<Tree, Shape>()

  constructor(refs: References) {
    this.#refs = refs
  }

  of(schema: Schema): Shape {
    if (!isTree(schema)) return schema ? ANYTHING : { free: new Set(), literals: [] }
    const known = this.#known.get(schema)
    if (known) return known
    this.#known.set(schema, ANYTHING)
    const shape = this.#read(schema)
    this.#known.set(schema, shape)
    return shape
  }

  #read(schema: Tree): Shape {
    let shape = ownShape(schema)
    for (const part of [...partsIn(schema, 'allOf'), ...this.#refs.targets(schema)])
      shape = bothOf(shape, this.of(part))
    for (const keyword of ['anyOf', 'oneOf']) {
      const branches = partsIn(schema, keyword)
      if (branches.length > 0) shape = bothOf(shape, eitherOf(branches.map((branch) => this.of(branch))))
    }
    return shape
  }
}

function ownShape(schema: Tree): Shape {
  const shape = declaredTypes(own(schema, 'type'))
  const only = Object.hasOwn(schema, 'const') ? [schema['const']!] : own(schema, 'enum')
  return Array.isArray(only) ? bothOf(shape, { free: new Set(), literals: distinct(only) }) : shape
}

function declaredTypes(type: Value | undefined): Shape {
  if (type === undefined) return ANYTHING
  const names = (Array.isArray(type) ? type : [type]) as TypeName[]
  const free = new Set(names.filter((name) => TYPES.includes(name)))
  if (free.has('number')) free.add('integer')
  return { free, literals: [] }
}

function distinct(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
