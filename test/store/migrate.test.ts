import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../src/store/migrations/index.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { grow, verify } from './samples.ts'
import { opened, temporaryFolder } from './temporary.ts'

const more = [
  ...MIGRATIONS,
  { version: 2, sql: 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT; INSERT INTO later VALUES (7);' },
]

async function oldStore(): Promise<string> {
  const file = join(temporaryFolder(), 'store.db')
  const store = await opened(file)
  await grow(store, 'default', [{ a: 1 }, { a: 2 }])
  await store.close()
  return file
}

describe('migrating', () => {
  it('takes an older store forward, after a backup beside it', async () => {
    const file = await oldStore()
    const store = await opened(file, { migrations: more })
    expect((await store.metadata()).get('schema_version')).toBe('2')
    expect(await store.configJson('default', 2)).toBe('{"a":2}')
    expect(await verify(store)).toEqual([])
    const backup = await opened(`${file}.before-v2`)
    expect((await backup.metadata()).get('schema_version')).toBe('1')
    expect((await backup.head('default'))?.chainHash).toBe((await store.head('default'))?.chainHash)
    expect(await verify(backup)).toEqual([])
  })

  it('makes no backup of a new store, and migrates only once', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'store.db')
    const options = { migrations: more }
    const stores = await Promise.all([opened(file, options), opened(file, options)])
    expect((await stores[1]!.metadata()).get('instance_id')).toBe((await stores[0]!.metadata()).get('instance_id'))
    expect(readdirSync(folder).filter((name) => name.includes('before'))).toEqual([])
  })

  it('leaves the store as it was when a step fails', async () => {
    const file = await oldStore()
    const broken = [...more, { version: 3, sql: 'CREATE TABLE later (id)' }]
    await expect(openSqlite(file, { migrations: broken })).rejects.toMatchObject({ code: 'store' })
    const db = new Database(file, { readonly: true })
    expect(db.prepare(`SELECT value FROM system_metadata WHERE key = 'schema_version'`).pluck().get()).toBe('1')
    expect(db.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'later'`).pluck().get()).toBe(0)
    db.close()
    expect((await (await opened(file)).versions('default', { limit: 9 })).length).toBe(2)
  })

  it('waits for another process that is writing', async () => {
    const file = await oldStore()
    const holder = new Database(file)
    holder.exec('BEGIN IMMEDIATE')
    setTimeout(() => holder.exec('COMMIT'), 100)
    const store = await opened(file, { migrations: more })
    expect((await store.metadata()).get('schema_version')).toBe('2')
    holder.close()
  })

  it('never edits a step that was released', () => {
    const { createHash } = process.getBuiltinModule('node:crypto')
    const hash = createHash('sha256').update(MIGRATIONS[0]!.sql).digest('hex')
    const released = readFileSync(new URL('./migrations.sha256', import.meta.url), 'utf8')
      .trim()
      .split('\n')
    expect(released[0]).toBe(`1 ${hash}`)
  })
})
