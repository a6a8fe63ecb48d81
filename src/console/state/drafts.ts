import { useSyncExternalStore } from 'react'
import { fromSectionKey, type Path } from '../../model/path.ts'
import type { Tree, Value } from '../../model/value.ts'

/** One key as somebody wants it, before it is sent. */
export interface Draft {
  readonly path: string
  readonly section: string
  readonly key: string
  readonly kind: 'set' | 'unset' | 'mask'
  /** Of kind `set`. */
  readonly value?: Value
  /** What was in effect when it was staged; absent: nothing. */
  readonly before?: Value
  readonly isSecret: boolean
}

export type Drafts = ReadonlyMap<string, Draft>

const EMPTY: Drafts = new Map()
let all: ReadonlyMap<string, Drafts> = new Map()
const listeners = new Set<() => void>()

function replace(ns: string, drafts: Drafts): void {
  all = new Map(all).set(ns, drafts)
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** What is staged in a namespace, by path. It lives in this page's memory only: nothing is sent before it is applied. */
export const useDrafts = (ns: string): Drafts => useSyncExternalStore(subscribe, () => all.get(ns) ?? EMPTY)

export const stage = (ns: string, draft: Draft): void => replace(ns, new Map(all.get(ns)).set(draft.path, draft))

export function unstage(ns: string, path?: string): void {
  const drafts = new Map(path === undefined ? [] : all.get(ns))
  if (path !== undefined) drafts.delete(path)
  replace(ns, drafts)
}

/** True while something is staged anywhere: leaving the page would lose it. */
export const hasDrafts = (): boolean => [...all.values()].some(({ size }) => size > 0)

/** The body of `POST /changes` that makes all of them at once. */
export function toChange(drafts: Iterable<Draft>): { set?: Tree; unset?: string[]; mask?: string[] } {
  const set: Record<string, unknown> = Object.create(null)
  const [unset, mask]: [string[], string[]] = [[], []]
  for (const draft of drafts) {
    if (draft.kind === 'unset') unset.push(draft.path)
    else if (draft.kind === 'mask') mask.push(draft.path)
    else put(set, placeOf(draft), draft.value!)
  }
  return {
    ...(Object.keys(set).length > 0 && { set: set as Tree }),
    ...(unset.length > 0 && { unset }),
    ...(mask.length > 0 && { mask }),
  }
}

/** Section first; `''` for a key outside any section. */
function placeOf(draft: Draft): Path {
  const path = fromSectionKey(draft)
  return draft.section === '' ? ['', ...path] : path
}

function put(tree: Record<string, unknown>, [first, ...rest]: Path, value: Value): void {
  if (rest.length === 0) {
    tree[first!] = value
    return
  }
  tree[first!] ??= Object.create(null)
  put(tree[first!] as Record<string, unknown>, rest, value)
}
