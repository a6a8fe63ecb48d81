import type { Path } from '../model/path.ts'
import { equal, isTree, own, type Tree, type Value } from '../model/value.ts'
import type { Edit } from './format.ts'

/** A branch while it is being changed. */
type Draft = Map<string, Value | Draft>

const thaw = (value: Value | Draft | undefined): Draft =>
  value instanceof Map ? value : new Map(isTree(value) ? Object.entries(value) : [])

const settle = (value: Value | Draft): Value =>
  value instanceof Map
    ? Object.freeze(Object.fromEntries([...value].map(([key, child]) => [key, settle(child)] as const)))
    : value

/** `tree` with all edits made in their order; objects that lose their last key stay, empty. */
export function applyEdits(tree: Tree, edits: readonly Edit[]): Tree {
  const root = thaw(tree)
  for (const edit of edits) applyOne(root, edit)
  return settle(root) as Tree
}

function applyOne(root: Draft, { path, value }: Edit): void {
  let branch = root
  for (const segment of path.slice(0, -1)) {
    const child = branch.get(segment)
    if (value === undefined && !(child instanceof Map) && !isTree(child)) return
    const next = thaw(child)
    branch.set(segment, next)
    branch = next
  }
  const key = path.at(-1)!
  if (value === undefined) branch.delete(key)
  else branch.set(key, value)
}

/** The fewest edits that make `after` of `before`: no edit lies within another, and what holds an edit's key exists in `before`. */
export function difference(before: Tree, after: Tree, at: Path = []): Edit[] {
  if (before === after) return []
  const edits: Edit[] = []
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) edits.push({ path: [...at, key] })
  }
  for (const [key, value] of Object.entries(after)) {
    const old = own(before, key)
    if (isTree(old) && isTree(value)) edits.push(...difference(old, value, [...at, key]))
    else if (!equal(old, value)) edits.push({ path: [...at, key], value })
  }
  return edits
}

/**
 * True where `after` is `wanted`, objects that the edits took the last key from aside: some notations have no word for what is left
 * of `b` when `b.c = 1` goes.
 */
export function isAsWanted(before: Value | undefined, wanted: Value, after: Value | undefined): boolean {
  if (after === undefined) return isEmptied(before, wanted)
  if (!isTree(wanted) || !isTree(after)) return equal(wanted, after)
  const keys = Object.keys(wanted)
  return (
    Object.keys(after).every((key) => Object.hasOwn(wanted, key)) &&
    keys.every((key) => isAsWanted(isTree(before) ? own(before, key) : undefined, wanted[key]!, own(after, key)))
  )
}

const isEmptied = (before: Value | undefined, wanted: Value): boolean =>
  isTree(before) &&
  isTree(wanted) &&
  Object.keys(before).length > 0 &&
  Object.entries(wanted).every(([key, child]) => isEmptied(own(before, key), child))
