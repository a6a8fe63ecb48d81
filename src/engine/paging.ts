import type { List } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Page } from '../store/shelves.ts'

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

/** Rows that are read for one page of those that may be seen. */
const MOST_SCANNED = 10_000
/** Rows that are read at once, and bytes after which a page ends: values may be large, and a page is held and sent as a whole. */
const PIECE = 64
const MOST_BYTES = 4 * 1024 * 1024

interface Scan<Row, Item> {
  readonly isSeen: (row: Row) => boolean
  readonly sizeOf: (row: Row) => number
  readonly show: (row: Row) => Item
}

/**
 * A page of the rows that may be seen, however many stand between them that may not, and however large they are. One call reads so many, and
 * gives so many bytes, and no more: it may then give fewer than were asked for, and the cursor to go on from.
 */
export async function readSeen<Row extends { readonly id: number }, Item>(
  { limit, before }: Page,
  read: (page: Page) => Promise<readonly Row[]>,
  { isSeen, sizeOf, show }: Scan<Row, Item>,
): Promise<List<Item>> {
  const seen: Row[] = []
  let last = before
  let isEnd = false
  let bytes = 0
  let piece = Math.min(PIECE, limit + 1)
  for (
    let scanned = 0;
    scanned < MOST_SCANNED && seen.length <= limit && bytes < MOST_BYTES && !isEnd;
    scanned += piece
  ) {
    const rows = await read({ limit: piece, ...(last !== undefined && { before: last }) })
    isEnd = rows.length < piece
    last = rows.at(-1)?.id ?? last
    for (const row of rows.filter(isSeen)) {
      seen.push(row)
      bytes += sizeOf(row)
    }
    piece = PIECE
  }
  const items = seen.slice(0, limit)
  const next = seen.length > limit ? items.at(-1)!.id : isEnd ? undefined : last
  return { items: items.map(show), nextCursor: next === undefined ? null : String(next) }
}

/** A moment as rows tell it, from a caller's words. */
export function toTime(text: string, what: string): string {
  const time = new Date(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString()
  throw new HoldfastError('malformed', `${what} is a time like 2026-11-01T12:00:00Z, not ${JSON.stringify(text)}`, {
    what,
  })
}
