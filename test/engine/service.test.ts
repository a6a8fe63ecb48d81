import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { type ChangeEvent, type Config, openAdmin, type Tree } from '../../src/index.ts'
import { localPrincipal } from '../../src/model/principal.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { folder, open, query, quiet, refusal, STORE, ticking, until, write } from './helpers.ts'
import { bearer, ROOT, serve } from './service-helpers.ts'

const BASE = '[server]\nport = 1\n'
const schema: Tree = { properties: { server: { properties: { port: { type: 'integer' } } } } }

async function served(options: Parameters<typeof serve>[1] = {}) {
  const directory = folder()
  const sources = [write(directory, 'base.ini', BASE)]
  const service = await serve(directory, { namespaces: { default: { sources, schema } }, ...options })
  return { directory, service, root: await service.config(ROOT, 'default') }
}

async function gather(config: Config, since: number, events: ChangeEvent[]): Promise<string> {
  for await (const event of config.watch({ since })) events.push(event)
  return 'ended'
}

describe('a service', () => {
  it('opens a namespace once for all who ask at the same time, and each sees what the others do at once', async () => {
    const { service, root } = await served()
    const configs = await Promise.all(Array.from({ length: 20 }, () => service.config(ROOT, 'default')))
    await root.update('server', { port: 2 })
    expect(configs.map((config) => config.get('server.port'))).toEqual(Array(20).fill(2))
    expect(service.health()).toMatchObject([
      { namespace: 'default', version: { id: 2 }, sources: [{ name: 'base.ini' }] },
    ])
  })

  it('refuses first who may do nothing there, and then what is not there', async () => {
    const { service } = await served()
    const stranger = bearer('stranger', { actions: ['config:read'], namespaces: ['other'] })
    for (const name of ['default', 'nothing'])
      expect(await refusal(service.config(stranger, name))).toMatchObject({
        code: 'forbidden',
        message: `stranger may not config:read in namespace ${name}`,
      })
    expect(await refusal(service.config(ROOT, 'nothing'))).toMatchObject({
      code: 'not-found',
      message: 'there is no namespace nothing',
    })
    expect(await refusal(service.config(ROOT, '../etc'))).toMatchObject({ code: 'malformed' })
    expect(service.health().map(({ namespace }) => namespace)).toEqual(['default'])
  })

  it('records the token’s name whatever the request says, and the name the holder of the file says', async () => {
    const { service } = await served()
    const token = bearer('deploy', { actions: ['config:read', 'config:write'], namespaces: ['*'] })
    const by = async (config: Config) => {
      await config.update(
        'server',
        { port: Math.floor(config.version!.id) + 10 },
        { actor: 'mallory', sourceIp: '9.9.9.9' },
      )
      const [row] = (await config.history({ limit: 1 })).items
      return [row?.changedBy, row?.sourceIp]
    }
    expect(await by(await service.config(token, 'default'))).toEqual(['deploy', '192.0.2.1'])
    const from = { ip: '198.51.100.7', requestId: 'r' }
    expect(await by(await service.config(token, 'default', from))).toEqual(['deploy', '198.51.100.7'])
    expect(await by(await service.config(localPrincipal('me'), 'default'))).toEqual(['mallory', '9.9.9.9'])
  })

  it('takes in what another process commits, and tells its listeners', async () => {
    const { service, directory, root } = await served()
    const told: unknown[] = []
    service.onChange((namespace, event) => told.push([namespace, event.version.id]))
    const other = await open(directory, { follow: false })
    await other.update('server', { port: 7 })
    await until(() => root.get('server.port') === 7)
    expect(told).toEqual([['default', 2]])
  })

  it('opens a namespace that another process made, without loading its sources', async () => {
    const { service, directory } = await served()
    await open(directory, { namespace: 'late', sources: [write(directory, 'late.ini', '[a]\nb = 1\n')], follow: false })
    const late = await service.config(ROOT, 'late')
    expect(late.get('a.b')).toBe(1)
    write(directory, 'late.ini', '[a]\nb = 2\n')
    await late.reload()
    expect(late.get('a.b')).toBe(1)
  })

  it('starts with a source that is broken, says so, and takes it when it is mended', async () => {
    const directory = folder()
    write(directory, 'good.ini', BASE)
    const namespaces = { good: { sources: ['good.ini'] }, bad: { sources: ['missing.ini'] } }
    const service = await serve(directory, { namespaces })
    expect((await service.config(ROOT, 'good')).get('server.port')).toBe(1)
    const bad = await service.config(ROOT, 'bad')
    expect([bad.version, bad.toJSON()]).toEqual([undefined, {}])
    expect(await service.ready()).toEqual({
      isReady: true,
      reasons: ['namespace bad goes on as it was stored: its sources or its schema could not be loaded'],
    })
    expect((await refusal(bad.reload())).code).toBe('source')
    write(directory, 'missing.ini', '[a]\nb = 1\n')
    await bad.reload()
    expect(bad.get('a.b')).toBe(1)
    expect(await service.ready()).toEqual({ isReady: true, reasons: [] })
    write(directory, 'missing.ini', '[a]\nb = 2\n')
    await until(() => bad.get('a.b') === 2)
  })

  it('tells which sources it goes on without, and is ready all the same', async () => {
    const { service, directory, root } = await served()
    rmSync(join(directory, 'base.ini'))
    await root.reload()
    expect(await service.ready()).toMatchObject({ isReady: true, reasons: [expect.stringContaining('base.ini')] })
  })

  it('does not start with a list of sources that is not the store’s', async () => {
    const { service, directory } = await served()
    await service[Symbol.asyncDispose]()
    const sources = [write(directory, 'other.ini', BASE)]
    expect((await refusal(serve(directory, { namespaces: { default: { sources } } }))).code).toBe('sources-differ')
  })

  it('is not ready from a write that failed until writes work again, and reads go on', async () => {
    const { service, directory, root } = await served({ lockTimeoutMs: 20 })
    const db = new Database(join(directory, STORE))
    db.exec('BEGIN IMMEDIATE')
    expect((await refusal(root.update('server', { port: 2 }))).code).toBe('unavailable')
    expect(await service.ready()).toMatchObject({
      isReady: false,
      reasons: [expect.stringContaining('takes no writes')],
    })
    expect((await root.history()).items).toEqual([])
    db.exec('ROLLBACK')
    db.close()
    await until(async () => (await service.ready()).isReady)
    await root.update('server', { port: 2 })
    expect(root.get('server.port')).toBe(2)
  })

  it('ends its watchers when it closes, and refuses what comes after', async () => {
    const { service, root } = await served()
    const events: ChangeEvent[] = []
    const ended = gather(root, 0, events)
    await until(() => events.length === 1)
    await service[Symbol.asyncDispose]()
    await service[Symbol.asyncDispose]()
    expect(await ended).toBe('ended')
    expect((await refusal(root.update('server', { port: 2 }))).code).toBe('closed')
    expect((await refusal(service.config(ROOT, 'other').then(() => undefined))).code).toBe('closed')
  })
})

