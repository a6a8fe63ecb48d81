import { type EnvSpec, sourceName } from '../model/layer.ts'
import { type Limits, withinLimit } from '../model/limits.ts'
import { type Tree, toValue, type Value } from '../model/value.ts'
import { sha256 } from './fingerprint.ts'
import { refuseSource } from './refuse.ts'
import type { Fingerprint, Loaded, SourceOptions } from './source.ts'

/** The variables whose names begin with the prefix, as a tree of text. Segments are lower-cased: the environment shouts, keys do not. */
export async function loadEnv(
  spec: EnvSpec,
  options: SourceOptions,
  previous?: Fingerprint,
): Promise<Loaded | 'unchanged'> {
  const shown = sourceName(spec)
  const variables = variablesOf(spec.prefix, options.environment)
  withinLimit(options.limits, 'sourceBytes', bytesOf(variables), shown)
  const digest = await sha256(JSON.stringify([spec.separator ?? '__', variables]))
  if (previous?.['sha256'] === digest) return 'unchanged'
  const tree = toTree(variables, spec, { limits: options.limits, shown })
  return { tree, isText: true, positions: new Map(), fingerprint: { sha256: digest } }
}

type Variable = readonly [name: string, value: string]

/** Where a variable stands in the tree: a leaf, or a branch that holds others. */
type Node =
  | { readonly from: string; readonly value: string }
  | { readonly from: string; readonly children: Map<string, Node> }

function variablesOf(prefix: string, environment: SourceOptions['environment']): readonly Variable[] {
  return Object.entries(environment)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[0].startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

const bytesOf = (variables: readonly Variable[]): number =>
  variables.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)

function toTree(variables: readonly Variable[], spec: EnvSpec, at: { limits: Limits; shown: string }): Tree {
  const root = new Map<string, Node>()
  for (const [name, value] of variables) {
    const segments = name
      .slice(spec.prefix.length)
      .toLowerCase()
      .split((spec.separator ?? '__').toLowerCase())
    if (segments.includes(''))
      refuseSource(at.shown, `the variable ${name} leaves an empty segment in its path; unset or rename it`)
    withinLimit(at.limits, 'depth', segments.length, `the nesting of ${name}`)
    place(root, segments, { from: name, value }, at.shown)
  }
  return toValue(plain(root), at.limits, at.shown) as Tree
}

function place(
  root: Map<string, Node>,
  segments: readonly string[],
  leaf: { from: string; value: string },
  shown: string,
): void {
  let branch = root
  for (const segment of segments.slice(0, -1)) {
    const node = branch.get(segment) ?? { from: leaf.from, children: new Map<string, Node>() }
    if (!('children' in node)) clash(shown, node.from, leaf.from)
    branch.set(segment, node)
    branch = node.children
  }
  const last = segments.at(-1)!
  const taken = branch.get(last)
  if (taken !== undefined) clash(shown, taken.from, leaf.from)
  branch.set(last, leaf)
}

function clash(shown: string, first: string, second: string): never {
  refuseSource(
    shown,
    `the variables ${first} and ${second} want the same place in the configuration; unset one of them`,
  )
}

const plain = (branch: Map<string, Node>): Value =>
  Object.fromEntries([...branch].map(([key, node]) => [key, 'children' in node ? plain(node.children) : node.value]))
