import type { Copy } from './copy-parts.ts'
import { bytesOf, deleteRows, findRows, insertRows, portions, printOf, type Row, type Sized } from './copy-rows.ts'
import type { CopyTable, Log } from './copy-tables.ts'
import type { Reader, SqlValue } from './driver.ts'

/** Numbers that are counted together where two logs differ. */
const BLOCK = 1024

/** What was found where a log was not the same in both databases. */
export interface Mended {
  readonly rows: number
  /** Namespaces that had rows in the target which the source has no more. */
  readonly lost: ReadonlySet<string>
}

/**
 * Makes a log the same in both databases after it was appended to: a purge, or the deletion of a namespace, takes rows away that were copied. Rows
 * never change and numbers are never given twice, so that counts and sums of numbers tell where to look.
 */
export async function mendLog(copy: Copy, table: CopyTable, log: Log): Promise<Mended> {
  const upTo = log.ties.length === 0 ? await last(copy.target, table, log) : Number.MAX_SAFE_INTEGER
  const lost = new Set<string>()
  let rows = 0
  for (const namespace of await differing(copy, table, { ...log, upTo })) {
    const place: Place = { ...(log.isByNamespace && { namespace }), upTo }
    for (const block of await differingBlocks(copy, table, log, place)) {
      const { added, removed } = await mendBlock(copy, table, log, place, block)
      if (removed > 0) lost.add(namespace)
      rows += added + removed
    }
  }
  return { rows, lost }
}

interface Place {
  readonly namespace?: string
  /** Later numbers are left to the next pass: what is copied of a log by its number is copied without a gap. */
  readonly upTo: number
}

async function last(reader: Reader, { name }: CopyTable, { number }: Log): Promise<number> {
  const [row] = await reader.query<{ last: number }>(`SELECT coalesce(max(${number}), 0) AS last FROM ${name}`)
  return row!.last
}

/** What is counted in both: a log by its numbers, or the rows that namespaces have. */
type Counted = Partial<Log> & { readonly upTo?: number }

/** The namespaces whose rows are not the same in both; of a log that knows none, `''`. */
export async function differing(
  { source, target }: { readonly source: Reader; readonly target: Reader },
  { name, log }: CopyTable,
  { number = '0', isByNamespace = true, upTo }: Counted = log ?? {},
): Promise<readonly string[]> {
  const of = isByNamespace ? 'namespace' : `''`
  const where = upTo === undefined ? '' : `WHERE ${number} <= ?`
  const group = isByNamespace ? 'GROUP BY namespace' : ''
  const sql = `SELECT ${of} AS part, count(*) AS count, coalesce(sum(${number}), 0) AS sum FROM ${name} ${where} ${group}`
  const values = upTo === undefined ? [] : [upTo]
  return compare(await source.query<Part>(sql, ...values), await target.query<Part>(sql, ...values))
}

async function differingBlocks(
  { source, target }: Copy,
  { name }: CopyTable,
  { number }: Log,
  place: Place,
): Promise<readonly number[]> {
  const block = `${number} / ${BLOCK}`
  const sql = `SELECT ${block} AS part, count(*) AS count, sum(${number}) AS sum FROM ${name} WHERE ${within(place, number)} GROUP BY ${block}`
  const values = valuesWithin(place)
  return compare(await source.query<Part>(sql, ...values), await target.query<Part>(sql, ...values)).map(Number)
}

interface Part {
  readonly part: string | number
  readonly count: number
  readonly sum: number
}

function compare(source: readonly Part[], target: readonly Part[]): readonly string[] {
  const [here, there] = [source, target].map((parts) => new Map(parts.map((one) => [String(one.part), one])))
  return [...new Set([...here!.keys(), ...there!.keys()])].filter((part) => {
    const [one, other] = [here!.get(part), there!.get(part)]
    return one?.count !== other?.count || one?.sum !== other?.sum
  })
}

async function mendBlock(copy: Copy, table: CopyTable, log: Log, place: Place, block: number) {
  const bounds = `${within(place, log.number)} AND ${log.number} >= ? AND ${log.number} < ?`
  const values = [...valuesWithin(place), block * BLOCK, (block + 1) * BLOCK]
  const select = `SELECT ${table.key.join(', ')}, ${bytesOf(table)} FROM ${table.name} WHERE ${bounds}`
  const here = await copy.source.query<Sized>(select, ...values)
  const there = await copy.target.query<Sized>(select, ...values)
  const gone = without(table, there, here)
  const missing = without(table, here, there)
  if (gone.length > 0) await copy.target.write((tx) => deleteRows(tx, table, gone))
  await addRows(copy, table, missing)
  return { added: missing.length, removed: gone.length }
}

/** The rows of one list whose keys the other does not have. */
export function without<R extends Row>({ key }: CopyTable, rows: readonly R[], others: readonly Row[]): readonly R[] {
  const known = new Set(others.map((row) => printOf(key, row)))
  return rows.filter((row) => !known.has(printOf(key, row)))
}

/** Copies the rows with these keys. */
export async function addRows(copy: Copy, table: CopyTable, keys: readonly Sized[]): Promise<void> {
  for (const portion of portions(keys)) {
    const rows = await findRows(copy.source, table, [...table.columns.keys()], portion)
    await copy.target.write((tx) => insertRows(tx, table, rows))
    copy.onRows(rows.length)
  }
}

const within = ({ namespace }: Place, number: string): string =>
  namespace === undefined ? `${number} <= ?` : `namespace = ? AND ${number} <= ?`

const valuesWithin = ({ namespace, upTo }: Place): readonly SqlValue[] =>
  namespace === undefined ? [upTo] : [namespace, upTo]