describe('a service lets a watcher go on', () => {
  it('after a version it knows, and not where that is another one or none', async () => {
    const { service, root } = await served()
    await root.update('server', { port: 2 })
    await root.update('server', { port: 3 })
    const { chainHash } = await root.versions.get(2)
    const ids = async (since: number, chain?: string) => {
      const { isWhole, events } = await service.resume(ROOT, 'default', since, chain === undefined ? {} : { chain })
      return isWhole ? events.map(({ version }) => version.id) : 'reset'
    }
    expect(await ids(0)).toEqual([1, 2, 3])
    expect(await ids(2)).toEqual([3])
    expect(await ids(2, chainHash.slice(0, 8))).toEqual([3])
    expect(await ids(3)).toEqual([])
    expect(await ids(2, '00000000')).toBe('reset')
    expect(await ids(4)).toBe('reset')
    expect(await ids(-1)).toBe('reset')
    expect(await ids(1.5)).toBe('reset')
  })

  it('not where what came between was purged: there it refuses to watch', async () => {
    const { service, root } = await served({ now: ticking() })
    for (let port = 2; port < 6; port++) await root.update('server', { port })
    await service.admin(ROOT).purge('default', { olderThan: 0, keep: 1 })
    expect((await service.resume(ROOT, 'default', 2)).isWhole).toBe(false)
    expect(await refusal(gather(root, 2, []))).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('read the configuration, then watch from its version'),
    })
    expect((await refusal(gather(root, 99, []))).code).toBe('not-found')
    expect((await refusal(gather(root, -1, []))).code).toBe('malformed')
    expect((await service.resume(ROOT, 'default', 5)).isWhole).toBe(true)
  })
})

