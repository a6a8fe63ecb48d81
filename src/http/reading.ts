import type { FormatName } from '../format/format.ts'
import { renderAs } from '../format/render.ts'
import type { Config, ConfigSnapshot } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { leaves, valueAt } from '../model/layer.ts'
import { type Path, parsePath, printPath } from '../model/path.ts'
import { authorise, authorisePath } from '../model/principal.ts'
import { EMPTY, equal, isTree, type Tree, type Value } from '../model/value.ts'
import type { Answer } from './answer.ts'
import type { Caller, Context } from './context.ts'
import { noteSecrets } from './secret-reads.ts'

const TYPES: Readonly<Partial<Record<FormatName, string>>> = {
  yaml: 'application/yaml; charset=utf-8',
  toml: 'application/toml; charset=utf-8',
}

/** What a read asks for. */
export interface Wanted {
  /** Empty for the whole configuration; `['']` for what stands outside any section. */
  readonly path: Path
  readonly format?: FormatName
  readonly reveal?: boolean
}

/** The value at a path of a configuration as an answer, in the format asked for. */
export async function read(
  { context, caller }: { readonly context: Context; readonly caller: Caller },
  config: Config | ConfigSnapshot,
  namespace: string,
  { path, format = 'json', reveal = false }: Wanted,
): Promise<Answer> {
  if (reveal) authoriseSecrets(caller, namespace, path)
  const hidden = find(config.toJSON({ reveal: false }), path)
  if (hidden === undefined) throw missing(path)
  const value = reveal ? opened(config, path)! : hidden
  if (reveal) {
    const version = typeof config.version === 'number' ? config.version : config.version?.id
    await noteSecrets(context, caller, { namespace, asked: path, version, paths: openedPaths(hidden, value, path) })
  }
  if (format === 'json') return { json: value, ...kept(reveal) }
  const text = await renderAs(format, isOutside(path) ? [] : path, value)
  return { text, type: TYPES[format] ?? 'text/plain; charset=utf-8', ...kept(reveal) }
}

/** What holds secrets in the clear is not to be kept by anybody. */
const kept = (reveal: boolean) => (reveal ? {} : { etag: true as const })

const isOutside = (path: Path): boolean => path.length === 1 && path[0] === ''

/** With its secrets in the clear. */
function opened(config: Config | ConfigSnapshot, path: Path): Value | undefined {
  if (path.length === 0) return config.toJSON({ reveal: true })
  return isOutside(path) ? config.items('') : config.get(printPath(path))
}

/** The paths at and below `at` that are shown otherwise than they are to who may see no secrets. */
function openedPaths(hidden: Value, shown: Value | undefined, at: Path): readonly string[] {
  const front = isOutside(at) ? [] : at
  if (!isTree(hidden)) return equal(hidden, shown) ? [] : [printPath(front)]
  return Array.from(leaves(hidden))
    .filter(([path, value]) => !equal(value, valueAt(shown, path)))
    .map(([path]) => printPath([...front, ...path]))
}

function find(tree: Tree, path: Path): Value | undefined {
  if (!isOutside(path)) return valueAt(tree, path)
  const outside = Object.entries(tree).filter(([, value]) => !isTree(value))
  return outside.length === 0 ? EMPTY : Object.fromEntries(outside)
}

/** The paths of the keys of a section, or of those outside any. */
export function keysBelow(tree: Tree, path: Path): readonly Path[] {
  const value = find(tree, path)
  if (value === undefined) throw missing(path)
  const front = isOutside(path) ? [] : path
  return isTree(value) ? Array.from(leaves(value), ([rest]) => [...front, ...rest]) : [path]
}

function missing(path: Path): HoldfastError {
  const what = printPath(path)
  return new HoldfastError('not-found', `there is no ${what}`, { what })
}

/** The path that two segments of an address name, printed as they are in messages. */
export function pathOf({ section, key }: { readonly section: string; readonly key?: string }): Path {
  const first = parsePath(section)
  if (first.length !== 1) throw malformed('the section', section)
  if (key === undefined) return first
  const rest = parsePath(key)
  if (first[0] !== '') return [...first, ...rest]
  if (rest.length !== 1) throw malformed('a key outside any section', key)
  return rest
}

function malformed(what: string, found: string): HoldfastError {
  const message = `${what} is one segment of a path, not ${JSON.stringify(found)}: quote what has a dot in it`
  return new HoldfastError('malformed', message, { what: found })
}

/** Refuses to open secrets at and below a path; of many sections those are opened that may be. */
export function authoriseSecrets({ who }: Caller, namespace: string, path: Path): void {
  if (path.length === 0 || isOutside(path)) authorise(who, 'secrets:read', namespace)
  else authorisePath(who, 'secrets:read', namespace, path)
}
