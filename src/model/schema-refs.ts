import { childSchemas, isSchema, type Schema } from './schema-keywords.ts'
import { isTree, own, type Tree, type Value } from './value.ts'

export type RefKeyword = '$ref' | '$dynamicRef'

const ROOT = 'schema://root/'

interface Index {
  readonly bases: ReadonlyMap<Tree, string>
  readonly resources: ReadonlyMap<string, Tree>
  readonly anchors: ReadonlyMap<string, Tree>
  readonly ambiguous: ReadonlySet<string>
}

/** Follows `$ref` and `$dynamicRef` inside one document (`$id`, `$anchor`, JSON pointers). Nothing is ever fetched. */
export class References {
  readonly #root: Tree
  #index: Index | undefined

  constructor(root: Tree) {
    this.#root = root
  }

  /** The schema that `keyword` of `schema` points to, `undefined` where it points to nothing in the document. */
  target(schema: Tree, keyword: RefKeyword): Schema | undefined {
    const text = own(schema, keyword)
    if (typeof text !== 'string') return undefined
    this.#index ??= indexOf(this.#root)
    return find(this.#index, this.#root, this.#index.bases.get(schema) ?? ROOT, text)
  }

  /** The schemas that `schema` refers to. */
  targets(schema: Tree): Schema[] {
    const found = [this.target(schema, '$ref'), this.target(schema, '$dynamicRef')]
    return found.filter((target) => target !== undefined)
  }

  /** True where a dynamic anchor stands in several embedded documents, so that its meaning depends on the way taken to it. */
  isAmbiguous(schema: Tree): boolean {
    const text = own(schema, '$dynamicRef')
    this.#index ??= indexOf(this.#root)
    return typeof text === 'string' && this.#index.ambiguous.has(text.slice(text.indexOf('#') + 1))
  }
}

function indexOf(root: Tree): Index {
  const bases = new Map<Tree, string>()
  const resources = new Map<string, Tree>([[ROOT, root]])
  const anchors = new Map<string, Tree>()
  const dynamic = new Set<string>()
  const ambiguous = new Set<string>()
  const stack: [Tree, string][] = [[root, ROOT]]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [schema, outer] = next
    const base = baseOf(schema, outer)
    bases.set(schema, base)
    if (base !== outer && !resources.has(base)) resources.set(base, schema)
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const name = own(schema, keyword)
      if (typeof name !== 'string') continue
      anchors.set(`${base}#${name}`, schema)
      if (keyword === '$dynamicAnchor') (dynamic.has(name) ? ambiguous : dynamic).add(name)
    }
    for (const [, child] of childSchemas(schema)) if (isTree(child)) stack.push([child, base])
  }
  return { bases, resources, anchors, ambiguous }
}

function baseOf(schema: Tree, outer: string): string {
  const id = own(schema, '$id')
  return (typeof id === 'string' ? withoutFragment(id, outer) : undefined) ?? outer
}

function withoutFragment(text: string, base: string): string | undefined {
  if (!URL.canParse(text, base)) return undefined
  const url = new URL(text, base)
  url.hash = ''
  return url.href
}

function find(index: Index, root: Tree, base: string, text: string): Schema | undefined {
  const hash = text.indexOf('#')
  const resourceText = hash < 0 ? text : text.slice(0, hash)
  const address = resourceText === '' ? base : withoutFragment(resourceText, base)
  const resource =
    address === undefined ? undefined : (index.resources.get(address) ?? (address === base ? root : undefined))
  const fragment = decode(hash < 0 ? '' : text.slice(hash + 1))
  if (resource === undefined || fragment === undefined) return undefined
  if (fragment === '') return resource
  if (!fragment.startsWith('/')) return index.anchors.get(`${address}#${fragment}`)
  const found = atPointer(resource, fragment)
  return isSchema(found) ? found : undefined
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return undefined
  }
}

/** The segments of a JSON pointer (RFC 6901). */
export const pointerSegments = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))

function atPointer(root: Value, pointer: string): Value | undefined {
  let value: Value | undefined = root
  for (const segment of pointerSegments(pointer)) {
    if (Array.isArray(value))
      value = /^(0|[1-9]\d*)$/.test(segment) ? (value as readonly Value[])[Number(segment)] : undefined
    else value = isTree(value) ? own(value, segment) : undefined
  }
  return value
}
