import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { canonical } from '../../src/model/canonical.ts'
import { openPostgres, type PostgresOptions } from '../../src/store/postgres.ts'
import { POSTGRES_VERIFY_SQL } from '../../src/store/postgres-verify-sql.ts'
import type { News, Store } from '../../src/store/store.ts'
import { describeWithPostgres } from '../postgres/describe.ts'
import { PostgresServer } from '../postgres/server.ts'
import { storeContract } from './contract.ts'
import { Line } from './cuttable.ts'
import { whereInstalled } from './processes.ts'
import { grow, verify, writeOf } from './samples.ts'
import { shelvesContract } from './shelves-contract.ts'
import { closedAfter } from './temporary.ts'

const ns = 'default'

describeWithPostgres('a store on PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start({ settings: { max_connections: 200, max_prepared_transactions: 0 } })
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const urls = new WeakMap<Store, string>()
  const open = async (url?: string, options?: PostgresOptions): Promise<Store> => {
    const at = url ?? (await server.freshDatabase())
    const store = await closedAfter(openPostgres(at, options))
    urls.set(store, at)
    return store
  }
  const query = async <R>(url: string, sql: string, values: readonly unknown[] = []): Promise<R[]> => {
    const client = new Client({ connectionString: url, options: '-c search_path=holdfast,public' })
    await client.connect()
    try {
      return (await client.query(sql, [...values])).rows as R[]
    } finally {
      await client.end()
    }
  }

  storeContract('PostgreSQL', () => open())
  shelvesContract(
    'PostgreSQL',
    () => open(),
    (store) => open(urls.get(store)),
  )

  describe('is opened', () => {
    it('by several nodes at once on an empty database, and set up once', async () => {
      const url = await server.freshDatabase()
      const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)))
      const ids = await Promise.all(stores.map(async (store) => (await store.metadata()).get('instance_id')))
      expect(new Set(ids).size).toBe(1)
      await grow(stores[0]!, ns, [{ a: 1 }])
      expect(await stores[5]!.head(ns)).toMatchObject({ id: 1 })
    })

    it('in a schema of its own, beside others in one database', async () => {
      const url = await server.freshDatabase()
      const [one, other] = [await open(`${url}?schema=one`), await open(`${url}?schema=other`)]
      await grow(one, ns, [{ a: 1 }])
      expect(await other.namespaces()).toEqual([])
      const tables = await query<{ schema: string }>(
        url,
        `SELECT DISTINCT schemaname AS schema FROM pg_tables WHERE tablename = 'version_log' ORDER BY 1`,
      )
      expect(tables).toEqual([{ schema: 'one' }, { schema: 'other' }])
    })

    it('only where there is one, if it may not be made', async () => {
      const url = await server.freshDatabase()
      await expect(openPostgres(url, { create: false })).rejects.toMatchObject({ code: 'not-found' })
    })

    it('not where it is of a newer schema, or of somebody else', async () => {
      const url = await server.freshDatabase()
      await (await openPostgres(url)).close()
      await query(url, `UPDATE system_metadata SET value = '99' WHERE key = 'schema_version'`)
      await expect(openPostgres(url)).rejects.toMatchObject({ code: 'store', message: /newer than/ })
      await query(url, `DELETE FROM system_metadata`)
      await expect(openPostgres(url)).rejects.toMatchObject({ code: 'store', message: /other tables than ours/ })
    })

    it('with a refusal that names what is wrong, and never the password', async () => {
      const { port } = server
      const refusals = [
        [`postgres://holdfast:s3cret@127.0.0.1:${port}/postgres`, 'unavailable', /does not let us in/],
        ['postgres://holdfast:s3cret@127.0.0.1:1/postgres', 'unavailable', /cannot be reached/],
        ['postgres://holdfast:s3cret@127.0.0.1/x?schema=A-b', 'malformed', /schema/],
        ['postgres://holdfast:s3cret@127.0.0.1/x?pool=no', 'malformed', /pool/],
        ['postgres://holdfast:s3cret@127.0.0.1/x?target_session_attrs=standby', 'malformed', /read-write/],
      ] as const
      for (const [url, code, message] of refusals) {
        const error = await openPostgres(url).catch((refusal: Error) => refusal)
        expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
        expect(String((error as Error).message)).not.toContain('s3cret')
      }
    })

    it('on the first of several hosts that takes writes', async () => {
      const url = new URL(await server.freshDatabase())
      const hosts = `127.0.0.1:1,${url.host},127.0.0.1:2`
      const store = await open(url.href.replace(url.host, hosts))
      await grow(store, ns, [{ a: 1 }])
      expect(await store.head(ns)).toMatchObject({ id: 1 })
    })
  })

  describe('can be read and checked with plain SQL', () => {
    it('each version is whole, and its hash is of its text', async () => {
      const store = await open()
      await grow(store, ns, [{ ü: 'é€😀', a: 1 }, { a: 2, '\u0001': '"\\' }, {}])
      const rows = await query<{ id: number; ok: boolean }>(
        urls.get(store)!,
        `SELECT id, encode(sha256(convert_to(config_json, 'UTF8')), 'hex') = config_hash AS ok FROM config_versions ORDER BY id`,
      )
      expect(rows.map(({ ok }) => ok)).toEqual([true, true, true])
      expect(await store.configJson(ns, 2)).toBe(canonical({ a: 2, '\u0001': '"\\' }))
    })

    it('by the statement that the documentation has, which is our own', async () => {
      const text = readFileSync(new URL('../../docs/STORAGE.md', import.meta.url), 'utf8')
      const documented = /<!-- verify postgres -->\n```sql\n(.*?)```/s.exec(text)?.[1] ?? ''
      expect(documented.trim()).toBe(POSTGRES_VERIFY_SQL.trim())
    })

    it('which finds every column that another tool has edited', { timeout: 120_000 }, async () => {
      const url = await server.freshDatabase()
      const store = await open(url)
      await makeHistory(store)
      expect(await query(url, POSTGRES_VERIFY_SQL)).toEqual([])
      const apart = new Set(['config_documents.positions', 'config_names.sort'])
      const tables = [
        'version_log',
        'config_history',
        'override_log',
        'config_documents',
        'config_marks',
        'config_names',
      ]
      for (const table of tables) await query(url, `ALTER TABLE ${table} DISABLE TRIGGER ALL`)
      const columns = await query<{ table_name: string; column_name: string; data_type: string }>(
        url,
        `SELECT table_name, column_name, data_type FROM information_schema.columns
         WHERE table_schema = 'holdfast' AND table_name = ANY ($1)`,
        [tables],
      )
      expect(columns.length).toBeGreaterThan(50)
      for (const { table_name: table, column_name: column, data_type: type } of columns) {
        if (apart.has(`${table}.${column}`)) continue
        const value = type === 'bigint' ? `coalesce(${column}, 0) + 1000` : `coalesce(${column}, '') || 'x'`
        const found = await query(url, `${edited(table, column, value)}`)
        expect(found, `${table}.${column}`).toMatchObject({ length: 1 })
      }

      /** Edits one row in a transaction that is undone, and counts what is found. */
      function edited(table: string, column: string, value: string): string {
        return `SELECT problems FROM tampered($t$UPDATE ${table} SET ${column} = ${value} WHERE ctid = (SELECT max(ctid) FROM ${table})$t$)`
      }
    })

    whereInstalled('psql', 'with psql alone', async () => {
      const url = await server.freshDatabase()
      await makeHistory(await open(url))
      const psql = (sql: string): string =>
        execFileSync(
          'psql',
          [url, '-qAt', '-v', 'ON_ERROR_STOP=1', '-c', `SET search_path = holdfast, public; ${sql}`],
          {
            encoding: 'utf8',
          },
        )
      expect(psql(POSTGRES_VERIFY_SQL)).toBe('')
      psql(
        `ALTER TABLE config_history DISABLE TRIGGER ALL; UPDATE config_history SET reason = 'another' WHERE version_id = 9`,
      )
      expect(psql(POSTGRES_VERIFY_SQL)).toBe(
        'default|9|the version or its history was changed: chain_hash does not hold\n',
      )
    })
  })

  describe('is written by several nodes', () => {
    it('in one order, numbered without a gap, each chain whole', async () => {
      const url = await server.freshDatabase()
      const nodes = await Promise.all([open(url), open(url), open(url)])
      await grow(nodes[0]!, ns, [{ v: 0 }])
      const append = async (store: Store, name: string, count: number): Promise<void> => {
        for (let done = 0; done < count; ) {
          const head = (await store.head(name))?.id ?? 0
          const conflict = await store.commit(name, head, [writeOf({}, { v: Math.random() })]).then(
            () => undefined,
            (error: { code: string }) => error.code,
          )
          if (conflict === undefined) done++
          else expect(conflict).toBe('conflict')
        }
      }
      await Promise.all(nodes.flatMap((node) => [append(node, ns, 15), append(node, 'other', 15)]))
      const ids = await query<{ id: string }>(url, 'SELECT id FROM version_log ORDER BY id')
      expect(ids.map(({ id }) => Number(id))).toEqual(Array.from({ length: 91 }, (_, i) => i + 1))
      expect(await verify(nodes[1]!)).toEqual([])
    })

    it('and each hears of what the others committed, and not of its own', async () => {
      const url = await server.freshDatabase()
      const [one, other] = [await open(url), await open(url)]
      const heard = listenTo(other)
      const own = listenTo(one)
      await heard.until((news) => news.includes(undefined))
      await grow(one, ns, [{ a: 1 }])
      await heard.until((news) => news.includes(`namespace:${ns}`))
      await one.setMetadata('probe', '1', at)
      expect(own.news.filter((news) => news !== undefined)).toEqual([])
    })

    it('also of what was committed while its connection was lost', async () => {
      const { line, url } = await Line.to(await server.freshDatabase())
      const [one, other] = [await open(direct(url)), await open(url)]
      const heard = listenTo(other)
      await heard.until((news) => news.includes(undefined))
      line.ways.answering = 'lost'
      await grow(one, ns, [{ a: 1 }])
      heard.news.length = 0
      line.cut()
      await heard.until((news) => news.includes(undefined))
      expect(await other.head(ns)).toMatchObject({ id: 1 })

      function direct(through: string): string {
        return through.replace(/:\d+\//, `:${server.port}/`)
      }
    })
  })

  it('commits in one round trip while no other node writes', async () => {
    const { line, url } = await Line.to(await server.freshDatabase())
    const store = await open(url)
    await grow(store, ns, [{ a: 0 }, { a: 1 }, { a: 2 }])
    const before = line.roundTrips
    for (let n = 3; n < 13; n++) await store.commit(ns, n, [writeOf({ a: n - 1 }, { a: n })])
    expect(line.roundTrips - before).toBe(10)
    expect(await verify(store)).toEqual([])
  })

  describe('finds out what became of a commit', () => {
    it('whose answer was lost: it is acknowledged if it is there', async () => {
      const { line, url } = await Line.to(await server.freshDatabase())
      const store = await open(url)
      await grow(store, ns, [{ a: 0 }, { a: 1 }])
      line.ways.answering = 'lost'
      const committing = store.commit(ns, 2, [writeOf({ a: 1 }, { a: 2 })])
      await untilCommitted(url, 3)
      line.cut()
      expect(await committing).toMatchObject([{ id: 3 }])
      expect((await store.commit(ns, 3, [writeOf({ a: 2 }, { a: 3 })]))[0]).toMatchObject({ id: 4 })
      expect(await verify(store)).toEqual([])
    })

    it('that never arrived: it is refused, and not there', async () => {
      const { line, url } = await Line.to(await server.freshDatabase())
      const store = await open(url)
      await grow(store, ns, [{ a: 0 }, { a: 1 }])
      line.ways.asking = 'lost'
      const committing = store.commit(ns, 2, [writeOf({ a: 1 }, { a: 2 })])
      const refused = expect(committing).rejects.toMatchObject({ code: 'unavailable', details: { retry: true } })
      await new Promise((resolve) => setTimeout(resolve, 100))
      line.cut()
      await refused
      expect(await store.head(ns)).toMatchObject({ id: 2 })
      expect((await store.commit(ns, 2, [writeOf({ a: 1 }, { a: 2 })]))[0]).toMatchObject({ id: 3 })
    })

    it('that waits for a standby which is gone: its outcome is unknown, not lost', async () => {
      const store = await open(undefined, { commitTimeoutMs: 300, lockTimeoutMs: 300 })
      await grow(store, ns, [{ a: 1 }])
      await server.configure({ synchronous_standby_names: 'gone' })
      try {
        const waiting = store.commit(ns, 1, [writeOf({ a: 1 }, { a: 2 })])
        await expect(waiting).rejects.toMatchObject({ code: 'unknown' })
      } finally {
        await server.configure({ synchronous_standby_names: '' })
      }
      await expect.poll(async () => (await store.head(ns))?.id, { timeout: 15_000 }).toBe(2)
      expect((await store.commit(ns, 2, [writeOf({ a: 2 }, { a: 3 })]))[0]).toMatchObject({ id: 3 })
      expect(await verify(store)).toEqual([])
    })

    it('whose wait for a standby was cancelled: it is only on this server, so its outcome is unknown', async () => {
      const url = await server.freshDatabase()
      const store = await open(url)
      await grow(store, ns, [{ a: 1 }])
      await server.configure({ synchronous_standby_names: 'gone' })
      try {
        const waiting = store.commit(ns, 1, [writeOf({ a: 1 }, { a: 2 })])
        const refused = expect(waiting).rejects.toMatchObject({ code: 'unknown' })
        const sql = `SELECT count(pg_cancel_backend(pid)) AS cancelled FROM pg_stat_activity WHERE wait_event = 'SyncRep'`
        await expect.poll(async () => Number((await query<{ cancelled: string }>(url, sql))[0]!.cancelled)).toBe(1)
        await refused
      } finally {
        await server.configure({ synchronous_standby_names: '' })
      }
      expect(await store.head(ns)).toMatchObject({ id: 2 })
    })

    const untilCommitted = (url: string, id: number) =>
      expect
        .poll(async () => {
          const direct = url.replace(/:\d+\//, `:${server.port}/`)
          return (await query<{ id: string }>(direct, 'SELECT max(id) AS id FROM version_log'))[0]?.id
        })
        .toBe(String(id))
  })

  describe('waits for a lock', () => {
    it('that somebody holds, and refuses a change when that takes too long', async () => {
      const url = await server.freshDatabase()
      const store = await open(url, { lockTimeoutMs: 200 })
      await grow(store, ns, [{ a: 1 }])
      const holder = new Client({ connectionString: url })
      onTestFinished(() => holder.end())
      await holder.connect()
      await holder.query('BEGIN; SELECT * FROM holdfast.store_head FOR UPDATE')
      const waiting = store.commit(ns, 1, [writeOf({ a: 1 }, { a: 2 })])
      await expect(waiting).rejects.toMatchObject({ code: 'unavailable', details: { retry: true } })
      await holder.query('ROLLBACK')
      expect((await store.commit(ns, 1, [writeOf({ a: 1 }, { a: 2 })]))[0]).toMatchObject({ id: 2 })
    })
  })

  it('goes on by itself after its server was away', async () => {
    const store = await open()
    await grow(store, ns, [{ a: 1 }])
    await server.stop('immediate')
    await expect(store.head(ns)).rejects.toMatchObject({ code: 'unavailable', details: { retry: true } })
    const away = store.commit(ns, 1, [writeOf({ a: 1 }, { a: 2 })])
    await expect(away).rejects.toMatchObject({ code: expect.stringMatching(/^(unavailable|unknown)$/) })
    await server.start()
    expect(await store.head(ns)).toMatchObject({ id: 1 })
    expect((await store.commit(ns, 1, [writeOf({ a: 1 }, { a: 2 })]))[0]).toMatchObject({ id: 2 })
  })

  /** A store with tags, a baseline, a purged gap, an ended override and a second namespace. */
  async function makeHistory(store: Store): Promise<void> {
    await grow(store, 'other', [{ z: 1 }])
    const trees = Array.from({ length: 9 }, (_, i) => ({ a: i, early: 'e', ...(i < 7 && { b: { c: i % 2 } }) }))
    await grow(store, ns, trees)
    const by = { createdAt: at, createdBy: 'alice' }
    await store.mark(ns, { ...by, kind: 'tag', tag: 'release', versionId: 3 })
    await store.mark(ns, { ...by, kind: 'baseline', tag: '', versionId: 9 })
    await store.mark(ns, { ...by, kind: 'tag', tag: 'newest', versionId: 10 })
    await store.purge(ns, { before: at, keep: 4, by: 'alice', at, dryRun: false })
    await query(urls.get(store)!, TAMPERED)
  }
})

const at = '2027-01-01T00:00:00.000Z'

/** Runs an edit, counts what the check finds as one row where it finds anything, and takes the edit back. */
const TAMPERED = `
CREATE OR REPLACE FUNCTION public.tampered(edit text) RETURNS TABLE (problems bigint) LANGUAGE plpgsql AS $f$
DECLARE n bigint;
BEGIN
  BEGIN
    EXECUTE edit;
    EXECUTE $q$SELECT count(*) FROM (${POSTGRES_VERIFY_SQL}) v$q$ INTO n;
    RAISE EXCEPTION 'undo' USING ERRCODE = 'HF000';
  EXCEPTION WHEN SQLSTATE 'HF000' THEN NULL;
  WHEN invalid_text_representation THEN n := 1;
  END;
  IF n > 0 THEN problems := n; RETURN NEXT; END IF;
END $f$`

function listenTo(store: Store) {
  const news: (News | undefined)[] = []
  const stop = store.onForeignCommit((what) => void news.push(what))
  onTestFinished(stop)
  return {
    news,
    until: (isEnough: (heard: readonly (News | undefined)[]) => boolean) =>
      expect.poll(() => isEnough(news), { timeout: 15_000 }).toBe(true),
  }
}
