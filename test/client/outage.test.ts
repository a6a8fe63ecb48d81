import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ChangeEvent, connectAdmin } from '../../src/client.ts'
import { refusal, until } from '../engine/helpers.ts'
import { wayTo } from './cut.ts'
import { connected, folder, TOKEN } from './helpers.ts'
import { served } from './served.ts'
import { json, stranger, version } from './stranger.ts'

const portOf = (url: string): number => Number(new URL(url).port)
const ids = (events: readonly ChangeEvent[]): readonly number[] => events.map(({ version }) => version.id)

describe('while the server is away', () => {
  it('reads go on, writes are refused, and afterwards nothing is missed', async () => {
    const server = await served()
    const [token, other] = [await server.token('alice'), await server.token('bob')]
    const config = await connected({ url: server.url, token })
    const events: ChangeEvent[] = []
    config.on('change', (event) => events.push(event))
    await config.update('server', { port: 1 })
    await server.stop()
    await until(() => config.connection === 'stale')
    expect(config.get('server.port')).toBe(1)
    expect(config.isOverridden('server', 'port')).toBe(true)
    await expect(config.history()).rejects.toMatchObject({ code: 'unavailable', details: { retry: true } })

    await server.start()
    await using writer = await connected({ url: server.url, token: other })
    for (let port = 2; port <= 6; port++) await writer.update('server', { port })
    await until(() => config.get('server.port') === 6)
    await until(() => events.length === 6)
    expect(ids(events)).toEqual([2, 3, 4, 5, 6, 7])
    expect(config.connection).toBe('live')
  })

  it('a watch waits for it and tells every version once', async () => {
    const server = await served()
    const way = await wayTo(portOf(server.url))
    const config = await connected({ url: way.url, token: await server.token('alice') })
    const writer = await connected({ url: server.url, token: await server.token('bob') })
    const events: ChangeEvent[] = []
    const gathering = (async () => {
      for await (const event of config.watch({ since: 1 })) {
        expect(config.version?.id).toBeGreaterThanOrEqual(event.version.id)
        events.push(event)
        if (events.length === 30) return
        if (events.length % 7 === 0) way.cut()
      }
    })()
    for (let port = 1; port <= 30; port++) await writer.update('server', { port })
    await gathering
    expect(ids(events)).toEqual(Array.from({ length: 30 }, (_, i) => i + 2))
  })

  it('a client starts from its file and catches up when the server is back', async () => {
    const server = await served()
    const token = await server.token('alice')
    const cacheFile = join(folder(), 'cache.json')
    {
      await using config = await connected({ url: server.url, token, cacheFile })
      await config.update('server', { port: 5050 })
    }
    {
      await using writer = await connected({ url: server.url, token })
      await writer.update('server', { port: 6060 })
    }
    await server.stop()
    const config = await connected({ url: server.url, token, cacheFile })
    const events: ChangeEvent[] = []
    config.on('change', (event) => events.push(event))
    expect([config.get('server.port'), config.connection]).toEqual([5050, 'stale'])
    expect(config.detectDrift()).toEqual({ server: { port: [4949, 5050] } })
    await server.start()
    await until(() => config.get('server.port') === 6060)
    await until(() => events.length === 1)
    expect(ids(events)).toEqual([3])
    expect(await config.update('server', { port: 7070 })).toMatchObject({ version: { id: 4 } })
    expect(config.get('server.port')).toBe(7070)
  })
})

