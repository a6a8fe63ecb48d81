import { HoldfastError } from './errors.ts'

export const ACTIONS = ['config:read', 'config:write', 'secrets:read', 'audit:read', 'admin'] as const
export type Action = (typeof ACTIONS)[number]

/** Who asks, and what they may do. It comes first in every call of the engine. */
export interface Principal {
  readonly name: string
  readonly actions: ReadonlySet<Action>
  /** `'*'` is every namespace. */
  readonly namespaces: ReadonlySet<string> | '*'
  readonly sourceIp: string | null
}

const EVERYTHING: ReadonlySet<Action> = new Set(ACTIONS)

/** Somebody who has the store's file may do all that the file allows: the embedded library and the command line. */
export const localPrincipal = (name: string, sourceIp: string | null = null): Principal =>
  Object.freeze({ name, actions: EVERYTHING, namespaces: '*', sourceIp })

/** Refuses (`forbidden`) what `who` may not do in `namespace`. `admin` includes every other action. */
export function authorise(who: Principal, action: Action, namespace: string): void {
  const isHere = who.namespaces === '*' || who.namespaces.has(namespace)
  if (isHere && (who.actions.has(action) || who.actions.has('admin'))) return
  throw new HoldfastError('forbidden', `${who.name} may not ${action} in namespace ${namespace}`, { action, namespace })
}
