import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { run, start, straced, whereInstalled } from './processes.ts'
import { grow, verify, writeOf } from './samples.ts'
import { opened, temporaryFolder } from './temporary.ts'

const ns = 'default'

describe('a file that is no store of ours', () => {
  const refused = async (make: (file: string) => void) => {
    const file = join(temporaryFolder(), 'store.db')
    make(file)
    const before = readFileSync(file)
    await expect(openSqlite(file)).rejects.toMatchObject({ code: 'store', details: { store: file } })
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(readdirSync(join(file, '..')).filter((name) => name !== 'store.db')).toEqual([])
  }
  const withStore = (file: string, change: (db: Database.Database) => void) => {
    const db = new Database(file)
    change(db)
    db.close()
  }

  it('is refused and left as it is: text, zeros, a few bytes', async () => {
    await refused((file) => writeFileSync(file, 'server.port = 5\n'.repeat(500)))
    await refused((file) => writeFileSync(file, Buffer.alloc(8192)))
    await refused((file) => writeFileSync(file, 'SQLite format 3'))
    await refused((file) => writeFileSync(file, 'x'))
  })

  it('is refused and left as it is: a database of another program', async () => {
    await refused((file) => withStore(file, (db) => db.exec('CREATE TABLE config_versions (id)')))
    await refused((file) => withStore(file, (db) => db.exec('PRAGMA application_id = 5')))
  })

  it('is refused and left as it is: a store that was cut short, or is of a newer schema', async () => {
    const folder = temporaryFolder()
    const source = join(folder, 'source.db')
    const store = await opened(source)
    await grow(store, ns, [{ a: 'x'.repeat(30_000) }])
    await store.close()
    await refused((file) => {
      writeFileSync(file, readFileSync(source))
      truncateSync(file, 40_000)
    })
    await refused((file) => {
      writeFileSync(file, readFileSync(source))
      withStore(file, (db) => {
        db.pragma('journal_mode = DELETE')
        db.exec(`UPDATE system_metadata SET value = '99' WHERE key = 'schema_version'`)
      })
    })
  })

  it('says of a newer one what to do', async () => {
    const file = join(temporaryFolder(), 'store.db')
    await (await opened(file)).close()
    withStore(file, (db) => db.exec(`UPDATE system_metadata SET value = '99' WHERE key = 'schema_version'`))
    await expect(openSqlite(file)).rejects.toThrow(/schema version 99 is newer than \d+.*Update Holdfast/)
  })

  it('is set up where it has no bytes at all, and not made where that was not asked for', async () => {
    const file = join(temporaryFolder(), 'store.db')
    await expect(openSqlite(file, { create: false })).rejects.toMatchObject({ code: 'not-found' })
    expect(existsSync(file)).toBe(false)
    writeFileSync(file, '')
    const store = await opened(file)
    expect(await grow(store, ns, [{ a: 1 }])).toHaveLength(1)
  })
})

describe('a store that cannot be written', () => {
  const isRoot = process.getuid?.() === 0
  const asNobody = isRoot ? { uid: 65534, gid: 65534 } : {}

  it('is read all the same, and refuses writes', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'store.db')
    const store = await opened(file)
    await grow(store, ns, [{ a: 1 }])
    await store.close()
    run('chmod', ['444', file])
    run('chmod', ['555', folder])
    const result = await start('read-only.ts', [file], asNobody).finished
    run('chmod', ['755', folder])
    expect(result.stdout).toBe('read {"a":1}\nrefused unavailable\n0 problems 0\n')
  })

  it('is refused where a WAL that cannot be joined may hold newer commits', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'store.db')
    const store = await opened(file)
    await grow(store, ns, [{ a: 1 }])
    run('cp', ['-r', folder, `${folder}-copy`])
    onTestFinished(() => void run('rm', ['-rf', `${folder}-copy`]))
    run('rm', ['-f', join(`${folder}-copy`, 'store.db-shm')])
    run('chmod', ['-R', 'a=rX', `${folder}-copy`])
    const result = await start('read-only.ts', [join(`${folder}-copy`, 'store.db')], asNobody).finished
    run('chmod', ['-R', 'u=rwX', `${folder}-copy`])
    expect(result.stdout).toBe('refused unavailable\n')
  })
})

