import { HoldfastError } from '../model/errors.ts'
import type { Version, VersionId } from '../model/version.ts'
import type { Reader, SqlValue } from './driver.ts'
import { type HistoryLogRow, toHistory, toVersions, type VersionLogRow } from './rows.ts'
import type { Page } from './shelves.ts'
import type { HistoryFilter, HistoryRow } from './store.ts'

const VERSIONS = 'SELECT * FROM version_log WHERE namespace = ? AND id < ? ORDER BY id DESC LIMIT ?'

/** A page of versions, newest first. */
export async function readVersions(reader: Reader, namespace: string, page: Page): Promise<readonly Version[]> {
  const rows = await reader.query<VersionLogRow>(VERSIONS, namespace, before(page), limitOf(page))
  return toVersions(reader, rows)
}

/** A page of history, newest first, by number and never by clock. */
export async function readHistory(
  reader: Reader,
  namespace: string,
  filter: HistoryFilter,
  page: Page,
): Promise<readonly HistoryRow[]> {
  const bound = Math.min(before(page), (await lastEntryOf(reader, namespace, filter.upTo)) + 1)
  const conditions = Object.entries(CONDITIONS).filter(([name]) => filter[name as keyof HistoryFilter] !== undefined)
  const values = conditions.map(([name]) => filter[name as keyof HistoryFilter] as SqlValue)
  const where = ['namespace = ?', 'id < ?', ...conditions.map(([, sql]) => sql)].join(' AND ')
  const isIndexed = conditions.some(([name]) => name === 'section' || name === 'by' || name === 'version')
  const sql = `SELECT * FROM config_history WHERE ${where}${isIndexed ? BY_NUMBER : BY_VERSION} LIMIT ?`
  const bounds = isIndexed ? [] : [bound]
  const rows = await reader.query<HistoryLogRow>(sql, namespace, bound, ...values, ...bounds, limitOf(page))
  return rows.map(toHistory)
}

const BY_NUMBER = ' ORDER BY id DESC'

/** Numbers of history grow with those of versions, so that the index of versions serves for all of a namespace. */
const BY_VERSION = `
AND version_id <= coalesce((SELECT x.version_id FROM config_history x WHERE x.id < ? ORDER BY x.id DESC LIMIT 1), 0)
ORDER BY version_id DESC, id DESC`

async function lastEntryOf(reader: Reader, namespace: string, version: VersionId | undefined): Promise<number> {
  if (version === undefined) return Number.MAX_SAFE_INTEGER - 1
  const sql = `
SELECT id FROM config_history WHERE namespace = ? AND version_id <= ? ORDER BY version_id DESC, id DESC LIMIT 1`
  const [row] = await reader.query<{ id: number }>(sql, namespace, version)
  return row?.id ?? 0
}

const CONDITIONS: Record<Exclude<keyof HistoryFilter, 'upTo'>, string> = {
  section: 'section = ?',
  key: 'key = ?',
  by: 'changed_by = ?',
  since: 'changed_at >= ?',
  until: 'changed_at < ?',
  version: 'version_id = ?',
}

/** Reads the index of keys alone, and one row of each. */
const lastChangesSql = (section: string) => `
SELECT h.* FROM config_history h
JOIN (
  SELECT max(x.id) AS id FROM config_history x
  WHERE x.namespace = ? AND x.id <= ?${section} GROUP BY x.section, x.key) last ON last.id = h.id
ORDER BY h.section, h.key`

/** The newest history row of each key. */
export async function readLastChanges(
  reader: Reader,
  namespace: string,
  { section, upTo }: Pick<HistoryFilter, 'section' | 'upTo'>,
): Promise<readonly HistoryRow[]> {
  const bound = await lastEntryOf(reader, namespace, upTo)
  const rows =
    section === undefined
      ? await reader.query<HistoryLogRow>(lastChangesSql(''), namespace, bound)
      : await reader.query<HistoryLogRow>(lastChangesSql(' AND x.section = ?'), namespace, bound, section)
  return rows.map(toHistory)
}

const before = (page: Page): number => page.before ?? Number.MAX_SAFE_INTEGER

/** The number of rows a page asks for; refuses one that is too large to be held. */
export function limitOf({ limit }: Page): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new HoldfastError('malformed', `a page has 1 to 1,000 rows, not ${limit}`, { what: 'limit' })
}