describe('an answer that is lost', () => {
  it('does not make a change twice', async () => {
    const server = await served()
    const way = await wayTo(portOf(server.url))
    const config = await connected({ url: way.url, token: await server.token('alice') })
    for (let i = 1; i <= 5; i++) {
      way.loseAnswers(/^POST .*\/changes/, 2)
      const { version } = await config.change({ set: { server: { port: i } }, ifVersion: config.version!.id })
      expect(version?.id).toBe(i + 1)
      expect(config.get('server.port')).toBe(i)
    }
    expect(way.lost).toBe(10)
    expect((await config.history()).items.map((row) => row.newValue)).toEqual([5, 4, 3, 2, 1])
  })

  it('makes no second version, restore or revert either', async () => {
    const server = await served()
    const way = await wayTo(portOf(server.url))
    const config = await connected({ url: way.url, token: await server.token('alice') })
    await config.update('server', { port: 5050 })
    way.loseAnswers(/^POST .*\/versions HTTP/, 1)
    expect((await config.versions.create({ tags: ['pre-x'] })).id).toBe(3)
    way.loseAnswers(/^POST .*\/restore/, 1)
    expect((await config.versions.restore(1)).version?.id).toBe(4)
    way.loseAnswers(/^POST .*\/revert/, 1)
    expect((await config.versions.revert(4)).version?.id).toBe(5)
    expect(way.lost).toBe(3)
    expect((await config.versions.list()).items).toHaveLength(5)
    expect(config.get('server.port')).toBe(5050)
  })

  it('with a key of the caller is the first answer again, and with another body is refused', async () => {
    const server = await served()
    const config = await server.as('alice')
    const change = { set: { server: { port: 5050 } }, idempotencyKey: 'deploy-7' }
    const first = await config.change(change)
    expect(await config.change(change)).toEqual(first)
    const error = await refusal(config.change({ ...change, set: { server: { port: 1 } } }))
    expect(error).toMatchObject({ code: 'key-reused' })
    expect(config.version?.id).toBe(2)
  })
})

describe('a write of which the server does not know what became', () => {
  it('is repeated under the same key, and no sooner than the server asks for', async () => {
    const keys: unknown[] = []
    const times: number[] = []
    const server = await stranger({
      changes: (request, response) => {
        keys.push(request.headers['idempotency-key'])
        times.push(performance.now())
        if (keys.length > 1) return json(response, { version: version(1), changes: [], restartRequired: [] }, 201)
        response.setHeader('retry-after', '1')
        return json(response, { code: 'unknown', detail: 'the connection was lost', store: 'x' }, 503)
      },
    })
    const config = await connected({ url: server.url })
    expect(await config.update('server', { port: 1 })).toMatchObject({ version: { id: 1 } })
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), keys[0]])
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990)
  })

  it('is not repeated by itself where it has no key: the caller is told', async () => {
    let asked = 0
    const server = await stranger({
      tokens: (_, response) => {
        asked++
        json(response, { code: 'unknown', detail: 'the connection was lost', store: 'x' }, 503)
      },
    })
    await using admin = await connectAdmin({ url: server.url, token: TOKEN })
    const error = await refusal(admin.tokens.create({ name: 'web', grants: [] }))
    expect([error.code, asked]).toEqual(['unknown', 1])
  })
})

describe('a token', () => {
  it('that is rotated is asked for anew, and the client goes on', async () => {
    const server = await served()
    await using admin = await connectAdmin({ url: server.url, token: server.admin })
    let text = await server.token('alice')
    const config = await connected({ url: server.url, token: () => text })
    await config.update('server', { port: 1 })
    text = (await admin.tokens.rotate('alice', { overlapSeconds: 0 })).text
    await config.update('server', { port: 2 })
    const writer = await server.as('bob')
    await writer.update('server', { port: 3 })
    await until(() => config.get('server.port') === 3)
  })

  it('that is revoked leaves the client with what it has, and its calls refused', async () => {
    const server = await served()
    await using admin = await connectAdmin({ url: server.url, token: server.admin })
    const config = await server.as('alice')
    await config.update('server', { port: 1 })
    await admin.tokens.revoke('alice')
    await expect(config.history()).rejects.toMatchObject({ code: 'unauthenticated', details: { reason: 'revoked' } })
    await until(() => config.connection === 'stale')
    expect(config.get('server.port')).toBe(1)
  })
})
