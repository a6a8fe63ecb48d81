import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { assert, asyncProperty, constant, property, string } from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { chainInput } from '../../src/store/chain.ts'
import type { HistoryLogRow } from '../../src/store/rows.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { checkDatabase } from '../../src/store/sqlite-check.ts'
import { Connection } from '../../src/store/sqlite-connection.ts'
import { VERIFY_SQL } from '../../src/store/verify-sql.ts'
import { run, whereInstalled } from './processes.ts'
import { grow } from './samples.ts'
import { temporaryFolder } from './temporary.ts'

const ns = 'default'
const documented = () => {
  const text = readFileSync(new URL('../../docs/STORAGE.md', import.meta.url), 'utf8')
  return /<!-- verify -->\n```sql\n(.*?)```/s.exec(text)?.[1] ?? ''
}

/** A store with tags, a baseline, a purged gap, an ended override and a second namespace. */
async function makeStore(file: string): Promise<void> {
  const store = await openSqlite(file)
  await grow(store, 'other', [{ z: 1 }])
  const trees = Array.from({ length: 9 }, (_, i) => ({ a: i, early: 'e', ...(i < 7 && { b: { c: i % 2 } }) }))
  await grow(store, ns, trees)
  const at = { createdAt: '2027-01-01T00:00:00.000Z', createdBy: 'alice' }
  await store.mark(ns, { ...at, kind: 'tag', tag: 'release', versionId: 3 })
  await store.mark(ns, { ...at, kind: 'baseline', tag: '', versionId: 9 })
  await store.mark(ns, { ...at, kind: 'tag', tag: 'newest', versionId: 10 })
  await store.purge(ns, { before: at.createdAt, keep: 4, by: 'alice', at: at.createdAt, dryRun: false })
  await store.close()
}

