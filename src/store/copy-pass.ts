import { appendLog } from './copy-log.ts'
import { differing, mendLog } from './copy-mend.ts'
import type { Copy } from './copy-parts.ts'
import { equalise } from './copy-shelf.ts'
import { copySources } from './copy-sources.ts'
import { type CopyTable, LOGS, NAMES, SHELVES } from './copy-tables.ts'
import { readNamespaces } from './read.ts'

export interface Pass {
  /** The version up to which positions of keys were copied by an earlier pass. */
  readonly level: number
  /** Nothing is known of what an earlier pass saw: names are compared one by one. */
  readonly isFirst: boolean
}

/** Goes once through all tables and makes the target what the source is then; tells how many rows were not yet the same. */
export async function copyPass(copy: Copy, { level, isFirst }: Pass): Promise<number> {
  const known = new Set(await readNamespaces(copy.target))
  const lost = new Set<string>()
  let rows = 0
  for (const table of LOGS) {
    const log = table.log!
    const namespaces = log.ties.length === 0 ? [] : await differing(copy, table)
    rows += await appendLog(copy, table, log, namespaces)
    const mended = await mendLog(copy, table, log)
    for (const namespace of mended.lost) lost.add(namespace)
    rows += mended.rows
  }
  const begun = (await readNamespaces(copy.target)).filter((name) => !known.has(name))
  for (const table of NAMES) rows += await copyNames(copy, table, isFirst ? undefined : new Set([...lost, ...begun]))
  for (const table of SHELVES) rows += await equalise(copy, table)
  return rows + (await copySources(copy, level))
}

/** Names only come to a namespace, until it is deleted: where none came and it is the one it was, they are the same. */
async function copyNames(copy: Copy, table: CopyTable, suspects: ReadonlySet<string> | undefined): Promise<number> {
  if (suspects === undefined) return equalise(copy, table)
  let rows = 0
  for (const namespace of new Set([...suspects, ...(await differing(copy, table))]))
    rows += await equalise(copy, table, namespace)
  return rows
}
