import type { HistoryEntry, HistoryQuery, List } from '../model/config.ts'
import { fromSectionKey } from '../model/path.ts'
import type { Value } from '../model/value.ts'
import type { Page } from '../store/shelves.ts'
import type { HistoryRow } from '../store/store.ts'
import { concealBy } from './events.ts'
import { pageOf, readSeen, toTime } from './paging.ts'
import type { Parts } from './parts.ts'
import { decode } from './stored.ts'
import type { View } from './view.ts'

/** A page of a namespace's history, newest first, secrets concealed. */
export async function history(parts: Parts, query: HistoryQuery): Promise<List<HistoryEntry>> {
  const page = pageOf(query)
  const { section, key, by } = query
  if (section !== undefined) requireSection(parts.view, section)
  const filter = {
    ...(section !== undefined && { section }),
    ...(key !== undefined && { key }),
    ...(by !== undefined && { by }),
    ...(query.since !== undefined && { since: toTime(query.since, 'since') }),
    ...(query.until !== undefined && { until: toTime(query.until, 'until') }),
  }
  const read = (one: Page): Promise<readonly HistoryRow[]> => parts.store.history(parts.namespace, filter, one)
  const conceal = concealBy(await parts.rules.reader(parts.head.state))
  const show = (row: HistoryRow): HistoryEntry => toEntry(parts.namespace, row, conceal)
  const isSeen = parts.view.isAll ? () => true : (row: HistoryRow) => parts.view.sees(fromSectionKey(row))
  return readSeen(page, read, { isSeen, sizeOf, show })
}

const sizeOf = ({ oldValue, newValue }: HistoryRow): number =>
  (oldValue.text?.length ?? 0) + (newValue.text?.length ?? 0)

/** Refuses a section that may not be read. `''` is none: of the keys outside any section each is judged by itself. */
export function requireSection(view: View, section: string): void {
  if (section !== '') view.require([section])
}

type Conceal = ReturnType<typeof concealBy>

function toEntry(namespace: string, row: HistoryRow, conceal: Conceal): HistoryEntry {
  const path = fromSectionKey(row)
  const shown = (value: Value | undefined): Value | null => conceal(path, value) ?? null
  const { id, operation, layer, section, key, changedAt, changedBy, sourceIp, reason, comment, versionId } = row
  const [oldValue, newValue] = [shown(decode(row.oldValue)), shown(decode(row.newValue))]
  return {
    id,
    namespace,
    operation,
    layer,
    section,
    key,
    oldValue,
    newValue,
    changedAt,
    changedBy,
    sourceIp,
    reason,
    comment,
    versionId,
  }
}
