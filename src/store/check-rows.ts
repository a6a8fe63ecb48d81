import { sortKey } from './chain.ts'
import type { StoreProblem } from './store.ts'

/** A row of the statement that checks a store, in either database. */
export interface Finding {
  readonly namespace: string | null
  readonly version_id: number | null
  readonly problem: string
}

export const toProblem = ({ namespace, version_id, problem }: Finding): StoreProblem => ({
  namespace,
  versionId: version_id,
  message: problem,
})

export const NAMES = 'SELECT namespace, name, sort FROM config_names'

/** `sort` orders the members of `config_json`; no function of SQL gives it. */
export function wrongOrder(
  names: readonly { readonly namespace: string; readonly name: string; readonly sort: Buffer }[],
): StoreProblem[] {
  return names
    .filter(({ name, sort }) => !sort.equals(sortKey(name)))
    .map(({ namespace, name }) => ({
      namespace,
      versionId: null,
      message: `config_names: ${JSON.stringify(name)} has a wrong sort`,
    }))
}
