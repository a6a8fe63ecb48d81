import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../src/store/migrations/index.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { grow, token, verify } from './samples.ts'
import { opened, temporaryFolder } from './temporary.ts'

const [now, next] = [MIGRATIONS.length, MIGRATIONS.length + 1]
const more = [
  ...MIGRATIONS,
  { version: next, sql: 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT; INSERT INTO later VALUES (7);' },
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
    expect((await store.metadata()).get('schema_version')).toBe(`${next}`)
    expect(await store.configJson('default', 2)).toBe('{"a":2}')
    expect(await verify(store)).toEqual([])
    const backup = await opened(`${file}.before-v${next}`)
    expect((await backup.metadata()).get('schema_version')).toBe(`${now}`)
    expect((await backup.head('default'))?.chainHash).toBe((await store.head('default'))?.chainHash)
    expect(await verify(backup)).toEqual([])
  })

  it('takes a store of the first schema forward with all it has, and has room for what a server keeps', async () => {
    const file = join(temporaryFolder(), 'store.db')
    const migrations = MIGRATIONS.slice(0, 1)
    const old = await opened(file, { migrations })
    await grow(old, 'default', [{ a: 1 }, { a: 2, b: [] }], { tags: [] })
    const before = await old.state('default')
    await old.close()

    const store = await opened(file)
    expect((await store.metadata()).get('schema_version')).toBe(`${MIGRATIONS.length}`)
    expect(await store.state('default')).toEqual(before)
    expect(await store.tokens.insertFirst(token('first'))).toBe(true)
    expect((await grow(store, 'default', [{ a: 3 }]))[0]?.id).toBe(3)
    expect(await verify(store)).toEqual([])
    const backup = await opened(`${file}.before-v2`, { migrations })
    expect((await backup.metadata()).get('schema_version')).toBe('1')
    expect(await backup.state('default')).toEqual(before)
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
    const broken = [...more, { version: next + 1, sql: 'CREATE TABLE later (id)' }]
    await expect(openSqlite(file, { migrations: broken })).rejects.toMatchObject({ code: 'store' })
    const db = new Database(file, { readonly: true })
    expect(db.prepare(`SELECT value FROM system_metadata WHERE key = 'schema_version'`).pluck().get()).toBe(`${now}`)
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
    expect((await store.metadata()).get('schema_version')).toBe(`${next}`)
    holder.close()
  })

  it('never edits a step that was released', () => {
    const { createHash } = process.getBuiltinModule('node:crypto')
    const hashes = MIGRATIONS.map(({ version, sql }) => `${version} ${createHash('sha256').update(sql).digest('hex')}`)
    const released = readFileSync(new URL('./migrations.sha256', import.meta.url), 'utf8')
    expect(hashes).toEqual(released.trim().split('\n'))
  })
})
