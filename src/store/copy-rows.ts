import type { CopyTable } from './copy-tables.ts'
import type { Reader, SqlValue, Transaction } from './driver.ts'

/** A row of any table, column by column. */
export type Row = Readonly<Record<string, SqlValue>>

/** Rows that are held at once, and their bytes; one row that is larger goes alone. */
export const MOST_ROWS = 1000
const MOST_BYTES = 4 * 1024 * 1024

/** A row's key, and how large the row is. */
export type Sized = Row & { readonly bytes: number }

/** The bytes of a row's texts, which a database tells without reading them. */
export function bytesOf({ columns }: CopyTable): string {
  const sized = [...columns].filter(([, kind]) => kind === 'text' || kind === 'blob')
  return `${sized.map(([name]) => `coalesce(octet_length(${name}), 0)`).join(' + ')} AS bytes`
}

/** Cuts what is to be read into portions that fit into memory. */
export function* portions<R extends { readonly bytes: number }>(rows: readonly R[]): Generator<readonly R[]> {
  let portion: R[] = []
  let bytes = 0
  for (const row of rows) {
    if (portion.length > 0 && bytes + row.bytes > MOST_BYTES) {
      yield portion
      portion = []
      bytes = 0
    }
    portion.push(row)
    bytes += row.bytes
  }
  if (portion.length > 0) yield portion
}

/** Rows in one statement: few forms of it, so that each is prepared once. */
const GROUPS = [50, 10, 1]

function* groups<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; ) {
    const size = GROUPS.find((most) => most <= rows.length - at)!
    yield rows.slice(at, at + size)
    at += size
  }
}

/** Adds rows as they are; those that are there already stay. */
export async function insertRows(tx: Transaction, { name, columns }: CopyTable, rows: readonly Row[]): Promise<void> {
  const names = [...columns.keys()]
  const places = `(${names.map(() => '?').join(', ')})`
  for (const group of groups(rows)) {
    const sql = `INSERT INTO ${name} (${names.join(', ')}) VALUES ${group.map(() => places).join(', ')} ON CONFLICT DO NOTHING`
    await tx.run(sql, ...group.flatMap((row) => names.map((column) => row[column]!)))
  }
}

/** Removes the rows with these keys. */
export async function deleteRows(tx: Transaction, table: CopyTable, keys: readonly Row[]): Promise<void> {
  for (const group of groups(keys)) {
    await tx.run(`DELETE FROM ${table.name} WHERE ${anyOf(table, group)}`, ...valuesOf(table.key, group))
  }
}

/** The rows with these keys that are there, of the columns asked for. */
export async function findRows(
  reader: Reader,
  table: CopyTable,
  columns: readonly string[],
  keys: readonly Row[],
): Promise<readonly Row[]> {
  const found: Row[] = []
  for (const group of groups(keys)) {
    const sql = `SELECT ${columns.join(', ')} FROM ${table.name} WHERE ${anyOf(table, group)}`
    found.push(...(await reader.query<Row>(sql, ...valuesOf(table.key, group))))
  }
  return found
}

function anyOf({ key }: CopyTable, rows: readonly Row[]): string {
  const one = key.map((column) => `${column} = ?`).join(' AND ')
  return rows.map(() => `(${one})`).join(' OR ')
}

/** The values of some columns, row after row. */
export const valuesOf = (columns: readonly string[], rows: readonly Row[]): readonly SqlValue[] =>
  rows.flatMap((row) => columns.map((column) => row[column]!))

/** Tells rows apart by some of their columns, in whichever database they stand. */
export const printOf = (columns: readonly string[], row: Row): string =>
  JSON.stringify(columns.map((column) => row[column]))
