import type { HistoryEntry, HistoryQuery, List } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { fromSectionKey } from '../model/path.ts'
import type { Value } from '../model/value.ts'
import type { HistoryRow, Page } from '../store/store.ts'
import { concealBy } from './events.ts'
import type { Parts } from './parts.ts'
import { decode } from './stored.ts'

const PAGE = 50
const MOST = 1000

/** A page's size and start from a caller's words. A cursor is the id of the last row before the page. */
export function pageOf({ limit = PAGE, cursor }: { readonly limit?: number; readonly cursor?: string }): Page {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new HoldfastError('malformed', `a limit is a whole number from 1 to 1000, not ${limit}`, { what: 'limit' })
  }
  if (cursor === undefined) return { limit }
  if (!/^[1-9][0-9]{0,15}$/.test(cursor)) {
    throw new HoldfastError('malformed', 'not a cursor: hand back nextCursor of the page before as it was', {
      what: 'cursor',
    })
  }
  return { limit, before: Number(cursor) }
}

/** A page's rows and one more, which tells whether there is a next page; of the largest page it is read by itself. */
export async function readPage<Row extends { readonly id: number }>(
  page: Page,
  read: (page: Page) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  if (page.limit < MOST) return read({ ...page, limit: page.limit + 1 })
  const rows = await read(page)
  return rows.length < MOST ? rows : [...rows, ...(await read({ limit: 1, before: rows.at(-1)!.id }))]
}

/** A list of a page's rows, of which one more than the page was read. */
export function listOf<Row extends { readonly id: number }, Item>(
  rows: readonly Row[],
  page: Page,
  show: (row: Row) => Item,
): List<Item> {
  const items = rows.slice(0, page.limit)
  return { items: items.map(show), nextCursor: rows.length > page.limit ? String(items.at(-1)!.id) : null }
}

/** A page of a namespace's history, newest first, secrets concealed. */
export async function history(parts: Parts, query: HistoryQuery): Promise<List<HistoryEntry>> {
  const page = pageOf(query)
  const { section, key, by } = query
  const filter = {
    ...(section !== undefined && { section }),
    ...(key !== undefined && { key }),
    ...(by !== undefined && { by }),
    ...(query.since !== undefined && { since: toTime(query.since, 'since') }),
    ...(query.until !== undefined && { until: toTime(query.until, 'until') }),
  }
  const rows = await readPage(page, (one) => parts.store.history(parts.namespace, filter, one))
  const conceal = concealBy(await parts.rules.reader(parts.head.state))
  return listOf(rows, page, (row) => toEntry(parts.namespace, row, conceal))
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

function toTime(text: string, what: string): string {
  const time = new Date(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString()
  throw new HoldfastError('malformed', `${what} is a time like 2026-11-01T12:00:00Z, not ${JSON.stringify(text)}`, {
    what,
  })
}