describe('durability', () => {
  whereInstalled(
    'strace',
    'syncs the WAL once for each commit, and before it is acknowledged, also after a reopen',
    async () => {
      const file = join(temporaryFolder(), 'store.db')
      for (const _ of [1, 2]) {
        const { stdout, trace } = await straced(['-e', 'trace=fdatasync,fsync,write'], 'commits.ts', [file, '5'])
        const acknowledged = [...stdout.matchAll(/^acknowledged \d+$/gm)].length
        expect(acknowledged).toBe(5)
        let syncs = 0
        for (const line of trace.split('\n')) {
          if (/fdatasync|fsync/.test(line)) syncs++
          if (!line.includes('acknowledged')) continue
          expect(syncs).toBeGreaterThanOrEqual(1)
          syncs = 0
        }
      }
    },
  )

  it('gives the canonical text to plain tools, byte for byte', async () => {
    const file = join(temporaryFolder(), 'store.db')
    const store = await opened(file)
    const [version] = await grow(store, ns, [{ b: 1, '\u{1F600}': { 'a"b': [null, 1.5e300] }, '\uFFFD': 'é\u0001' }])
    const db = new Database(file, { readonly: true })
    onTestFinished(() => void db.close())
    expect(db.prepare('SELECT * FROM config_versions').get()).toMatchObject({
      config_hash: version?.hash,
      is_baseline: 0,
    })
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  })

  whereInstalled('sqlite3', 'lets the sqlite3 shell and sha256sum check a version', async () => {
    const file = join(temporaryFolder(), 'store.db')
    const store = await opened(file)
    const trees = [{ b: 1, '\u{1F600}': { 'a"b': [null, 1.5e300] }, '\uFFFD': 'é\u0001\u2028' }, {}]
    for (const version of await grow(store, ns, trees)) {
      const query = `SELECT config_json FROM config_versions WHERE id = ${version.id}`
      const shown = run('sh', ['-c', 'sqlite3 -newline "" "$1" "$2" | sha256sum', 'sh', file, query])
      expect(shown.slice(0, 64)).toBe(version.hash)
    }
  })
})

describe('two processes on one file', () => {
  it('append one unbroken chain, and no caller hears of a lock', async () => {
    const file = join(temporaryFolder(), 'store.db')
    const each = 150
    const writers = ['one', 'two'].map((name) => start('append.ts', [file, name, String(each)]))
    for (const writer of writers) expect(await writer.finished).toMatchObject({ code: 0, stderr: '' })
    const store = await opened(file)
    const versions = await store.versions(ns, { limit: 1000 })
    expect(versions.map((version) => version.id)).toEqual(Array.from({ length: 2 * each }, (_, i) => 2 * each - i))
    expect(versions.filter((version) => version.createdBy === 'one')).toHaveLength(each)
    expect(await verify(store)).toEqual([])
  })

  it('see each other’s commits, and their own not at all', async () => {
    const file = join(temporaryFolder(), 'store.db')
    const store = await opened(file)
    await grow(store, ns, [{ a: 0 }])
    let heard = 0
    store.onForeignCommit(() => heard++)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await grow(store, ns, [{ a: 1 }, { a: 2 }, { a: 3 }])
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(heard).toBe(0)

    const other = await openSqlite(file)
    onTestFinished(() => other.close())
    await grow(other, ns, [{ a: 4 }])
    await expect.poll(() => heard, { timeout: 10_000, interval: 5 }).toBeGreaterThan(0)
    expect((await store.head(ns))?.id).toBe(5)
  })

  it('wait for a lock held elsewhere without blocking the event loop, and give up in the end', async () => {
    const file = join(temporaryFolder(), 'store.db')
    const store = await opened(file, { lockTimeoutMs: 400 })
    await grow(store, ns, [{ a: 0 }])
    const holder = new Database(file)
    onTestFinished(() => void holder.close())
    holder.exec('BEGIN IMMEDIATE')
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    onTestFinished(() => clearInterval(timer))

    const late = store.commit(ns, 1, [writeOf({ a: 0 }, { a: 1 })])
    await expect(late).rejects.toMatchObject({ code: 'unavailable', details: { retry: true } })
    expect(ticks).toBeGreaterThan(10)

    setTimeout(() => holder.exec('COMMIT'), 100)
    expect(await store.commit(ns, 1, [writeOf({ a: 0 }, { a: 1 })])).toMatchObject([{ id: 2 }])
  })
})

