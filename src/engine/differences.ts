import type { DriftEntry } from '../model/config.ts'
import type { Difference } from '../model/diff.ts'
import { printPath, toSectionKey } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import type { HistoryRow } from '../store/store.ts'
import { show } from './events.ts'
import type { Parts } from './parts.ts'

/** The newest history row of each key, by section and key. */
export type LastChanges = ReadonlyMap<string, HistoryRow>

const idOf = (section: string, key: string): string => JSON.stringify([section, key])

export async function lastChangesOf({ store, namespace }: Parts): Promise<LastChanges> {
  const rows = await store.lastChanges(namespace, {})
  return new Map(rows.map((row) => [idOf(row.section, row.key), row]))
}

/** A difference between what is meant (`before`) and what is (`after`), with who made it. */
export function driftEntry(
  { path, before, after }: Difference,
  reader: SchemaReader | undefined,
  last: LastChanges,
): Omit<DriftEntry, 'kind'> {
  const { section, key } = toSectionKey(path)
  const row = last.get(idOf(section, key))
  const isSecret = reader?.isSecret(path) ?? false
  const [expected, actual] = [show(before, isSecret), show(after, isSecret)]
  return {
    path: printPath(path),
    section,
    key,
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
    version: row?.versionId ?? null,
    who: row?.changedBy ?? null,
    when: row?.changedAt ?? null,
    why: row?.reason ?? null,
  }
}
