import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { HistoryQuery } from '../src/index.ts'
import { openSample, STORE } from './support/config.ts'
import { compare, keep } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { SMALL, sample } from './support/sample.ts'
import { scratch } from './support/scratch.ts'

const ROWS = 1_000_000
const PAGE = 50
const REPEAT = 40

/** Pages of a history of 1,000,000 rows, against the bare SQL for the same rows. */
export const history: Benchmark = {
  name: 'history',
  about: `pages of ${PAGE} of ${ROWS.toLocaleString('en')} rows`,
  async run() {
    const folder = scratch()
    await using config = await openSample(folder, sample(SMALL))
    seed(join(folder, STORE))
    const db = new Database(join(folder, STORE), { readonly: true })
    const rows: Row[] = []
    for (const [name, query, where] of PAGES) {
      const select = db.prepare(`SELECT * FROM config_history WHERE ${where} LIMIT ${PAGE}`)
      const found = await config.history({ limit: PAGE, ...query })
      if (found.items.length !== PAGE || select.all().length !== PAGE) throw new Error(`${name}: not a whole page`)
      const { ours, peer, ratio } = await compare(
        async () => {
          for (let i = 0; i < REPEAT; i++) keep(await config.history({ limit: PAGE, ...query }))
        },
        () => {
          for (let i = 0; i < REPEAT; i++) keep(select.all())
        },
        { rounds: 25 },
      )
      const perPage = 1000 / REPEAT
      const figures = { unit: 'µs', ours: ours * perPage, peer: peer * perPage, peerName: 'bare SQL' } as const
      rows.push({ name, ...figures, ratio, required: { atMost: 2 } })
    }
    db.close()
    return rows
  },
}

/** The bare SQL as somebody who knows the indexes writes it: the numbers of versions and of rows grow together. */
const PAGES: readonly (readonly [string, HistoryQuery, string])[] = [
  ['first page', {}, `namespace = 'default' ORDER BY version_id DESC, id DESC`],
  [
    'deep page',
    { cursor: '500001' },
    `namespace = 'default' AND version_id <= 500001 AND id < 500001 ORDER BY version_id DESC, id DESC`,
  ],
  [
    'of one key',
    { section: 'tls', key: 'port' },
    `namespace = 'default' AND section = 'tls' AND key = 'port' ORDER BY id DESC`,
  ],
  ['by one person', { by: 'person-7' }, `namespace = 'default' AND changed_by = 'person-7' ORDER BY id DESC`],
]

/** Rows as changes would have left them, put in by one statement; nothing here looks at their chain. */
function seed(file: string): void {
  const db = new Database(file)
  db.pragma('foreign_keys = OFF')
  db.pragma('synchronous = OFF')
  db.pragma('cache_size = -200000')
  db.exec(`
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS}),
sections (j, name) AS (SELECT row_number() OVER (ORDER BY name) - 1, name FROM config_names WHERE layer = 'effective')
INSERT INTO config_history (id, namespace, operation, layer, section, key, old_value, new_value, changed_at, changed_by, source_ip, reason, comment,
  version_id, old_type, new_type)
SELECT i, 'default', 'UPDATE', 'override', s.name, 'port', 9000 + i % 500, 9001 + i % 500,
  strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + i, 'unixepoch'), 'person-' || (i % 10), '192.0.2.7', 'change of the week', NULL, i + 1, 'integer', 'integer'
FROM n JOIN sections s ON s.j = i % (SELECT count(*) FROM sections)`)
  db.close()
}
