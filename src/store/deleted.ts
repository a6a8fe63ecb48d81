import { HoldfastError } from '../model/errors.ts'
import type { Driver, Reader, Transaction } from './driver.ts'
import { keepIds } from './ids.ts'

/** What `system_metadata` calls a namespace that is gone and whose rows are not yet; the value is the last version it had. */
const MARK = 'deleting:'
const marked = (namespace: string): string => `${MARK}${namespace}`

/** Few rows, and those without which there is no namespace. */
const AT_ONCE = ['version_log', 'config_marks', 'source_states', 'idempotency_keys', 'instances', 'webhook_cursors']
/** What grows with the history. */
const IN_BATCHES = ['config_history', 'config_documents', 'override_log']
/** What names those: it goes with the mark. */
const AT_LAST = ['config_names', 'override_keys']

const SET_MARK = `
INSERT INTO system_metadata (key, value, updated_at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`

/** Takes a namespace away as a whole; its numbers are not given again. What is large of it stays, marked, until it is cleared. */
export async function deleteNamespace(tx: Transaction, namespace: string, at: string): Promise<void> {
  const sql = 'SELECT max(id) AS last FROM version_log WHERE namespace = ?'
  const [row] = await tx.query<{ last: number | null }>(sql, namespace)
  await keepIds(tx, at)
  if (row?.last != null) await tx.run(SET_MARK, marked(namespace), String(row.last), at)
  for (const table of AT_ONCE) await tx.run(`DELETE FROM ${table} WHERE namespace = ?`, namespace)
}

interface Mark {
  readonly key: string
  readonly value: string
}

const MARKS = `SELECT key, value FROM system_metadata WHERE key LIKE '${MARK}%'`

/** Removes what deleted namespaces, or only this one, have left, a batch at a time so that others go on meanwhile; tells how many rows. */
export async function clearDeleted(driver: Driver, only?: string): Promise<number> {
  const marks = await driver.query<Mark>(MARKS)
  let rows = 0
  for (const mark of marks.filter(({ key }) => only === undefined || key === marked(only)))
    rows += await clear(driver, mark)
  if (marks.length > 0) await driver.shrink()
  return rows
}

async function clear(driver: Driver, mark: Mark): Promise<number> {
  const namespace = mark.key.slice(MARK.length)
  let rows = 0
  for (const table of IN_BATCHES) rows += await removeRows(driver, table, namespace, Number(mark.value))
  await driver.transaction((tx) => finish(tx, mark, namespace))
  return rows
}

/** Rows in one transaction at first, and at most; a version's are not parted. */
const FIRST = 100
const MOST = 5000
/** How long writers should wait for one: the next takes more rows where there was time, and fewer where there was not. */
const BATCH_MS = 20

async function removeRows(driver: Driver, table: string, namespace: string, last: number): Promise<number> {
  for (let size = FIRST, total = 0; ; ) {
    const { rows, isLast, ms } = await driver.transaction((tx) => removeSome(tx, table, { namespace, last, size }))
    total += rows
    if (isLast) return total
    size = Math.max(1, Math.min(MOST, ms < BATCH_MS / 2 ? size * 2 : ms > BATCH_MS ? Math.floor(size / 2) : size))
  }
}

interface Some {
  readonly namespace: string
  readonly last: number
  readonly size: number
}

/** The oldest of them. Numbers are never given twice: rows of another namespace of the same name have higher ones. */
async function removeSome(tx: Transaction, table: string, { namespace, last, size }: Some) {
  const start = performance.now()
  const ofNamespace = `FROM ${table} WHERE namespace = ? AND version_id <= ?`
  const nth = `SELECT version_id AS id ${ofNamespace} ORDER BY version_id LIMIT 1 OFFSET ?`
  const [bound] = await tx.query<{ id: number }>(nth, namespace, last, size - 1)
  const rows = await tx.run(`DELETE ${ofNamespace}`, namespace, bound?.id ?? last)
  return { rows, isLast: bound === undefined, ms: performance.now() - start }
}

/** Who finds the mark gone was not the first to come so far: what has the name by now is another namespace. */
async function finish(tx: Transaction, { key, value }: Mark, namespace: string): Promise<void> {
  if ((await tx.run('DELETE FROM system_metadata WHERE key = ? AND value = ?', key, value)) === 0) return
  for (const table of AT_LAST) await tx.run(`DELETE FROM ${table} WHERE namespace = ?`, namespace)
}

/** Refuses (`conflict`) to begin a namespace among what a deleted one of its name has left: it would be seen there. */
export async function requireCleared(reader: Reader, namespace: string): Promise<void> {
  const left = await reader.query('SELECT 1 FROM system_metadata WHERE key = ?', marked(namespace))
  if (left.length === 0) return
  const message = `namespace ${namespace} was deleted a moment ago: try again`
  throw new HoldfastError('conflict', message, { expected: 0, found: 0 })
}
