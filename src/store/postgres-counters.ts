import { type CopyTable, TABLES } from './copy-tables.ts'
import type { Counters } from './driver.ts'

const COUNTED = TABLES.filter(({ isCounted }) => isCounted)

const sequenceOf = ({ name, key }: CopyTable): string => `pg_get_serial_sequence('${name}', '${key[0]}')::regclass`
const lastOf = (table: CopyTable): string => `coalesce(pg_sequence_last_value(${sequenceOf(table)}), 0)`

const READ = COUNTED.map((table) => `SELECT '${table.name}' AS name, ${lastOf(table)} AS last`).join(' UNION ALL ')

/** Never back, and never below a row that is there: rows that were copied have their numbers with them. */
const raise = (table: CopyTable): string => `
SELECT setval(seq, last) FROM (
  SELECT ${sequenceOf(table)} AS seq,
    greatest(?::bigint, ${lastOf(table)}, (SELECT max(${table.key[0]}) FROM ${table.name})) AS last) counted
WHERE last > 0`

/** PostgreSQL counts in sequences, which no rollback takes back. */
export const POSTGRES_COUNTERS: Counters = {
  async read(reader) {
    const rows = await reader.query<{ name: string; last: number }>(READ)
    return new Map(rows.map(({ name, last }) => [name, last]))
  },
  async raise(tx, floors) {
    for (const table of COUNTED) await tx.query(raise(table), floors.get(table.name) ?? 0)
  },
}
