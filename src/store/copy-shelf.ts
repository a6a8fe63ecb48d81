import { addRows, without } from './copy-mend.ts'
import type { Copy } from './copy-parts.ts'
import { bytesOf, deleteRows, findRows, MOST_ROWS, printOf, type Row, type Sized, valuesOf } from './copy-rows.ts'
import type { CopyTable } from './copy-tables.ts'
import type { Reader, SqlValue } from './driver.ts'

/**
 * Makes a table whose rows change the same in both databases, or what one namespace has of it: what is gone or is not the same goes first, so
 * that no two rows stand in the way of each other, and then comes what is missing. Tells how many rows were not as they should be.
 */
export async function equalise(copy: Copy, table: CopyTable, namespace?: string): Promise<number> {
  const place = { table, ...(namespace !== undefined && { namespace }) }
  const compared = [...table.columns.keys()].filter((name) => !table.fixed.includes(name))
  let rows = 0
  for await (const there of walk<Row>(copy.target, place, compared)) {
    const here = await findRows(copy.source, table, compared, there)
    const same = new Set(here.map((row) => printOf(compared, row)))
    const gone = there.filter((row) => !same.has(printOf(compared, row)))
    if (gone.length > 0) await copy.target.write((tx) => deleteRows(tx, table, gone))
    rows += gone.length
  }
  for await (const here of walk<Sized>(copy.source, place, [...table.key, bytesOf(table)])) {
    const there = await findRows(copy.target, table, table.key, here)
    const missing = without(table, here, there)
    await addRows(copy, table, missing)
    rows += missing.length
  }
  return rows
}

interface Place {
  readonly table: CopyTable
  readonly namespace?: string
}

/** Goes through a table by its key, a few rows at a time. */
async function* walk<R extends Row>(
  reader: Reader,
  { table, namespace }: Place,
  columns: readonly string[],
): AsyncGenerator<readonly R[]> {
  const { name, key, where } = table
  const order = key.join(', ')
  const of = namespace === undefined ? where : `${where} AND namespace = ?`
  const fixed: readonly SqlValue[] = namespace === undefined ? [] : [namespace]
  const after = `(${order}) > (${key.map(() => '?').join(', ')})`
  for (let last: readonly SqlValue[] | undefined; ; ) {
    const from = last === undefined ? of : `${of} AND ${after}`
    const sql = `SELECT ${columns.join(', ')} FROM ${name} WHERE ${from} ORDER BY ${order} LIMIT ${MOST_ROWS}`
    const rows = await reader.query<R>(sql, ...fixed, ...(last ?? []))
    if (rows.length > 0) yield rows
    if (rows.length < MOST_ROWS) return
    last = valuesOf(key, rows.slice(-1))
  }
}
