import type { Reader, Transaction } from './driver.ts'

/** The next free number of each log. They grow by one over the whole store, and are never given twice. */
export interface NextIds {
  version: number
  history: number
  override: number
  mark: number
}

const FLOOR = 'id_floor'
const HIGHEST = `
SELECT (SELECT max(id) FROM version_log) AS version, (SELECT max(id) FROM config_history) AS history,
  (SELECT max(id) FROM override_log) AS override, (SELECT max(id) FROM config_marks) AS mark,
  (SELECT value FROM system_metadata WHERE key = '${FLOOR}') AS floor`

/** Reads the next free numbers; inside a transaction nobody else can take them. */
export async function nextIds(reader: Reader): Promise<NextIds> {
  const [row] = await reader.query<Record<keyof NextIds, number | null> & { floor: string | null }>(HIGHEST)
  const floor = JSON.parse(row?.floor ?? '{}') as Partial<NextIds>
  const next = (log: keyof NextIds) => Math.max(row?.[log] ?? 0, floor[log] ?? 0) + 1
  return { version: next('version'), history: next('history'), override: next('override'), mark: next('mark') }
}

const SAVE_FLOOR = `
INSERT INTO system_metadata (key, value, updated_at) VALUES ('${FLOOR}', ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`

/** Remembers the highest numbers given so far, before rows that carry them are deleted. */
export async function keepIds(tx: Transaction, at: string): Promise<void> {
  const next = await nextIds(tx)
  const floor = {
    version: next.version - 1,
    history: next.history - 1,
    override: next.override - 1,
    mark: next.mark - 1,
  }
  await tx.run(SAVE_FLOOR, JSON.stringify(floor), at)
}
