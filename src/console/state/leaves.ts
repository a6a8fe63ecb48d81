import { parsePath, printPath, toSectionKey } from '../../model/path.ts'
import type { Tree, Value } from '../../model/value.ts'
import type { OverridePair, SnapshotAnswer } from '../../wire/answers.ts'
import { printed } from './show.ts'

/** One key of a configuration, ready to be shown and found. */
export interface Leaf {
  readonly path: string
  readonly section: string
  readonly key: string
  /** Absent: an override masks it. */
  readonly value?: Value
  readonly override?: OverridePair
  readonly isSecret: boolean
  /** The value as one line, cut. */
  readonly shown: string
  /** What a filter looks into: path and value, in lower case. */
  readonly text: string
}

const LONGEST = 2000

/** Every key in effect, and every key that an override takes away, by section and name. */
export function leavesOf({ config, overrides, secrets }: SnapshotAnswer): readonly Leaf[] {
  const byPath = new Map(overrides.map((one) => [one.path, one]))
  const secret = new Set(secrets)
  const found: Leaf[] = []
  for (const [path, value] of walk(config, [])) {
    const name = printPath(path)
    const { section, key } = toSectionKey(path)
    const override = byPath.get(name)
    byPath.delete(name)
    found.push(toLeaf({ path: name, section, key, value, isSecret: secret.has(name), ...(override && { override }) }))
  }
  for (const [path, override] of byPath) {
    const { section, key } = toSectionKey(parsePath(path))
    if (override.isMask) found.push(toLeaf({ path, section, key, override, isSecret: secret.has(path) }))
  }
  return found.sort(byName)
}

function toLeaf(leaf: Omit<Leaf, 'text' | 'shown'>): Leaf {
  const shown = printed(leaf.value).slice(0, LONGEST)
  return { ...leaf, shown, text: `${leaf.path} ${shown}`.toLowerCase() }
}

function* walk(tree: Tree, above: readonly string[]): Generator<readonly [readonly string[], Value]> {
  for (const [name, value] of Object.entries(tree)) {
    const path = [...above, name]
    if (isTree(value)) yield* walk(value, path)
    else yield [path, value]
  }
}

const isTree = (value: Value): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0

const collator = new Intl.Collator('en', { numeric: true })

const byName = (one: Leaf, other: Leaf): number =>
  collator.compare(one.section, other.section) || collator.compare(one.key, other.key)
