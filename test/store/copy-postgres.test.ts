import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storeName } from '../../src/model/config.ts'
import { backUpByCopy } from '../../src/store/copy-backup.ts'
import { LEFT_OUT, TABLES } from '../../src/store/copy-tables.ts'
import { restorePostgres } from '../../src/store/postgres-restore.ts'
import { sqlStore } from '../../src/store/sql.ts'
import { describeWithPostgres } from '../postgres/describe.ts'
import { PostgresServer } from '../postgres/server.ts'
import { contentOf } from './content.ts'
import { copyContract } from './copy-contract.ts'
import { cutContract } from './copy-cut-contract.ts'
import { openedDriver, openedStore } from './copying.ts'
import { HISTORIES, live } from './histories.ts'
import { portableContract } from './portable-contract.ts'
import { at, grow, verify } from './samples.ts'
import { temporaryFolder } from './temporary.ts'

const KINDS: Readonly<Record<string, string>> = { bigint: 'integer', 'double precision': 'real', bytea: 'blob' }
const NODE = { id: 'n', host: 'h', machine: null, pid: 1, startedAt: at(0), ttl: 1 }
const now = () => new Date('2027-01-02T03:04:05.678Z')

describeWithPostgres('with PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start({ settings: { max_connections: 200 } })
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  let count = 0
  const schema = async () => `${server.url()}?schema=store_${++count}`
  const file = async () => join(temporaryFolder(), 'data', 'store.db')

  const few = {
    runs: 1,
    kills: [
      ['target', 4],
      ['source', 1],
    ],
  } as const
  copyContract('SQLite to PostgreSQL', file, schema, few)
  copyContract('PostgreSQL to SQLite', schema, file, few)
  copyContract('PostgreSQL to PostgreSQL', schema, schema, few)
  cutContract('SQLite to PostgreSQL', file, schema, { step: 14 })
  portableContract('PostgreSQL', schema)

  it('the tables that are copied are all there are, with all their columns, but for those that are left out', async () => {
    const url = await schema()
    await (await openedStore(url)).close()
    const columns = await server.query<{ name: string; column: string; type: string }>(
      `SELECT c.table_name AS name, c.column_name AS column, c.data_type AS type
       FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.table_schema = $1 AND t.table_type = 'BASE TABLE'`,
      [`store_${count}`],
    )
    const found = Object.groupBy(columns, ({ name }) => name)
    expect(Object.keys(found).sort()).toEqual([...TABLES.map(({ name }) => name), ...LEFT_OUT, 'store_head'].sort())
    for (const table of TABLES) {
      const kinds = found[table.name]!.map(({ column, type }) => [column, KINDS[type] ?? type] as const)
      expect(new Map(kinds.toSorted()), table.name).toEqual(new Map([...table.columns].toSorted()))
    }
  })

  describe('a backup put in the place of a store', () => {
    /** A backup of a SQLite store, and what that answers. */
    const backedUp = async () => {
      const store = await openedStore(await file())
      await live(store, fc.sample(HISTORIES, { numRuns: 1, seed: 9 }).flat())
      const copy = join(temporaryFolder(), 'backup.db')
      await store.backup(copy)
      return { copy, content: await contentOf(store.driver) }
    }

    it('is that store, and what was there before is kept as a store of its own', async () => {
      const [{ copy, content }, url] = [await backedUp(), await schema()]
      const old = await openedStore(url)
      await grow(old, 'old', [{ a: 1 }, { a: 2 }])
      const before = await contentOf(old.driver)
      await old.close()
      const kept = await restorePostgres(copy, url, { now })
      expect(kept).toBe(storeName(url).replace(/schema=.*/, `schema=store_${count}_replaced_20270102t030405678z`))
      const [restored, aside] = [
        await openedStore(url),
        await openedStore(kept!.replace(storeName(server.url()), server.url())),
      ]
      expect(await contentOf(restored.driver)).toEqual(content)
      expect(await verify(restored)).toEqual([])
      expect(await contentOf(aside.driver)).toEqual(before)
      await grow(aside, 'old', [{ a: 3 }])
    })

    it('is the first store where there is none, and nothing is kept', async () => {
      const [{ copy, content }, url] = [await backedUp(), await schema()]
      expect(await restorePostgres(copy, url)).toBeNull()
      expect(await contentOf((await openedStore(url)).driver)).toEqual(content)
    })

    it('is refused while another process has the store open, which then goes on as before', async () => {
      const [{ copy }, url] = [await backedUp(), await schema()]
      const busy = await openedStore(url)
      await grow(busy, 'busy', [{ a: 1 }])
      const refusal = {
        code: 'unavailable',
        message: expect.stringMatching(/is open in another process/),
        details: { retry: true },
      }
      await expect(restorePostgres(copy, url)).rejects.toMatchObject(refusal)
      await grow(busy, 'busy', [{ a: 2 }])
      expect(await verify(busy)).toEqual([])
    }, 60_000)

    it('gives no lease a token that was given before, and nobody has one', async () => {
      const [{ copy }, url] = [await backedUp(), await schema()]
      const old = await openedStore(url)
      await old.leases.join(NODE)
      const [taken] = await old.leases.take(['work'], { node: 'n', at: at(0), isForced: false })
      await grow(old, 'old', [{ a: 1 }])
      await old.close()
      await restorePostgres(copy, url)
      const restored = await openedStore(url)
      await restored.leases.join(NODE)
      const [again] = await restored.leases.take(['work'], { node: 'n', at: at(1), isForced: false })
      expect(again!.token).toBe(taken!.token + 1)
    })

    it('changes nothing where it is cut short', async () => {
      const [{ copy }, url] = [await backedUp(), await schema()]
      const old = await openedStore(url)
      await grow(old, 'old', [{ a: 1 }])
      await old.close()
      const onProgress = () => {
        throw new Error('cut')
      }
      await expect(restorePostgres(copy, url, { onProgress })).rejects.toThrow('cut')
      expect(await (await openedStore(url)).configJson('old', 1)).toBe('{"a":1}')
      const kept = await server.query(`SELECT 1 FROM information_schema.schemata WHERE schema_name LIKE $1`, [
        `store_${count}_replaced%`,
      ])
      expect(kept).toEqual([])
    })
  })

  it('a copy may be silent between its statements for longer than other work', async () => {
    const driver = await openedDriver(await schema())
    const patience = (isLong: boolean) =>
      driver.transaction((tx) => tx.query<object>('SHOW idle_in_transaction_session_timeout'), { isLong })
    const limit = (time: string) => [{ idle_in_transaction_session_timeout: time }]
    expect([await patience(false), await patience(true), await patience(false)]).toEqual(
      ['10s', '2min', '10s'].map(limit),
    )
  })

  it('a backup is written on a thread, tells how far it is, and leaves the store to its writers', async () => {
    const driver = await openedDriver(await schema())
    const store = sqlStore(driver)
    await live(store, fc.sample(HISTORIES, { numRuns: 1, seed: 3 }).flat())
    const folder = temporaryFolder()
    const heard: number[] = []
    const [written] = await Promise.all([
      grow(store, 'busy', [{ a: 1 }, { a: 2 }]),
      store.backup(join(folder, 'one.db'), (done, total) => heard.push(done / total)),
    ])
    expect(written).toHaveLength(2)
    expect(heard.at(-1)).toBe(1)
    await backUpByCopy(driver, join(folder, 'other.db'))
    await expect(store.backup(join(folder, 'other.db'))).rejects.toMatchObject({ code: 'exists' })
    await expect(store.backup(join(folder, 'none', 'other.db'))).rejects.toMatchObject({ code: 'unavailable' })
  })
})
