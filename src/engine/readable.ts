import { HoldfastError, type Issue } from '../model/errors.ts'
import { leaves, patched } from '../model/layer.ts'
import { type Path, printPath } from '../model/path.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { isBranch, type Tree, type Value } from '../model/value.ts'

/** A whole configuration as a reader may see it, and what of it cannot be read. */
export interface Readable {
  readonly tree: Tree
  /** Texts that refer to what is not there, or in a circle. */
  readonly broken: readonly Issue[]
  /** Paths that cannot be read, because of that or for want of a key: in `tree` they stand as they are kept. */
  readonly unread: ReadonlySet<string>
}

export interface ReadableOptions {
  /** False lets pass what only wants for a variable: another process may have it. */
  readonly needsVariables: boolean
}

/** Reads all of `snapshot`, as far as that is possible here. */
export function readable(snapshot: Snapshot, { needsVariables }: ReadableOptions): Readable {
  const found: Found = { broken: [], unread: new Set(), needsVariables }
  const entries = [...snapshot.effective].map(([name, { value }]): [string, Value] => {
    try {
      return [name, snapshot.get(printPath([name]))!]
    } catch (error) {
      if (!isUnreadable(error)) throw error
      return [name, leafByLeaf(snapshot, name, value, found)]
    }
  })
  return { ...found, tree: Object.freeze(Object.fromEntries(entries)) }
}

interface Found extends ReadableOptions {
  readonly broken: Issue[]
  readonly unread: Set<string>
}

function leafByLeaf(snapshot: Snapshot, name: string, value: Value, found: Found): Value {
  if (!isBranch(value)) return shown(snapshot, [name], value, found)
  const edits = Array.from(leaves(value), ([path, leaf]) => ({
    path,
    value: shown(snapshot, [name, ...path], leaf, found),
  }))
  return patched(value, edits)!
}

function shown(snapshot: Snapshot, path: Path, value: Value, found: Found): Value {
  try {
    return snapshot.shown(path, value)
  } catch (error) {
    if (!isUnreadable(error)) throw error
    found.unread.add(printPath(path))
    if (error.code !== 'key' && (found.needsVariables || !isUnset(error))) found.broken.push(brokenAt(path, error))
    return value
  }
}

const brokenAt = (path: Path, { message }: HoldfastError): Issue => ({
  path: printPath(path),
  code: 'reference',
  message: `cannot be resolved: ${message}`,
})

const isUnreadable = (error: unknown): error is HoldfastError =>
  HoldfastError.is(error, 'key') || HoldfastError.is(error, 'not-found') || HoldfastError.is(error, 'malformed')

/** True for a reference to a variable of the environment: the name of a key has a dot. */
const isUnset = (error: HoldfastError): boolean =>
  HoldfastError.is(error, 'not-found') && !error.details.what.includes('.')