describe('the file', () => {
  it('keeps its WAL small while commits go on, and the event loop turning', async () => {
    const file = join(temporaryFolder(), 'store.db')
    const store = await opened(file)
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    onTestFinished(() => clearInterval(timer))
    let head = 0
    let highest = 0
    for (let i = 0; i < 600; i++) {
      const [version] = await store.commit(ns, head, [writeOf({}, { a: 'x'.repeat(20_000) + i })])
      head = version!.id
      if (i % 25 === 0) highest = Math.max(highest, (await store.stats()).walBytes)
    }
    expect(ticks).toBeGreaterThan(20)
    expect((await store.stats()).bytes).toBeGreaterThan(12e6)
    expect(highest).toBeLessThan(40e6)
    expect(await verify(store)).toEqual([])
  })

  it('shrinks by what a purge deletes, and keeps nothing of it', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'store.db')
    const store = await opened(file)
    const canary = 'canary-4b1f'
    await grow(store, ns, [{ a: canary + 'x'.repeat(200_000) }, { a: 1 }, { a: 2 }])
    const plan = {
      before: '2030-01-01T00:00:00.000Z',
      keep: 1,
      by: 'alice',
      at: '2030-01-01T00:00:00.000Z',
      dryRun: false,
    }
    const size = (await store.stats()).bytes
    const { bytes } = await store.purge(ns, plan)
    expect(bytes).toBeGreaterThan(200_000)
    expect((await store.stats()).bytes).toBe(size - bytes)
    await store.close()
    expect(statSync(file).size).toBe(size - bytes)
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes(canary)).toBe(false)
  })

  it('grows by the change, not by the configuration', async () => {
    const store = await opened(join(temporaryFolder(), 'store.db'))
    const section = (i: number) => ({ port: i, filler: 'x'.repeat(5000) })
    const names = Array.from({ length: 200 }, (_, i) => `section${i}`)
    const base = Object.fromEntries(names.map((name, i) => [name, section(i)]))
    await store.commit(ns, 0, [writeOf({}, base)])
    const before = (await store.stats()).bytes
    let tree: typeof base = base
    for (let i = 0; i < 100; i++) {
      const next = { ...tree, section7: section(1000 + i) }
      await store.commit(ns, i + 1, [{ ...writeOf(tree, next), overrides: [], history: [] }])
      tree = next
    }
    expect(((await store.stats()).bytes - before) / 100).toBeLessThan(5000 + 2048)
  })
})

describe('a backup', () => {
  it('is the store at one moment while others write, and refuses a file that exists', async () => {
    const folder = temporaryFolder()
    const store = await opened(join(folder, 'store.db'))
    await grow(
      store,
      ns,
      Array.from({ length: 20 }, (_, i) => ({ a: 'x'.repeat(10_000) + i })),
    )
    let isDone = false
    const progress: number[] = []
    const file = join(folder, 'backup.db')
    const backup = store
      .backup(file, (done, total) => progress.push(done / total))
      .then(() => {
        isDone = true
      })
    const during: unknown[] = []
    while (!isDone) during.push(...(await grow(store, ns, [{ a: `y${Math.random()}` }])))
    await backup
    expect(progress.at(-1)).toBe(1)
    const copy = await opened(file)
    const head = await copy.head(ns)
    expect(head?.id).toBeGreaterThanOrEqual(20)
    expect(head?.id).toBeLessThanOrEqual(20 + during.length)
    expect(await verify(copy)).toEqual([])
    await expect(store.backup(file)).rejects.toMatchObject({ code: 'exists' })
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
  })

  it('refuses a folder that is not there', async () => {
    const folder = temporaryFolder()
    const store = await opened(join(folder, 'store.db'))
    await expect(store.backup(join(folder, 'no', 'b.db'))).rejects.toMatchObject({ code: 'unavailable' })
  })
})