describe('an instance', () => {
  it('is behind since the version after its own, however many of other namespaces lie between', async () => {
    const { service } = await served({ now: ticking() })
    const admin = service.admin(ROOT)
    await Promise.all([admin.createNamespace('mine'), admin.createNamespace('busy')])
    const [mine, busy] = [await service.config(ROOT, 'mine'), await service.config(ROOT, 'busy')]
    for (const [n, others] of [0, 1, 7, 0, 40, 3].entries()) {
      for (let i = 0; i < others; i++) await busy.update('a', { b: n * 100 + i })
      await mine.update('a', { b: n })
    }
    const versions = (await mine.versions.list()).items
    for (const [i, { id }] of versions.entries()) {
      const report = { id: 'one', host: 'h', version: id, startVersion: id, startedAt: '2026-11-01T12:00:00Z' }
      const { behindSince, state } = await mine.report(report)
      expect([id, behindSince]).toEqual([id, versions[i - 1]?.createdAt ?? null])
      expect(state).toBe(i === 0 ? 'current' : 'behind')
    }
    expect(versions).toHaveLength(7)
  })
})

describe('the administration', () => {
  it('of the whole store is for those who have all of it', async () => {
    const { service, directory } = await served()
    const local = service.admin(
      bearer('local', { actions: ['admin'], namespaces: ['default'] }, { actions: ['admin'], namespaces: ['team-*'] }),
    )
    const calls = [
      () => local.createNamespace('team-a'),
      () => local.deleteNamespace('default'),
      () => local.stats(),
      () => local.verify(),
      () => local.backup(join(directory, 'copy.db')),
      () => local.tokens.list(),
      () => local.webhooks.list(),
      () => local.schedules.list(),
      () => local.verify({ namespace: 'other' }),
      () => local.purge('other', { olderThan: 0 }),
    ]
    for (const call of calls) expect((await refusal(call())).code).toBe('forbidden')
    expect(await local.verify({ namespace: 'default' })).toMatchObject({ ok: true, versions: 1 })
    expect(await local.purge('default', { olderThan: 0, dryRun: true })).toMatchObject({ versions: 0 })
    expect(await refusal(local.purge('team-none', { olderThan: 0 }))).toMatchObject({
      code: 'not-found',
      message: 'there is no namespace team-none',
    })
  })

  it('lists the namespaces of whoever asks, and counts for them no rows of sections that are not theirs', async () => {
    const { service, root } = await served()
    await service.admin(ROOT).createNamespace('secret-project')
    await root.update('server', { port: 2 })
    const some = bearer('some', { actions: ['config:read'], namespaces: ['default'], sections: ['other'] })
    expect(await service.admin(some).namespaces()).toMatchObject([
      { namespace: 'default', history: 0, overrides: 0, documentBytes: 0 },
    ])
    const reader = bearer('reader', { actions: ['config:read'], namespaces: ['default'] })
    expect(await service.admin(reader).namespaces()).toMatchObject([{ namespace: 'default', history: 1, overrides: 1 }])
  })

  it('makes and deletes namespaces: what is open of one ends, and one made again begins anew', async () => {
    const { service } = await served()
    const admin = service.admin(ROOT)
    await admin.createNamespace('team')
    expect((await refusal(admin.createNamespace('team'))).code).toBe('exists')
    const team = await service.config(ROOT, 'team')
    await team.update('a', { b: 1 })
    const ended = gather(team, 0, [])
    await admin.deleteNamespace('team')
    expect(await ended).toBe('ended')
    expect((await refusal(service.config(ROOT, 'team'))).code).toBe('not-found')
    expect((await refusal(team.update('a', { b: 2 }))).code).toBe('closed')
    await admin.createNamespace('team')
    expect((await service.config(ROOT, 'team')).toJSON()).toEqual({})
  })

  it('deletes a namespace for good, also one that is asked for and written to meanwhile', async () => {
    const { service } = await served()
    const admin = service.admin(ROOT)
    for (let i = 0; i < 5; i++) {
      await admin.createNamespace('team')
      const deleted = admin.deleteNamespace('team')
      const asked = Array.from({ length: 20 }, async (_, n) => {
        for (let turn = 0; turn < n; turn++) await new Promise(setImmediate)
        return (await service.config(ROOT, 'team')).update('a', { n })
      })
      const [ended, ...outcomes] = await Promise.allSettled([deleted, ...asked])
      expect(ended.status).toBe('fulfilled')
      for (const { reason } of outcomes.filter((one) => one.status === 'rejected'))
        expect(['closed', 'not-found']).toContain(reason.code)
      expect((await refusal(service.config(ROOT, 'team'))).code).toBe('not-found')
      expect(service.current('team')).toBeUndefined()
    }
  })

  it('has removed all rows of a namespace when it is deleted, and those of a deletion that was cut short when it starts', async () => {
    const rowsIn = (directory: string) =>
      ['config_history', 'config_documents', 'override_log', 'config_names', 'override_keys'].map(
        (table) => query<{ n: number }>(directory, `SELECT count(*) AS n FROM ${table} WHERE namespace = 'team'`)[0]!.n,
      )
    const { service, directory } = await served()
    const fill = async () => {
      await service.admin(ROOT).createNamespace('team')
      await (await service.config(ROOT, 'team')).update('a', { b: 1, c: 2 })
    }
    await fill()
    expect(rowsIn(directory)).not.toContain(0)
    await service.admin(ROOT).deleteNamespace('team')
    expect(rowsIn(directory)).toEqual([0, 0, 0, 0, 0])

    await fill()
    await service[Symbol.asyncDispose]()
    const store = await openSqlite(join(directory, STORE))
    await store.deleteNamespace('team', '2026-11-01T12:00:00.000Z')
    await store.close()
    expect(rowsIn(directory)).not.toContain(0)
    const again = await serve(directory)
    await until(() => rowsIn(directory).every((n) => n === 0))
    expect((await refusal(again.config(ROOT, 'team'))).code).toBe('not-found')
    expect((await again.admin(ROOT).verify()).ok).toBe(true)
  })

  it('stands in the audit log with who did what from where', async () => {
    const { service, directory } = await served()
    const admin = service.admin(ROOT, { ip: '198.51.100.7', requestId: 'req-1' })
    await admin.createNamespace('team')
    await admin.purge('team', { olderThan: 0 })
    await admin.purge('team', { olderThan: 0, dryRun: true })
    await admin.deleteNamespace('team')
    await admin.backup(join(directory, 'copy.db'))
    const { items } = await admin.audit()
    const told = items.map(({ event, who, sourceIp, namespace, requestId }) => [
      event,
      who,
      sourceIp,
      namespace,
      requestId,
    ])
    const by = ['root', '198.51.100.7'] as const
    expect(told.toReversed()).toEqual([
      ['namespace-created', ...by, 'team', 'req-1'],
      ['purged', ...by, 'team', 'req-1'],
      ['namespace-deleted', ...by, 'team', 'req-1'],
      ['backup', ...by, null, 'req-1'],
    ])
  })

  it('works without a server too, as the holder of the file', async () => {
    const { service, directory } = await served()
    await service[Symbol.asyncDispose]()
    await using admin = await openAdmin({ directory, store: STORE, environment: {}, log: quiet, actor: 'me' })
    const grants = [{ actions: ['config:read' as const], namespaces: ['default'] }]
    const { token, text } = await admin.tokens.create({ name: 'web', grants })
    expect(await admin.tokens.list()).toMatchObject([{ id: token.id, name: 'web', createdBy: 'me', state: 'active' }])
    expect(await admin.whoami()).toMatchObject({ name: 'me', tokenId: null })
    expect([await admin.webhooks.list(), await admin.schedules.list()]).toEqual([[], []])
    await admin.createNamespace('team')
    expect((await admin.audit()).items.map(({ event }) => event)).toEqual(['namespace-created', 'token-created'])
    await admin.close()
    const again = await serve(directory)
    expect(again.access.authenticate(text, { ip: null, requestId: null })).toMatchObject({ name: 'web', grants })
  })

  it('without a server leaves a running server’s work alone', async () => {
    const { service, directory } = await served({
      schedules: [{ name: 'nightly', task: 'snapshot', cron: '0 0 * * *' }],
    })
    const run = service.admin(ROOT).schedules.run('nightly')
    await using admin = await openAdmin({ directory, store: STORE, environment: {}, log: quiet })
    await admin.tokens.list()
    expect((await run).outcome).toBe('done')
    expect((await service.admin(ROOT).schedules.list())[0]?.lastRun).toMatchObject({ outcome: 'done' })
  })
})
