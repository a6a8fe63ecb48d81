import type { Counters } from './driver.ts'

const READ = 'SELECT name, seq FROM sqlite_sequence'
const RAISE = 'UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?'
const BEGIN = `
INSERT INTO sqlite_sequence (name, seq) SELECT name, ? FROM sqlite_schema
WHERE type = 'table' AND name = ? AND sql LIKE '%AUTOINCREMENT%'`

/** SQLite remembers numbers of `AUTOINCREMENT` tables; in others the next is the highest that is there and one more. */
export const SQLITE_COUNTERS: Counters = {
  async read(reader) {
    const rows = await reader.query<{ name: string; seq: number }>(READ)
    return new Map(rows.map(({ name, seq }) => [name, seq]))
  },
  async raise(tx, floors) {
    for (const [name, floor] of floors) if ((await tx.run(RAISE, floor, name)) === 0) await tx.run(BEGIN, floor, name)
  },
}
