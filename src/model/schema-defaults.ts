import { HoldfastError } from './errors.ts'
import { merge } from './layer.ts'
import { type Node, type Nodes, ownMap } from './schema-nodes.ts'
import { EMPTY, isTree, own, type Tree, type Value } from './value.ts'

const MOST_KEYS = 10_000

/**
 * The `default`s that hold whatever the values are, as a tree. A section that nobody asks for gets its defaults only where they alone
 * make it complete: half of an optional section would be refused for what it lacks. Sections and map entries in `over` are asked for.
 */
export function defaultsBelow(nodes: Nodes, over: Tree | undefined): Tree {
  const asked = { nodes, keys: 0, above: new Set<Node>() }
  const found = sectionDefaults(asked, nodes.root, over, true)
  return isTree(found) ? found : EMPTY
}

interface Walk {
  readonly nodes: Nodes
  readonly above: Set<Node>
  keys: number
}

function sectionDefaults(walk: Walk, node: Node, over: Value | undefined, isAsked: boolean): Value | undefined {
  const sure = node.all.filter((applied) => applied.sure).map((applied) => applied.schema)
  const stated = sure.find((schema) => Object.hasOwn(schema, 'default'))?.['default']
  if (stated !== undefined && !isTree(stated)) return stated
  if (walk.above.has(node) && !isTree(over)) return stated
  const isNew = !walk.above.has(node)
  walk.above.add(node)
  const found = keyDefaults(walk, node, sure, over)
  if (isNew) walk.above.delete(node)
  if (stated !== undefined) return found ? merge(found, stated) : stated
  const isComplete = found !== undefined && requiredBy(sure).every((name) => Object.hasOwn(found, name))
  return isAsked || isTree(over) || isComplete ? found : undefined
}

function keyDefaults(walk: Walk, node: Node, sure: readonly Tree[], over: Value | undefined): Tree | undefined {
  const names = new Set(sure.flatMap((schema) => Object.keys(ownMap(schema, 'properties') ?? EMPTY)))
  if (isTree(over)) for (const name of Object.keys(over)) names.add(name)
  const required = new Set(requiredBy(sure))
  const entries: [string, Value][] = []
  for (const name of names) {
    const below = isTree(over) ? own(over, name) : undefined
    const value = sectionDefaults(walk, walk.nodes.child(node, name), below, required.has(name))
    if (value !== undefined) entries.push([name, value])
  }
  walk.keys += entries.length
  if (walk.keys > MOST_KEYS + sizeOf(over)) refuse()
  return entries.length > 0 ? Object.freeze(Object.fromEntries(entries)) : undefined
}

const sizeOf = (over: Value | undefined): number => (isTree(over) ? Object.keys(over).length : 0)

const requiredBy = (sure: readonly Tree[]): string[] =>
  sure.flatMap((schema) => {
    const names = own(schema, 'required')
    return Array.isArray(names) ? (names as readonly string[]) : []
  })

function refuse(): never {
  throw new HoldfastError('malformed', `the schema's defaults make more than ${MOST_KEYS} keys`, { what: 'schema' })
}
