import { leaves, patched } from './layer.ts'
import type { Path } from './path.ts'
import { equal, isBranch, isTree, own, type Tree, type Value } from './value.ts'

/** One difference, at the highest point that came, went or changed its kind. `undefined` is absent; `null` is a value. */
export interface Difference {
  readonly path: Path
  readonly before?: Value
  readonly after?: Value
}

/** What changed from `before` to `after`, in canonical key order. */
export function diff(before: Value | undefined, after: Value | undefined, at: Path = []): readonly Difference[] {
  if (isTree(before) && isTree(after)) return diffTrees(before, after, at)
  if (equal(before, after)) return []
  return [{ path: at, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
}

function diffTrees(before: Tree, after: Tree, at: Path): readonly Difference[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  const differences: Difference[] = []
  for (const key of keys) {
    const [from, to] = [own(before, key), own(after, key)]
    if (from !== to) differences.push(...diff(from, to, [...at, key]))
  }
  return differences
}

/** The other side: `patch(before, diff(before, after))` equals `after`. */
export function patch(before: Value | undefined, differences: readonly Difference[]): Value | undefined {
  const edits = differences.map(({ path, after }) => ({ path, ...(after !== undefined && { value: after }) }))
  return patched(before, edits)
}

/** The same differences key by key: a subtree that came or went is told as its leaves. */
export function byLeaf(differences: readonly Difference[]): readonly Difference[] {
  return differences.flatMap((difference) => {
    if (!isBranch(difference.before) && !isBranch(difference.after)) return [difference]
    const rows = new Map<string, Difference>()
    for (const side of ['before', 'after'] as const) {
      const value = difference[side]
      if (value === undefined) continue
      for (const [rest, leaf] of isBranch(value) ? leaves(value) : [[[], value] as const]) {
        const path = [...difference.path, ...rest]
        const id = JSON.stringify(path)
        rows.set(id, { ...rows.get(id), path, [side]: leaf })
      }
    }
    return [...rows.values()]
  })
}
