import type { Doc } from './document.ts'
import type { Path } from './path.ts'
import { isBranch, isTree, own, put, type Tree, type Value } from './value.ts'

/** Where base values come from, as the store keeps it and `holdfast.yaml` says it. Holds no value of a secret, only names of variables. */
export type SourceSpec = FileSpec | EnvSpec | UrlSpec | InlineSpec

interface CommonSpec {
  /** Overrides cannot beat this layer. */
  readonly pinned?: boolean
  /** `${NAME}`, `${NAME:-default}` and `${section.key}` in its string values are resolved when read. */
  readonly interpolate?: boolean
}

export interface FileSpec extends CommonSpec {
  readonly kind: 'file'
  readonly path: string
  /** Told by the file's name where absent. */
  readonly format?: string
}

export interface EnvSpec extends CommonSpec {
  readonly kind: 'env'
  /** `TACACS_` takes `TACACS_SERVER__PORT` as `server.port`. */
  readonly prefix: string
  /** Between the segments of a path; `__` unless told otherwise. */
  readonly separator?: string
}

export interface UrlSpec extends CommonSpec {
  readonly kind: 'url'
  /** `https:`; never with a user name or password in it. */
  readonly url: string
  readonly format?: string
  /** The SHA-256 (hex) the body must have. */
  readonly sha256?: string
  /** Request headers; a value is taken from the environment variable named, never from the text. */
  readonly headers?: Readonly<Record<string, { readonly env: string }>>
  /** Milliseconds between refreshes while a process follows it; 60,000 unless told otherwise. */
  readonly refreshMs?: number
  /** Milliseconds for one whole request, redirects included; 10,000 unless told otherwise. */
  readonly timeoutMs?: number
  /** Host names that may resolve to private or loopback addresses. */
  readonly allowHosts?: readonly string[]
}

export interface InlineSpec extends CommonSpec {
  readonly kind: 'inline'
  readonly name: string
  readonly values: Tree
}

/** The name a layer goes by in lists, refusals and `explain`; of a URL without its query, which may carry a token. No two of a namespace are alike. */
export function sourceName(spec: SourceSpec): string {
  if (spec.kind === 'file') return spec.path
  if (spec.kind === 'url') return spec.url.replace(/[?#].*$/s, '')
  return `${spec.kind}:${spec.kind === 'env' ? spec.prefix : spec.name}`
}

/** The layer of the schema's defaults, below all sources. */
export const DEFAULTS = 'schema'

/** One source's tree as loaded, kept by top-level name. */
export interface Layer {
  readonly name: string
  readonly kind: SourceSpec['kind'] | 'default'
  readonly isPinned: boolean
  readonly interpolates: boolean
  readonly documents: ReadonlyMap<string, Doc>
}

/** `upper` over `lower`: objects merge key by key, everything else replaces. */
export function merge(lower: Value | undefined, upper: Value): Value {
  if (!isTree(lower) || !isTree(upper)) return upper
  const merged = { ...lower }
  for (const key of Object.keys(upper)) put(merged, key, merge(own(lower, key), upper[key]!))
  return Object.freeze(merged)
}

/** The value at `path`, or at what follows its first `from` segments; `undefined` where there is none. */
export function valueAt(tree: Value | undefined, path: Path, from = 0): Value | undefined {
  let value = tree
  for (let i = from; i < path.length; i++) {
    if (!isTree(value)) return undefined
    value = own(value, path[i]!)
  }
  return value
}

/** `tree` with `value` at `path`; what stood in the way is replaced. */
export function withValue(tree: Value | undefined, path: Path, value: Value): Value {
  return patched(tree, [{ path, value }])!
}

/** `tree` with all of `edits` made in order (no `value` takes away, and the objects that held it stay, empty or not); shares what they do not touch, and copies each object once. */
export function patched(
  tree: Value | undefined,
  edits: Iterable<{ readonly path: Path; readonly value?: Value }>,
): Value | undefined {
  const copies = new Set<object>()
  let root = tree
  for (const { path, value } of edits) {
    if (path.length === 0) {
      root = value
    } else if (value !== undefined || valueAt(root, path) !== undefined) {
      const copy = writable(root, copies)
      if (value === undefined) removeIn(copy, path, copies)
      else setIn(copy, path, value, copies)
      root = copy
    }
  }
  for (const copy of copies) Object.freeze(copy)
  return root
}

type Mutable = { [key: string]: Value }

function writable(value: Value | undefined, copies: Set<object>): Mutable {
  if (isTree(value) && copies.has(value)) return value as Mutable
  const copy: Mutable = isTree(value) ? { ...value } : {}
  copies.add(copy)
  return copy
}

function setIn(root: Mutable, path: Path, value: Value, copies: Set<object>): void {
  put(holder(root, path, copies), path.at(-1)!, value)
}

function removeIn(root: Mutable, path: Path, copies: Set<object>): void {
  delete holder(root, path, copies)[path.at(-1)!]
}

function holder(root: Mutable, path: Path, copies: Set<object>): Mutable {
  let at = root
  for (const segment of path.slice(0, -1)) {
    const child = writable(own(at, segment), copies)
    put(at, segment, child)
    at = child
  }
  return at
}

/** Every leaf of `value` with its path, in the order of the tree. An empty object is a leaf. */
export function* leaves(value: Value, at: Path = []): Generator<readonly [Path, Value]> {
  if (isBranch(value)) {
    for (const [key, child] of Object.entries(value)) yield* leaves(child, [...at, key])
  } else if (at.length > 0) {
    yield [at, value]
  }
}
