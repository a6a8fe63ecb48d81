import { HoldfastError } from '../model/errors.ts'
import { placeAt, rowsAfter } from './copy-log.ts'
import { differing } from './copy-mend.ts'
import { findRows, printOf, type Row } from './copy-rows.ts'
import { type CopyTable, LOGS, TABLES } from './copy-tables.ts'
import type { Reader } from './driver.ts'

const HEADS = `
SELECT namespace, id, config_hash, rows_hash, chain_hash FROM version_log
WHERE id IN (SELECT max(id) FROM version_log GROUP BY namespace) ORDER BY id`
const MARKS = `
SELECT namespace, id, chain_hash FROM config_marks
WHERE id IN (SELECT max(id) FROM config_marks GROUP BY namespace) ORDER BY id`

/** Refuses (`store`) where a copy is not what it is a copy of: another head or chain, other rows, or another number of them. */
export async function requireEqual(source: Reader, target: Reader, name: string): Promise<void> {
  for (const sql of [HEADS, MARKS]) {
    const [here, there] = [await source.query(sql), await target.query(sql)]
    if (JSON.stringify(here) !== JSON.stringify(there)) throw different(name, 'heads or chains')
  }
  for (const table of LOGS) {
    const names = await differing({ source, target }, table)
    if (names.length > 0) throw different(name, `${table.name}${names[0] === '' ? '' : ` of namespace ${names[0]}`}`)
  }
  for (const table of TABLES.filter(({ log }) => log === undefined))
    if ((await countOf(source, table)) !== (await countOf(target, table))) throw different(name, table.name)
}

/** The highest number of each log, by the log's name. */
export async function readTails(reader: Reader): Promise<ReadonlyMap<string, number>> {
  const tails = new Map<string, number>()
  for (const { name, log } of LOGS) {
    const sql = `SELECT coalesce(max(${log!.number}), 0) AS last FROM ${name}`
    const [row] = await reader.query<{ last: number }>(sql)
    tails.set(name, row!.last)
  }
  return tails
}

/** Refuses (`store`) where a row that came to a log after a number is not the same in the copy, column by column. */
export async function requireSameSince(
  source: Reader,
  target: Reader,
  name: string,
  tails: ReadonlyMap<string, number>,
): Promise<void> {
  for (const table of LOGS) {
    const [log, tail] = [table.log!, tails.get(table.name)!]
    const places = log.ties.length === 0 ? [placeAt(log, tail)] : await placesSince(source, table, tail)
    for (const place of places)
      for await (const rows of rowsAfter(source, table, place)) await requireSame(target, table, rows, name)
  }
}

async function placesSince(reader: Reader, { name, log }: CopyTable, tail: number) {
  const sql = `SELECT DISTINCT namespace FROM ${name} WHERE ${log!.number} > ?`
  const rows = await reader.query<{ namespace: string }>(sql, tail)
  return rows.map(({ namespace }) => placeAt(log!, tail + 1, namespace))
}

async function requireSame(target: Reader, table: CopyTable, rows: readonly Row[], name: string): Promise<void> {
  const columns = [...table.columns.keys()]
  const there = new Set((await findRows(target, table, columns, rows)).map((row) => printOf(columns, row)))
  if (!rows.every((row) => there.has(printOf(columns, row)))) throw different(name, table.name)
}

async function countOf(reader: Reader, { name, where }: CopyTable): Promise<number> {
  const [row] = await reader.query<{ count: number }>(`SELECT count(*) AS count FROM ${name} WHERE ${where}`)
  return row!.count
}

/** The rows of all tables together: what progress is measured by. */
export async function countRows(reader: Reader): Promise<number> {
  let rows = 0
  for (const table of TABLES) rows += await countOf(reader, table)
  return rows
}

const different = (name: string, what: string) =>
  new HoldfastError('store', `${name}: the copy is not like its source in ${what}; nothing was switched`, {
    store: name,
  })
