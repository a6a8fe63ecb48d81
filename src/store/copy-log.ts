import type { Copy } from './copy-parts.ts'
import { bytesOf, insertRows, MOST_ROWS, portions, type Row, type Sized, valuesOf } from './copy-rows.ts'
import type { CopyTable, Log } from './copy-tables.ts'
import type { Reader, SqlValue } from './driver.ts'

/** Copies what was appended to a log since it was copied last; tells how many rows. What is gone since then is found by `mendLog`. */
export async function appendLog(
  copy: Copy,
  table: CopyTable,
  log: Log,
  namespaces: readonly string[],
): Promise<number> {
  if (log.ties.length === 0) return append(copy, table, await highest(copy.target, table, log))
  let rows = 0
  for (const namespace of namespaces)
    rows += await append(copy, table, await highest(copy.target, table, log, namespace))
  return rows
}

/** What to go on after: a namespace where numbers are not unique, and the values of the columns that order the rows. */
export interface LogPlace {
  readonly namespace?: string
  readonly columns: readonly string[]
  readonly after: readonly SqlValue[]
}

/** Rows of the highest number may be there in part: they are gone over again, for no layer sorts before the empty text. */
async function highest(reader: Reader, { name }: CopyTable, log: Log, namespace?: string): Promise<LogPlace> {
  const sql = `SELECT coalesce(max(${log.number}), 0) AS last FROM ${name}`
  const [row] =
    namespace === undefined
      ? await reader.query<{ last: number }>(sql)
      : await reader.query<{ last: number }>(`${sql} WHERE namespace = ?`, namespace)
  return placeAt(log, row!.last, namespace)
}

/** Before all rows of a number, or, where there is one row to a number, after it. */
export const placeAt = ({ number, ties }: Log, at: number, namespace?: string): LogPlace => ({
  ...(namespace !== undefined && { namespace }),
  columns: [number, ...ties],
  after: [at, ...ties.map(() => '')],
})

async function append({ source, target, onRows }: Copy, table: CopyTable, place: LogPlace): Promise<number> {
  let count = 0
  for await (const rows of rowsAfter(source, table, place)) {
    await target.write((tx) => insertRows(tx, table, rows))
    onRows(rows.length)
    count += rows.length
  }
  return count
}

/** The rows of a log behind a place, in portions that fit into memory. */
export async function* rowsAfter(reader: Reader, table: CopyTable, from: LogPlace): AsyncGenerator<readonly Row[]> {
  for (let place = from; ; ) {
    const sized = await readSized(reader, table, place)
    for (const portion of portions(sized)) {
      const last = valuesOf(place.columns, portion.slice(-1))
      yield await readBetween(reader, table, place, last)
      place = { ...place, after: last }
    }
    if (sized.length < MOST_ROWS) return
  }
}

function readSized(reader: Reader, table: CopyTable, place: LogPlace): Promise<readonly Sized[]> {
  const order = place.columns.join(', ')
  const sql = `SELECT ${order}, ${bytesOf(table)} FROM ${table.name} WHERE ${behind(place)} ORDER BY ${order} LIMIT ${MOST_ROWS}`
  return reader.query<Sized>(sql, ...valuesBehind(place))
}

function readBetween(
  reader: Reader,
  table: CopyTable,
  place: LogPlace,
  last: readonly SqlValue[],
): Promise<readonly Row[]> {
  const order = place.columns.join(', ')
  const upTo = `(${order}) <= (${place.columns.map(() => '?').join(', ')})`
  const names = [...table.columns.keys()].join(', ')
  const sql = `SELECT ${names} FROM ${table.name} WHERE ${behind(place)} AND ${upTo} ORDER BY ${order}`
  return reader.query<Row>(sql, ...valuesBehind(place), ...last)
}

function behind({ namespace, columns }: LogPlace): string {
  const after = `(${columns.join(', ')}) > (${columns.map(() => '?').join(', ')})`
  return namespace === undefined ? after : `namespace = ? AND ${after}`
}

const valuesBehind = ({ namespace, after }: LogPlace): readonly SqlValue[] =>
  namespace === undefined ? after : [namespace, ...after]
