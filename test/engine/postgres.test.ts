import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Config, type OpenOptions, restoreBackup } from '../../src/index.ts'
import { BASE, configContract, SCHEMA } from '../contract/config-contract.ts'
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

  it('a backup of a file is not put in the place of a store that is none', async () => {
    const directory = folder()
    const config = await open(directory)
    await config.update('s', { x: 1 })
    const { openAdmin } = await import('../../src/index.ts')
    await using admin = await openAdmin({ directory, store: 'overrides.db' })
    await admin.backup(`${directory}/copy.db`)
    const put = restoreBackup(`${directory}/copy.db`, { store: await server.freshDatabase() })
    await expect(put).rejects.toMatchObject({ code: 'unsupported', message: expect.not.stringContaining(':holdfast@') })
  })
})
