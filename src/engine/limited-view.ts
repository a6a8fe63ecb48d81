import type { ChangeEvent, ChangeResult } from '../model/config.ts'
import type { Conceal } from '../model/drift.ts'
import { fromSectionKey, type Path, parsePath } from '../model/path.ts'
import { type Action, authorise, authorisePath, type Principal, type Reach, reachOf } from '../model/principal.ts'
import type { Discretion, Snapshot } from '../model/snapshot.ts'
import { isTree, type Value } from '../model/value.ts'
import type { Version } from '../model/version.ts'
import type { Disguise } from './disguise.ts'
import { shownError, shownIssues } from './limited-words.ts'
import { EVERYTHING, type View } from './view.ts'

/** What `who` may see of `namespace`. Views of those who may see the same are kept with the state, so that they share one. */
export function viewOf(who: Principal, namespace: string, disguise: Disguise): View {
  const reach = reachOf(who, 'config:read', namespace)
  const secrets = reachOf(who, 'secrets:read', namespace)
  if (reach?.isWhole && secrets?.isWhole) return EVERYTHING
  const sees = (path: Path): boolean => reach?.has(path[0]!) ?? false
  const opens = (path: Path): boolean => secrets?.has(path[0]!) ?? false
  const key = `${reach?.key} ${secrets?.key}`
  const tells = reach?.isWhole ? TELLS_ALL : tellsWithin(key, sees, (version) => disguise(namespace, version))
  const need = (action: Action, path: Path): void => authorisePath(who, action, namespace, path)
  return {
    ...tells,
    isAll: false,
    sees,
    opens,
    require: (path) => need('config:read', path),
    requireSecrets: (path) => need('secrets:read', path),
    state(state) {
      const snapshot = limited(state.snapshot, key, authorise(who, 'config:read', namespace), opens)
      return { ...state, snapshot, version: state.version && tells.version(state.version) }
    },
    past: (conceal) => (path, value) => concealed(path, value, { conceal, opens }),
  }
}

type Tells = Pick<View, 'knowsHashes' | 'version' | 'event' | 'result' | 'issues' | 'source' | 'error'>

const TELLS_ALL: Tells = EVERYTHING

/** What is told of a namespace of which only some sections may be read: a reason may speak of the others, and a hash covers them. */
function tellsWithin(key: string, sees: View['sees'], disguised: View['version']): Tells {
  const version = (one: Version): Version => ({ ...disguised(one), description: null })
  const result = <R extends ChangeResult>(one: R): R => ({
    ...one,
    version: one.version && version(one.version),
    changes: one.changes.filter((change) => sees(fromSectionKey(change))),
    restartRequired: one.restartRequired.filter((path) => sees(parsePath(path))),
  })
  return {
    knowsHashes: false,
    version,
    result,
    event: (one) => kept(EVENTS, one, key, () => ({ ...result(one), reason: null })),
    issues: (issues) => shownIssues(issues, sees),
    source: (status) => (status.error === null ? status : { ...status, error: UNTOLD }),
    error: (error) => shownError(error, sees),
  }
}

const UNTOLD = 'it failed; why is told to those who may read every section'

function limited(whole: Snapshot, key: string, reach: Reach, opens: Discretion['mayOpen']): Snapshot {
  return kept(SNAPSHOTS, whole, key, () => whole.limitedTo(reach.has, { mayOpen: opens, unanswered: 'refuse' }))
}

const SNAPSHOTS = new WeakMap<Snapshot, Map<string, Snapshot>>()
const EVENTS = new WeakMap<ChangeEvent, Map<string, ChangeEvent>>()
const MOST_KEPT = 64

/** What was made of `whole` for the same key before, or what `make` makes; of the keys only the newest stay. */
function kept<V extends object>(all: WeakMap<V, Map<string, V>>, whole: V, key: string, make: () => V): V {
  const known = all.get(whole) ?? new Map<string, V>()
  all.set(whole, known)
  let found = known.get(key)
  if (found === undefined) {
    found = make()
    known.set(key, found)
    if (known.size > MOST_KEPT) known.delete(known.keys().next().value!)
  }
  return found
}

/** A tree of the whole configuration stands at the empty path: each of its names is judged by itself. */
function concealed(
  path: Path,
  value: Value | undefined,
  { conceal, opens }: { readonly conceal: Conceal; readonly opens: View['opens'] },
): Value | undefined {
  if (path.length > 0) return opens(path) ? value : conceal(path, value)
  if (!isTree(value)) return value
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([name, one]) => [name, opens([name]) ? one : conceal([name], one)!])),
  )
}
