import { HoldfastError } from '../model/errors.ts'
import type { Version } from '../model/version.ts'
import type { Reader, SqlValue } from './driver.ts'
import { type HistoryLogRow, toHistory, toVersions, type VersionLogRow } from './rows.ts'
import type { HistoryFilter, HistoryRow, Page } from './store.ts'

const VERSIONS = 'SELECT * FROM version_log WHERE namespace = ? AND id < ? ORDER BY id DESC LIMIT ?'

/** A page of versions, newest first. */
export async function readVersions(reader: Reader, namespace: string, page: Page): Promise<readonly Version[]> {
  const rows = await reader.query<VersionLogRow>(VERSIONS, namespace, before(page), limit(page))
  return toVersions(reader, rows)
}

/** A page of history, newest first, by number and never by clock. */
export async function readHistory(
  reader: Reader,
  namespace: string,
  filter: HistoryFilter,
  page: Page,
): Promise<readonly HistoryRow[]> {
  const conditions = Object.entries(CONDITIONS).filter(([name]) => filter[name as keyof HistoryFilter] !== undefined)
  const where = ['namespace = ?', 'id < ?', ...conditions.map(([, sql]) => sql)].join(' AND ')
  const values = conditions.map(([name]) => filter[name as keyof HistoryFilter] as SqlValue)
  const sql = `SELECT * FROM config_history WHERE ${where} ORDER BY id DESC LIMIT ?`
  const rows = await reader.query<HistoryLogRow>(sql, namespace, before(page), ...values, limit(page))
  return rows.map(toHistory)
}

/** Numbers of history grow with those of versions, so a bound on one is a bound on the other. */
const CONDITIONS: Record<keyof HistoryFilter, string> = {
  section: 'section = ?',
  key: 'key = ?',
  by: 'changed_by = ?',
  since: 'changed_at >= ?',
  until: 'changed_at < ?',
  version: 'version_id = ?',
  upTo: 'id <= (SELECT id FROM config_history WHERE version_id <= ? ORDER BY version_id DESC, id DESC LIMIT 1)',
}

/** Walks from key to key in the index, so that how often a key changed does not count. */
const lastChangesSql = (within: string) => `
WITH RECURSIVE
bound (id) AS (SELECT coalesce((SELECT id FROM config_history WHERE version_id <= ? ORDER BY version_id DESC, id DESC LIMIT 1), 0)),
keys (id) AS (
  SELECT (SELECT x.id FROM config_history x WHERE x.namespace = ?${within} ORDER BY x.section, x.key LIMIT 1)
  UNION ALL
  SELECT (
    SELECT x.id FROM config_history x
    WHERE x.namespace = h.namespace${within} AND (x.section, x.key) > (h.section, h.key) ORDER BY x.section, x.key LIMIT 1)
  FROM keys JOIN config_history h ON h.id = keys.id)
SELECT l.* FROM keys JOIN config_history h ON h.id = keys.id
JOIN config_history l ON l.id = (
  SELECT max(m.id) FROM config_history m
  WHERE m.namespace = h.namespace AND m.section = h.section AND m.key = h.key AND m.id <= (SELECT id FROM bound))
ORDER BY l.section, l.key`

/** The newest history row of each key. */
export async function readLastChanges(
  reader: Reader,
  namespace: string,
  { section, upTo = Number.MAX_SAFE_INTEGER }: Pick<HistoryFilter, 'section' | 'upTo'>,
): Promise<readonly HistoryRow[]> {
  const rows =
    section === undefined
      ? await reader.query<HistoryLogRow>(lastChangesSql(''), upTo, namespace)
      : await reader.query<HistoryLogRow>(lastChangesSql(' AND x.section = ?'), upTo, namespace, section, section)
  return rows.map(toHistory)
}

const before = (page: Page): number => page.before ?? Number.MAX_SAFE_INTEGER

function limit({ limit }: Page): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new HoldfastError('malformed', `a page has 1 to 1,000 rows, not ${limit}`, { what: 'limit' })
}
