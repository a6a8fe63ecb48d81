import { HoldfastError } from './errors.ts'
import type { Fence } from './lease.ts'
import type { Path } from './path.ts'

/** What a token can be allowed (contract 5). `admin` includes every other action. */
export const ACTIONS = ['config:read', 'config:write', 'secrets:read', 'audit:read', 'admin'] as const
export type Action = (typeof ACTIONS)[number]

/** Something that is allowed somewhere. A pattern is a name, or the beginning of names followed by `*`. */
export interface Grant {
  readonly actions: readonly Action[]
  /** Patterns of namespaces; `*` is every one, and what concerns the whole store needs it. */
  readonly namespaces: readonly string[]
  /** Patterns of the first segment of a path: a section's name, or a key outside any section. Absent: all of them. */
  readonly sections?: readonly string[]
}

/** Who asks, and what they may do. It comes first in every call of the engine. */
export interface Principal {
  readonly name: string
  /** The token they came with; null for the holder of the store's file. */
  readonly tokenId: string | null
  readonly grants: readonly Grant[]
  readonly sourceIp: string | null
  /** The lease under which a node does timed work: what it writes is refused (`fenced`) once another has that. */
  readonly lease?: Fence
}

/** The sections of a namespace within which somebody may do something. */
export interface Reach {
  readonly isWhole: boolean
  /** The same for all who reach the same sections. */
  readonly key: string
  /** `name` is the first segment of a path. */
  has(name: string): boolean
}

const EVERYTHING: readonly Grant[] = Object.freeze([
  Object.freeze({ actions: ACTIONS, namespaces: Object.freeze(['*']) }),
])

/** Somebody who has the store's file may do all that the file allows: the embedded library and the command line. */
export const localPrincipal = (name: string, sourceIp: string | null = null): Principal =>
  Object.freeze({ name, tokenId: null, grants: EVERYTHING, sourceIp })

/** True where `pattern` is `name`, or its beginning followed by `*`. */
export const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

const WHOLE: Reach = Object.freeze({ isWhole: true, key: '*', has: () => true })

const NOWHERE = Symbol('nowhere')
const MOST_KNOWN = 100
const KNOWN = new WeakMap<readonly Grant[], Map<string, Reach | typeof NOWHERE>>()

/** Where in `namespace` somebody may do `action`; `undefined`: nowhere. Asked several times at each request, so it is remembered by grants that are frozen. */
export function reachOf({ grants }: Principal, action: Action, namespace: string): Reach | undefined {
  if (!Object.isFrozen(grants)) return workOut(grants, action, namespace)
  const known = KNOWN.get(grants) ?? new Map<string, Reach | typeof NOWHERE>()
  const key = `${action} ${namespace}`
  let found = known.get(key)
  if (found === undefined) {
    found = workOut(grants, action, namespace) ?? NOWHERE
    if (known.size === 0) KNOWN.set(grants, known)
    else if (known.size >= MOST_KNOWN) known.clear()
    known.set(key, found)
  }
  return found === NOWHERE ? undefined : found
}

function workOut(grants: readonly Grant[], action: Action, namespace: string): Reach | undefined {
  const here = grants.filter(
    ({ actions, namespaces }) =>
      (actions.includes(action) || actions.includes('admin')) && namespaces.some((one) => matches(one, namespace)),
  )
  if (here.length === 0) return undefined
  if (here.some(({ sections }) => sections === undefined)) return WHOLE
  const patterns = [...new Set(here.flatMap(({ sections }) => sections ?? []))].sort()
  if (patterns.includes('*')) return WHOLE
  return {
    isWhole: false,
    key: JSON.stringify(patterns),
    has: (name) => patterns.some((pattern) => matches(pattern, name)),
  }
}

/** Where `who` may do `action` in `namespace`; refuses (`forbidden`) where that is nowhere. */
export function authorise(who: Principal, action: Action, namespace: string): Reach {
  const reach = reachOf(who, action, namespace)
  if (reach !== undefined) return reach
  throw new HoldfastError('forbidden', `${who.name} may not ${action} in namespace ${namespace}`, { action, namespace })
}

/** Refuses what `who` may not do with a path of `namespace`, in the same words whether the path is there or not. */
export function authorisePath(who: Principal, action: Action, namespace: string, path: Path): void {
  if (authorise(who, action, namespace).has(path[0] ?? '')) return
  throw forbiddenSection(who, action, namespace, path[0] ?? '')
}

/** Refuses what needs every section of a namespace to somebody who may only do it in some. */
export function authoriseWhole(who: Principal, action: Action, namespace: string): void {
  if (authorise(who, action, namespace).isWhole) return
  throw new HoldfastError('forbidden', `${who.name} may ${action} only in some sections of namespace ${namespace}`, {
    action,
    namespace,
  })
}

/** Refuses what concerns the whole store to somebody whose grants name namespaces. */
export function authoriseStore(who: Principal, action: Action): void {
  const isEverywhere = who.grants.some(
    ({ actions, namespaces, sections }) =>
      (actions.includes(action) || actions.includes('admin')) && namespaces.includes('*') && sections === undefined,
  )
  if (isEverywhere) return
  throw new HoldfastError('forbidden', `${who.name} may not ${action} for the whole store`, { action, namespace: '*' })
}

function forbiddenSection(who: Principal, action: Action, namespace: string, section: string): HoldfastError {
  return new HoldfastError(
    'forbidden',
    `${who.name} may not ${action} in section ${JSON.stringify(section)} of namespace ${namespace}`,
    { action, namespace },
  )
}
