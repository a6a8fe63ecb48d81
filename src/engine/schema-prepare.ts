import { HOLDS, partsIn, type Schema, schemasIn } from '../model/schema-keywords.ts'
import type { References } from '../model/schema-refs.ts'
import { EMPTY, isTree, type Tree } from '../model/value.ts'

/** The keyword that counts the work of a check, so that a schema cannot make it endless. */
export const COST = 'holdfast:cost'

/** A schema as ajv gets it. */
export interface Prepared {
  readonly schema: { readonly $ref: string; readonly $defs: Readonly<Record<string, unknown>> }
  /** The schema each prepared one was made of. */
  readonly origin: ReadonlyMap<unknown, Tree>
}

type Draft = Record<string, unknown>

const MOST_TOGETHER = 64

const NEVER: Tree = Object.freeze({ not: EMPTY })

/** What only people and Holdfast read. */
const SILENT: ReadonlySet<string> = new Set([
  ...[
    '$id',
    '$schema',
    '$anchor',
    '$dynamicAnchor',
    '$comment',
    '$vocabulary',
    '$defs',
    'definitions',
    '$ref',
    '$dynamicRef',
  ],
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['contentEncoding', 'contentMediaType', 'contentSchema'],
])

/** Alternatives and conditions: kept apart, so that each can be run by itself. */
const APART: ReadonlySet<string> = new Set([
  ...['anyOf', 'oneOf', 'if', 'then', 'else', 'contains', 'propertyNames', 'unevaluatedItems', 'unevaluatedProperties'],
])

/** Run once for each key or item: their work is counted each time. */
const REPEATED: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'patternProperties'])

/**
 * Rewrites a checked schema so that ajv and Holdfast cannot differ about it: references become plain ones, `__proto__` an ordinary key
 * (ajv skips it), branches functions of their own, and work is counted.
 */
export function prepare(root: Tree, refs: References): Prepared {
  const writer = new Writer(refs)
  const top = writer.reference(root)
  return { schema: { ...top, $defs: writer.definitions() }, origin: writer.origin }
}

class Writer {
  readonly origin = new Map<unknown, Tree>()
  readonly #refs: References
  readonly #names = new Map<Tree, string>()
  readonly #shares: [string, Draft][] = []

  constructor(refs: References) {
    this.#refs = refs
  }

  /** `schema` as a definition of its own, referred to. */
  reference(schema: Schema): { readonly $ref: string } {
    const tree = isTree(schema) ? schema : schema ? EMPTY : NEVER
    const name = this.#names.get(tree) ?? `s${this.#names.size}`
    this.#names.set(tree, name)
    return { $ref: `#/$defs/${name}` }
  }

  /** All definitions; writing one may ask for more. */
  definitions(): Draft {
    const written: Draft = {}
    for (const [schema, name] of this.#names) written[name] = this.#counted(schema)
    return { ...written, ...Object.fromEntries(this.#shares) }
  }

  #counted(schema: Tree): Draft {
    const draft = this.#write(schema)
    draft[COST] = 1 + Object.keys(draft).length + sizeOf(schema)
    return draft
  }

  #part(schema: Schema, keyword: string): unknown {
    if (typeof schema === 'boolean' && keyword.startsWith('unevaluated')) return schema
    if (APART.has(keyword)) return this.reference(schema)
    if (!isTree(schema)) return schema
    if (this.#names.has(schema)) return this.reference(schema)
    return REPEATED.has(keyword) ? this.#counted(schema) : this.#write(schema)
  }

  #write(schema: Tree): Draft {
    const draft: Draft = {}
    this.origin.set(draft, schema)
    const also: unknown[] = []
    for (const [keyword, value] of Object.entries(schema)) {
      if (SILENT.has(keyword) || keyword.startsWith('x-')) continue
      if (keyword === 'dependentSchemas') also.push(...this.#dependent(schema))
      else draft[keyword] = HOLDS.has(keyword) ? this.#parts(schema, keyword) : value
    }
    for (const target of this.#refs.targets(schema)) also.push(isTree(target) ? this.reference(target) : target)
    moveProto(draft, also)
    this.#shareOut(draft, also)
    if (also.length > 0) draft['allOf'] = [...((draft['allOf'] as unknown[]) ?? []), ...also]
    return draft
  }

  #parts(schema: Tree, keyword: string): unknown {
    const parts = Array.from(
      schemasIn(schema, keyword),
      ([place, part]) => [place[1], this.#part(part, keyword)] as const,
    )
    if (HOLDS.get(keyword) === 'one') return parts[0]![1]
    if (HOLDS.get(keyword) === 'list') return parts.map(([, part]) => part)
    return Object.fromEntries(parts)
  }

  /** Many properties go to functions of their own, because compiling one function costs more than the sum of its parts. */
  #shareOut(draft: Draft, also: unknown[]): void {
    const properties = Object.entries(draft['properties'] ?? {})
    if (properties.length <= MOST_TOGETHER) return
    draft['properties'] = Object.fromEntries(properties.map(([key]) => [key, true]))
    for (let from = 0; from < properties.length; from += MOST_TOGETHER) {
      const share = { properties: Object.fromEntries(properties.slice(from, from + MOST_TOGETHER)) }
      const name = `p${this.#shares.length}`
      this.#shares.push([name, share])
      also.push({ $ref: `#/$defs/${name}` })
    }
  }

  #dependent(schema: Tree): unknown[] {
    const parts = Array.from(schemasIn(schema, 'dependentSchemas'))
    return parts.map(([place, part]) => this.#withOrigin(this.#where(place[1]!, part), schema))
  }

  #where(key: string, outcome: Schema): Draft {
    return Object.fromEntries([
      ['if', this.reference(Object.freeze({ type: 'object', required: [key] }))],
      ['then', this.reference(outcome)],
    ])
  }

  #withOrigin(draft: Draft, schema: Tree): Draft {
    this.origin.set(draft, schema)
    return draft
  }
}

/** ajv passes over `__proto__` in `properties`: as a pattern it is seen. */
function moveProto(draft: Draft, also: unknown[]): void {
  const properties = draft['properties']
  if (!isTree(properties) || !Object.hasOwn(properties, '__proto__')) return
  const { ['__proto__']: proto, ...others } = properties
  const patterns = (draft['patternProperties'] ?? {}) as Tree
  if (Object.hasOwn(patterns, PROTO)) also.push({ patternProperties: { [PROTO]: proto } })
  draft['properties'] = others
  draft['patternProperties'] = { [PROTO]: proto, ...patterns }
}

const PROTO = '^__proto__$'

/** The number of keywords in `schema` that run each time it does. */
function sizeOf(schema: Tree): number {
  let size = 0
  for (const keyword of Object.keys(schema)) {
    size++
    if (keyword === '$defs' || keyword === 'definitions' || APART.has(keyword)) continue
    for (const part of partsIn(schema, keyword)) if (isTree(part)) size += sizeOf(part)
  }
  return size
}
