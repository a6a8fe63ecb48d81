import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { LEFT_OUT, TABLES } from '../../src/store/copy-tables.ts'
import { copyContract } from './copy-contract.ts'
import { cutContract } from './copy-cut-contract.ts'
import { portableContract } from './portable-contract.ts'
import { opened, temporaryFolder } from './temporary.ts'

const file = async () => join(temporaryFolder(), 'data', 'store.db')

copyContract('SQLite to SQLite', file, file, {
  runs: 2,
  kills: [
    ['target', 1],
    ['target', 4],
    ['target', 9],
    ['source', 1],
  ],
})
cutContract('SQLite to SQLite', file, file, { step: 7 })
portableContract('SQLite', file)

describe('the tables that are copied', () => {
  it('are all there are, with all their columns, but for those that are left out on purpose', async () => {
    const path = await file()
    await (await opened(path)).close()
    const db = new Database(path, { readonly: true })
    const names = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).pluck()
    expect([...TABLES.map(({ name }) => name), ...LEFT_OUT].sort()).toEqual((names.all() as string[]).sort())
    for (const { name, columns } of TABLES) {
      const found = db.prepare('SELECT name, lower(type) AS type FROM pragma_table_info(?)').all(name)
      expect(byName([...columns].map(([column, type]) => ({ name: column, type }))), name).toEqual(
        byName(found as Column[]),
      )
    }
    db.close()
  })
})

interface Column {
  readonly name: string
  readonly type: string
}

const byName = (columns: readonly Column[]) => columns.toSorted((a, b) => (a.name < b.name ? -1 : 1))
