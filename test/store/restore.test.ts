import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../src/store/migrations/index.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { inspectBackup, restoreBackup } from '../../src/store/sqlite-restore.ts'
import { start } from './processes.ts'
import { at, entry, grow, message, token, verify, webhook, writeOf } from './samples.ts'
import { opened, temporaryFolder } from './temporary.ts'

const now = () => new Date('2026-11-01T12:00:00.000Z')

const ONCE = { owner: 'o', key: 'k', requestHash: 'h', createdAt: at(0), answer: '{}' }
/** A store of three versions, and a backup of its first two. */
async function storeAndBackup() {
  const folder = temporaryFolder()
  const file = join(folder, 'store.db')
  const backup = join(folder, 'backup.db')
  const store = await openSqlite(file)
  await grow(store, 'default', [{ a: 1 }, { a: 2 }])
  await store.backup(backup)
  await grow(store, 'default', [{ a: 3 }])
  return { folder, file, backup, store }
}

describe('restoring a backup', () => {
  it('puts it back, keeps what it replaced, and says where', async () => {
    const { file, backup, store } = await storeAndBackup()
    await store.close()
    const { replaced } = restoreBackup(backup, file, { now })
    expect(replaced).toBe(`${file}.replaced-20261101T120000000Z`)
    const restored = await opened(file)
    expect((await restored.head('default'))?.id).toBe(2)
    expect(await verify(restored)).toEqual([])
    expect((await grow(restored, 'default', [{ a: 4 }]))[0]?.id).toBe(3)
    const old = await opened(replaced!)
    expect((await old.head('default'))?.id).toBe(3)
    expect(await verify(old)).toEqual([])
  })

  it('ends the sessions of browsers, and nothing else', async () => {
    const folder = temporaryFolder()
    const [file, backup] = [join(folder, 'store.db'), join(folder, 'backup.db')]
    const session = { id: 'digest', tokenId: 'id-a', createdAt: at(0), lastSeenAt: at(0), sourceIp: null }
    const before = await openSqlite(file)
    await before.commit('default', 0, [writeOf({}, { a: 1 }, { once: ONCE })])
    await before.tokens.insert(token('a'))
    await before.sessions.insert(session)
    await before.webhooks.insert(webhook('w'))
    await before.webhooks.enqueue([message('m')])
    await before.auditLog.append([entry()])
    const state = await before.state('default')
    await before.backup(backup)
    await before.close()
    const bytes = readFileSync(backup)

    restoreBackup(backup, file, { now })
    expect(readFileSync(backup).equals(bytes)).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['backup.db', 'store.db', 'store.db.replaced-20261101T120000000Z'])
    const restored = await opened(file)
    expect(await restored.sessions.find(session.id)).toBeUndefined()
    expect(await restored.state('default')).toEqual(state)
    expect(await restored.tokens.all()).toEqual([token('a')])
    expect(await restored.once.find('default', ONCE.owner, ONCE.key)).toMatchObject({ versionId: 1 })
    expect(await restored.webhooks.list()).toEqual([webhook('w')])
    expect(await restored.webhooks.find('w', 'm')).toEqual(message('m'))
    expect(await restored.auditLog.list({}, { limit: 9 })).toEqual([{ id: 1, ...entry() }])
    expect(await verify(restored)).toEqual([])
    expect(await inspectBackup(backup, (store) => store.sessions.find(session.id))).toEqual(session)
  })

  it('restores a backup that was made before there were sessions', async () => {
    const folder = temporaryFolder()
    const [file, backup] = [join(folder, 'store.db'), join(folder, 'backup.db')]
    const old = await openSqlite(file, { migrations: MIGRATIONS.slice(0, 1) })
    await grow(old, 'default', [{ a: 1 }])
    await old.backup(backup)
    await old.close()
    restoreBackup(backup, file, { now })
    const restored = await opened(file)
    expect(await restored.configJson('default', 1)).toBe('{"a":1}')
    expect(await restored.tokens.all()).toEqual([])
  })

  it('keeps commits of the replaced file that stood only in its WAL, and applies none of them to the new one', async () => {
    const { file, backup, store } = await storeAndBackup()
    await store.close()
    const killed = await start('commit-and-die.ts', [file]).finished
    expect(killed.signal).toBe('SIGKILL')
    expect(existsSync(`${file}-wal`)).toBe(true)
    const { replaced } = restoreBackup(backup, file, { now })
    expect((await (await opened(file)).head('default'))?.id).toBe(2)
    expect((await (await opened(replaced!)).head('default'))?.id).toBe(4)
  })

  it('makes a store where none is', async () => {
    const { folder, backup, store } = await storeAndBackup()
    await store.close()
    const target = join(folder, 'new', 'store.db')
    expect(restoreBackup(backup, target, { now })).toEqual({ replaced: null })
    expect((await (await opened(target)).head('default'))?.id).toBe(2)
  })

  it('refuses while another process has the store open', async () => {
    const { folder, file, backup, store } = await storeAndBackup()
    await store.close()
    const holder = start('hold-open.ts', [file])
    await new Promise((resolve) => holder.process.stdout!.once('data', resolve))
    const names = () => readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name))
    const before = names()
    expect(() => restoreBackup(backup, file, { now })).toThrow(/is open in another process/)
    expect(names()).toEqual(before)
    holder.process.kill('SIGKILL')
    await holder.finished
    expect(restoreBackup(backup, file, { now }).replaced).not.toBeNull()
  })

  it('refuses a backup that is missing, damaged, empty or foreign, and changes nothing', async () => {
    const { folder, file, backup, store } = await storeAndBackup()
    await store.close()
    const before = readFileSync(file)
    const bad = join(folder, 'bad.db')
    const bytes = readFileSync(backup)
    for (const content of [Buffer.alloc(0), Buffer.from('text'), bytes.subarray(0, 20_000), damaged(bytes)]) {
      writeFileSync(bad, content)
      expect(() => restoreBackup(bad, file, { now })).toThrow(expect.objectContaining({ code: 'store' }))
    }
    expect(() => restoreBackup(join(folder, 'none'), file, { now })).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    )
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it('replaces a damaged store, and keeps it as it was', async () => {
    const { file, backup, store } = await storeAndBackup()
    await store.close()
    writeFileSync(file, 'this was a database once')
    const { replaced } = restoreBackup(backup, file, { now })
    expect(readFileSync(replaced!, 'utf8')).toBe('this was a database once')
    expect((await (await opened(file)).head('default'))?.id).toBe(2)
  })

  it('looks into a backup without touching it', async () => {
    const { folder, backup, store } = await storeAndBackup()
    await store.close()
    const before = readFileSync(backup)
    expect(await inspectBackup(backup, verify)).toEqual([])
    expect(readFileSync(backup).equals(before)).toBe(true)
    expect(readdirSync(folder).sort()).toEqual(['backup.db', 'store.db'])
  })
})

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.fill(0x55, 4096 * 6, 4096 * 7)
  return copy
}
