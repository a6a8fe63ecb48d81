import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Config, type OpenOptions, openAdmin, restoreBackup } from '../../src/index.ts'
import { BASE, configContract, SCHEMA } from '../contract/config-contract.ts'
import { call, change, running, Watcher } from '../http/watching.ts'
import { describeWithPostgres } from '../postgres/describe.ts'
import { PostgresServer } from '../postgres/server.ts'
import { folder, open, ticking, until, write } from './helpers.ts'

const SECRET = { type: 'object', properties: { s: { type: 'object', properties: { p: { writeOnly: true } } } } }

describeWithPostgres('on PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start({ settings: { max_connections: 200 } })
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const environment = { HOLDFAST_KEY: randomBytes(32).toString('base64') }
  const node = async (store: string, options: OpenOptions = {}): Promise<Config> =>
    open(folder(), { store, environment, ...options })

  configContract('a Config on PostgreSQL', async () => {
    const directory = folder()
    const sources = [write(directory, 'base.ini', BASE)]
    const store = await server.freshDatabase()
    const given = { store, sources, schema: SCHEMA, follow: false, now: ticking(), environment }
    return { config: await open(directory, given), writeBase: (text) => void write(directory, 'base.ini', text) }
  })

  it('nodes hear of each other’s changes in order, and end at one chain', async () => {
    const store = await server.freshDatabase()
    const [one, other] = [await node(store), await node(store)]
    const heard: number[] = []
    other.on('change', ({ version }) => heard.push(version.id))
    await one.update('s', { x: 1 })
    const changes = Array.from({ length: 60 }, (_, i) => (i % 2 ? one : other).update('s', { [`k${i}`]: i }))
    await Promise.all(changes)
    await until(() => one.version!.id === 61 && other.version!.id === 61)
    expect(heard).toEqual(Array.from({ length: 61 }, (_, i) => i + 1))
    expect(one.version!.chainHash).toBe(other.version!.chainHash)
    expect(one.items('s')).toEqual(other.items('s'))
  })

  it('a secret is refused where no key was given, and read on every node that has the same one', async () => {
    const store = await server.freshDatabase()
    const without = await node(store, { environment: {}, schema: SECRET })
    const refused = without.update('s', { p: 'hunter2' })
    await expect(refused).rejects.toMatchObject({
      code: 'key',
      message: expect.stringContaining('the same on every node'),
    })
    await (await node(store)).update('s', { p: 'hunter2' })
    expect((await node(store)).get('s.p')).toBe('hunter2')
  })

  it('a backup is a file of the one form, which is put in the place of a file, and of any store here', async () => {
    const [directory, store] = [folder(), await server.freshDatabase()]
    const config = await node(store)
    await config.update('s', { x: 1 })
    const { id, chainHash } = config.version!
    const admin = await openAdmin({ store })
    const file = join(directory, 'copy.db')
    expect(await admin.backup(file)).toMatchObject({ ok: true, versions: 1, heads: { default: chainHash } })
    await admin.close()

    expect(await restoreBackup(file, { directory, store: 'overrides.db' })).toMatchObject({ replaced: null })
    expect((await open(directory)).version).toMatchObject({ id, chainHash })

    const later = await config.update('s', { x: 2 })
    const refused = restoreBackup(file, { store })
    await expect(refused).rejects.toMatchObject({ code: 'unavailable', details: { retry: true } })
    await config.close()
    const restored = await restoreBackup(file, { store })
    expect(restored).toMatchObject({
      heads: { default: chainHash },
      replacedHeads: { default: later.version!.chainHash },
    })
    expect(restored.replaced).toMatch(/schema=holdfast_replaced_\w+$/)
    expect(JSON.stringify(restored)).not.toContain(':holdfast@')
    const again = await node(store)
    expect([again.version, again.get('s.x')]).toMatchObject([{ id, chainHash }, 1])
  })

  it('a server backs up by its schedule, and those who watch begin anew after a copy was put back', async () => {
    const [directory, store] = [folder(), await server.freshDatabase()]
    const schedules = [{ name: 'nightly', task: 'backup', cron: '0 3 1 1 *', directory: 'copies' }] as const
    const before = await running(directory, { store, schedules })
    await change(before, { a: { x: 1 } })
    const run = await call<{ outcome: string; detail: string }>(before, 'POST', '/api/v1/schedules/nightly/run')
    expect(run).toMatchObject({ outcome: 'done', detail: expect.stringContaining('1 versions, verified') })
    const watcher = await Watcher.open(before)
    const lost = await change(before, { a: { x: 2 } })
    await watcher.reached(lost)
    await before.server.close()

    const [copy] = readdirSync(join(directory, 'copies'))
    await restoreBackup(join(directory, 'copies', copy!), { store })
    const after = { ...(await running(directory, { store })), token: before.token }
    const other = await change(after, { a: { x: 3 } })
    expect(other).toBe(lost)
    const again = await Watcher.open(after, { lastEventId: watcher.lastEventId })
    await again.reached(other)
    expect(again.resets).toMatchObject([{ version: { id: other }, config: { a: { x: 3 } } }])
  })
})