let original: Buffer
beforeAll(async () => {
  const { mkdtempSync, rmSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tamper-'))
  await makeStore(join(folder, 'store.db'))
  original = readFileSync(join(folder, 'store.db'))
  rmSync(folder, { recursive: true })
})

/** The store in memory, where there is no WAL. */
function inMemory(): Database.Database {
  return new Database(Buffer.from(original).fill(1, 18, 20))
}

/** What the program and the documented statement find after `change` was made with another tool. */
function tampered(change: (db: Database.Database) => void): { told: readonly string[]; rows: number } {
  const connection = new Connection(Buffer.from(original).fill(1, 18, 20), { mode: 'write' })
  for (const { name } of connection.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`)) {
    connection.exec(`DROP TRIGGER ${name}`)
  }
  change(connection.db)
  const told = checkDatabase(connection).map(
    ({ namespace, versionId, message }) => `${namespace} ${versionId}: ${message}`,
  )
  const rows = connection.all(VERIFY_SQL).length
  connection.close()
  return { told, rows }
}

describe('a tampered store', () => {
  it('is told from one that was left alone', async () => {
    expect(tampered(() => undefined)).toEqual({ told: [], rows: 0 })
  })

  /** Tables of the chain, each with a row to edit and what stays outside it, on purpose. */
  const tables = [
    { table: 'version_log', where: 'id = 8', apart: [] },
    { table: 'version_log', where: 'id = 3', apart: [] },
    { table: 'config_history', where: 'version_id = 8', apart: [] },
    { table: 'override_log', where: 'version_id = 8', apart: [] },
    { table: 'override_log', where: 'version_id = 2', apart: [] },
    { table: 'config_documents', where: 'version_id = 8', apart: ['positions'] },
    { table: 'config_documents', where: `version_id = 2 AND name = 'early'`, apart: ['positions'] },
    { table: 'config_marks', where: `tag = 'release'`, apart: [] },
    { table: 'config_marks', where: `kind = 'baseline'`, apart: [] },
    { table: 'config_marks', where: `kind = 'purge'`, apart: [] },
    { table: 'config_names', where: `name = 'a'`, apart: [] },
    { table: 'override_keys', where: `key = 'a'`, apart: [] },
  ] as const

  for (const { table, where, apart } of tables) {
    it(`shows an edit of any column of ${table} where ${where}`, async () => {
      const columns = inMemory().pragma(`table_info(${table})`) as { name: string; type: string }[]
      for (const { name, type } of columns.filter((column) => !(apart as readonly string[]).includes(column.name))) {
        const value = type === 'INTEGER' ? `${name} + 1000` : type === 'BLOB' ? `x'00'` : `coalesce(${name}, '') || 'x'`
        const edit = `UPDATE ${table} SET ${name} = ${value} WHERE rowid = (SELECT rowid FROM ${table} WHERE ${where} LIMIT 1)`
        const keyed = `UPDATE ${table} SET ${name} = ${value} WHERE ${where} AND namespace = '${ns}'`
        const { told, rows } = tampered((db) => db.exec(/names|keys/.test(table) ? keyed : edit))
        expect(told, `${table}.${name}`).not.toEqual([])
        expect(rows, `${table}.${name}`).toBeGreaterThan(name === 'sort' ? -1 : 0)
      }
    })

    it(`shows a deleted row of ${table} where ${where}`, async () => {
      const { told, rows } = tampered((db) => db.exec(`DELETE FROM ${table} WHERE ${where} AND namespace = '${ns}'`))
      expect(told).not.toEqual([])
      expect(rows).toBeGreaterThan(0)
    })
  }

  it('names the version', async () => {
    for (const edit of [
      `UPDATE version_log SET created_by = 'mallory' WHERE id = 8`,
      `UPDATE config_history SET new_value = '5' WHERE version_id = 8`,
      `UPDATE config_documents SET content = '5' WHERE version_id = 8`,
      `UPDATE override_log SET reason = 'none' WHERE version_id = 8`,
      'DELETE FROM config_history WHERE version_id = 8',
    ]) {
      const { told } = tampered((db) => db.exec(edit))
      expect(
        told.filter((problem) => problem.startsWith('default 8:')),
        edit,
      ).not.toEqual([])
    }
  })

  it('shows swapped, forged and doubled rows', async () => {
    for (const edit of [
      'UPDATE config_history SET id = -id; UPDATE config_history SET id = 1000 + id',
      `INSERT INTO config_history SELECT id + 1000, namespace, operation, layer, section, key, old_value, new_value, changed_at, changed_by,
        source_ip, reason, comment, version_id, old_type, new_type FROM config_history WHERE version_id = 8`,
      `INSERT INTO config_history (id, namespace, operation, layer, section, key, changed_at, changed_by, version_id)
        VALUES (5000, 'default', 'UPDATE', 'override', 's', 'k', '', '', 5000)`,
      `INSERT INTO config_documents VALUES ('default', 'effective', 'a', 99, '5', NULL)`,
      `INSERT INTO config_documents VALUES ('default', 'effective', 'a', 5, '5', NULL)`,
      `INSERT INTO config_documents VALUES ('elsewhere', 'effective', 'a', 8, '5', NULL)`,
      `INSERT INTO override_log (id, namespace, section, key, value, value_type, created_at, created_by, version_id)
        VALUES (999, 'default', '', 'a', '9', 'integer', '', '', 11)`,
      `INSERT INTO config_names VALUES ('default', 'effective', 'a', '"a"', x'0061ff')`,
      `INSERT INTO config_marks VALUES (999, 'default', 'tag', 'forged', 8, '', '', NULL, NULL, 'x')`,
      `INSERT INTO version_log SELECT 12, namespace, config_hash, created_at, created_by, description, cause, rows_hash, previous_chain, chain_hash
        FROM version_log WHERE id = 10`,
      'UPDATE version_log SET id = 99 WHERE id = 8; UPDATE version_log SET id = 8 WHERE id = 9; UPDATE version_log SET id = 9 WHERE id = 99',
    ]) {
      const { told, rows } = tampered((db) => db.exec(edit))
      expect(told, edit).not.toEqual([])
      expect(rows, edit).toBeGreaterThan(0)
    }
  })

  it('shows a version taken out of the middle, beside a purged gap too', async () => {
    for (const id of [3, 7, 8]) {
      const { told, rows } = tampered((db) =>
        db.exec(`DELETE FROM config_history WHERE version_id = ${id}; DELETE FROM version_log WHERE id = ${id}`),
      )
      expect(told, `${id}`).not.toEqual([])
      expect(rows, `${id}`).toBeGreaterThan(0)
    }
  })

  it('cannot show a tail that was cut off whole: for that, compare the head with one kept elsewhere', async () => {
    const { told } = tampered((db) => {
      for (const table of ['config_history', 'config_documents', 'override_log'])
        db.exec(`DELETE FROM ${table} WHERE version_id = 10`)
      db.exec(`DELETE FROM version_log WHERE id = 10`)
    })
    expect(told).toEqual([])
  })

  it('refuses an edit while its triggers stand', async () => {
    const db = inMemory()
    for (const table of ['version_log', 'config_history', 'override_log', 'config_marks']) {
      expect(() => db.exec(`UPDATE ${table} SET namespace = 'x'`)).toThrow(/append-only/)
    }
    expect(() => db.exec(`UPDATE config_overrides SET value = 'x'`)).toThrow(/view/)
    db.exec(`INSERT INTO audit_log (at, event, count) VALUES ('t', 'refused', 1)`)
    expect(() => db.exec('UPDATE audit_log SET count = 2')).toThrow(/append-only/)
    db.exec('DELETE FROM audit_log')
    db.close()
  })

  it('shows a damaged page', async () => {
    const { writeFileSync } = await import('node:fs')
    const file = join(temporaryFolder(), 'store.db')
    const bytes = Buffer.from(original)
    bytes.fill(0x55, 4096 * 8, 4096 * 9)
    writeFileSync(file, bytes)
    const store = await openSqlite(file)
    const problems = await store.check()
    expect(problems.map((problem) => problem.message).join()).toMatch(/damaged/)
    await store.close()
  })
})

describe('the documented statement', () => {
  it('is the one the program runs', () => {
    expect(documented().trim()).toBe(VERIFY_SQL.trim())
  })

  const inShell = (file: string) => execFileSync('sqlite3', [file], { input: documented(), encoding: 'utf8' })

  whereInstalled(
    'sqlite3',
    'finds in a stock sqlite3 shell what was tampered with, and nothing where all holds',
    async () => {
      const { writeFileSync } = await import('node:fs')
      const file = join(temporaryFolder(), 'store.db')
      writeFileSync(file, original)
      expect(inShell(file)).toBe('')
      run('sqlite3', [
        file,
        `DROP TRIGGER config_history_is_append_only; UPDATE config_history SET changed_by = 'mallory' WHERE version_id = 8`,
      ])
      expect(inShell(file)).toMatch(/^default\|8\|.*chain_hash does not hold/)
    },
  )

  const nasty = string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', ''))

  it('takes the same bytes as the program does, whatever stands in them', () => {
    const db = new Database(':memory:')
    const asSql = db.prepare('SELECT json_array(?, ?, 1)').pluck()
    void assert(
      property(nasty, constant(null), (text, none) => asSql.get(text, none) === JSON.stringify([text, none, 1])),
      { numRuns: 500 },
    )
    db.close()
  })

  whereInstalled('sqlite3', 'takes the same bytes in a stock sqlite3 shell', async () => {
    const check = async (texts: readonly string[]) => {
      const arrays = texts.map(
        (text) => `SELECT hex(json_array(CAST(x'${Buffer.from(text).toString('hex')}' AS TEXT), NULL, 1));`,
      )
      const shown = execFileSync('sqlite3', [':memory:'], { input: arrays.join('\n'), encoding: 'utf8' })
        .trim()
        .split('\n')
      expect(shown.map((line) => Buffer.from(line, 'hex').toString())).toEqual(
        texts.map((text) => JSON.stringify([text, null, 1])),
      )
    }
    const controls = Array.from({ length: 0xa0 }, (_, i) => String.fromCharCode(i + 1))
    await check([...controls, '\u2028\u2029', '"\\/', '\u{1F600}\uFFFD\uE000', '</script>'])
    await assert(
      asyncProperty(string({ unit: 'binary', minLength: 500, maxLength: 2000 }), async (text) =>
        check([text.replaceAll('\0', '')]),
      ),
      { numRuns: 10 },
    )
  })

  it('covers each column once, in the order of the table', () => {
    const row = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [i, i]))
    const input = chainInput({ id: 1 } as never, [row as unknown as HistoryLogRow])
    expect(input.split('\n')).toHaveLength(2)
    expect(JSON.parse(input.split('\n')[1]!)).toHaveLength(16)
  })
})
