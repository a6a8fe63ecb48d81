import { leaves } from '../model/layer.ts'
import { type Path, printPath } from '../model/path.ts'
import { suggest } from '../model/suggest.ts'
import type { Tree } from '../model/value.ts'

/** The path in `tree` that `path` was probably meant to be: a slip anywhere in it, or the right key in another section. */
export function nearestPath(path: Path, tree: Tree): string | undefined {
  const known = new Set<string>()
  const byKey = new Map<string, string>()
  for (const [leaf] of leaves(tree)) {
    for (let length = 1; length <= leaf.length; length++) known.add(printPath(leaf.slice(0, length)))
    byKey.set(leaf.at(-1)!, printPath(leaf))
  }
  const depth = path.length
  const [same, other] = [[...known].filter((each) => each.split('.').length === depth), [...known]]
  const wanted = printPath(path)
  return suggest(wanted, same) ?? suggest(wanted, other) ?? byKey.get(path.at(-1)!)
}
