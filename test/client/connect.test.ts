import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ChangeEvent } from '../../src/client.ts'
import { refusal, until } from '../engine/helpers.ts'
import { connected, log } from './helpers.ts'
import { served } from './served.ts'
import { change, event, json, snapshot, stranger, version } from './stranger.ts'

const Settings = z.object({
  server: z.object({ port: z.number(), log_level: z.string(), workers: z.number() }),
  auth: z.object({ backends: z.string(), secret: z.string().optional() }),
})

describe('a client with a Standard Schema', () => {
  it('has values of its types', async () => {
    const server = await served()
    const config = await connected({ url: server.url, token: await server.token('alice'), schema: Settings })
    const port: number = config.get('server.port')
    const level: string = config.items('server').log_level
    expect([port, level]).toEqual([4949, 'INFO'])
  })

  it('is refused a configuration that breaks it', async () => {
    const server = await served()
    const schema = Settings.refine((all) => all.server.port < 1000, {
      error: 'only low ports',
      path: ['server', 'port'],
    })
    const error = await refusal(connected({ url: server.url, token: await server.token('alice'), schema }))
    expect(error).toMatchObject({
      code: 'invalid',
      details: { issues: [{ path: 'server.port', message: 'only low ports' }] },
    })
  })

  it('makes no change that its code refuses, whatever form the values have, and never tells a secret', async () => {
    const server = await served()
    const schema = Settings.refine((all) => all.server.port !== 22, {
      error: 'port 22 is taken',
      path: ['server', 'port'],
    }).refine((all) => all.auth.secret !== 'password', { error: 'not password', path: ['auth', 'secret'] })
    const config = await connected({ url: server.url, token: await server.token('alice'), schema })
    for (const port of [22, '22']) {
      await expect(config.update('server', { port })).rejects.toMatchObject({
        code: 'invalid',
        details: { issues: [{ path: 'server.port', message: 'port 22 is taken' }] },
      })
    }
    await config.update('auth', { secret: 'good-one' })
    const error = await refusal(config.update('auth', { secret: 'password' }))
    expect(error).toMatchObject({ code: 'invalid', details: { issues: [{ path: 'auth.secret' }] } })
    expect(error.message).not.toContain('password')
    await config.update('server', { port: '5050' })
    expect(config.get('server.port')).toBe(5050)
    expect(config.version?.id).toBe(3)
  })

  it('takes in what others changed against it, and says so', async () => {
    const server = await served()
    const schema = Settings.refine((all) => all.server.port !== 22, {
      error: 'port 22 is taken',
      path: ['server', 'port'],
    })
    const lines = log()
    const config = await connected({ url: server.url, token: await server.token('alice'), schema, log: lines })
    const other = await server.as('bob')
    await other.update('server', { port: 22 })
    await until(() => config.get('server.port') === 22)
    await until(() => lines.lines.some((line) => line.includes('version 2 breaks the schema')))
  })
})

describe('a client', () => {
  it('is ready when a server that was not there yet is, within its time', async () => {
    let asked = 0
    const { url } = await stranger({
      whoami: (_, response) =>
        asked++ < 2 ? response.destroy() : json(response, { name: 'a', tokenId: null, expiresAt: null, grants: [] }),
    })
    expect((await connected({ url })).version?.id).toBe(1)
    expect(asked).toBe(3)
  })

  it('asks for secrets only where its token may read them, or where it was told to', async () => {
    const server = await served()
    const grants = [{ actions: ['config:read'] as const, namespaces: ['*'] }]
    const owner = await server.as('alice')
    await owner.update('auth', { secret: 'pa55word' })
    const plain = await connected({ url: server.url, token: await server.token('reader', grants) })
    expect(plain.get('auth.secret')).toBe('••••••••')
    expect(owner.get('auth.secret')).toBe('pa55word')
    const modest = await connected({ url: server.url, token: await server.token('modest'), reveal: false })
    expect(modest.get('auth.secret')).toBe('••••••••')
    await expect(
      connected({ url: server.url, token: await server.token('greedy', grants), reveal: true }),
    ).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('of some sections reads only them, and its writes do not wait for what it is not told', async () => {
    const server = await served()
    const actions = ['config:read', 'config:write'] as const
    const token = await server.token('narrow', [{ actions, namespaces: ['default'], sections: ['server'] }])
    const config = await connected({ url: server.url, token })
    expect(config.sections()).toEqual(['server'])
    await config.update('server', { port: 1 })
    expect(config.get('server.port')).toBe(1)
    await expect(config.update('auth', { cache_ttl: 1 })).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('is ended by its signal, also while it connects', async () => {
    const { url } = await stranger({ whoami: () => undefined })
    const stop = new AbortController()
    const connecting = connected({ url, signal: stop.signal })
    stop.abort()
    await expect(connecting).rejects.toMatchObject({ code: 'closed' })
    const good = await stranger()
    const later = new AbortController()
    const config = await connected({ url: good.url, signal: later.signal })
    later.abort()
    await expect(config.history()).rejects.toMatchObject({ code: 'closed' })
    expect(config.get('server.port')).toBe(4949)
  })

  it('that follows nothing opens no stream, and reads its own writes', async () => {
    const server = await served()
    const asked: string[] = []
    const counting: typeof fetch = (url, init) => {
      asked.push(String(url))
      return fetch(url, init)
    }
    const options = { url: server.url, token: await server.token('alice'), follow: false, fetch: counting }
    const config = await connected(options)
    await config.update('server', { port: 5050 })
    expect(config.get('server.port')).toBe(5050)
    expect(asked.some((url) => url.includes('/watch'))).toBe(false)
  })

  it('is told by listeners that throw in its log, and the others still hear', async () => {
    const server = await served()
    const lines = log()
    const config = await connected({ url: server.url, token: await server.token('alice'), log: lines })
    const events: ChangeEvent[] = []
    config.on('change', () => {
      throw new Error('my own mistake')
    })
    config.on('change', (event) => events.push(event))
    await config.update('server', { port: 1 })
    expect(events).toHaveLength(1)
    expect(lines.lines[0]).toContain('my own mistake')
  })

  it('takes the whole configuration in place of a past that the server cannot tell, also where that is older', async () => {
    let watches = 0
    const restored = snapshot(3, {
      config: { server: { port: 3 } },
      version: version(3, { chainHash: 'c'.repeat(64) }),
    })
    const { url, requests } = await stranger({
      snapshot: (_, response) => json(response, watches === 0 ? snapshot(9) : restored),
      watch: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        if (watches++ === 0) response.write(event('reset', restored, '3-cccccccccccccccc'))
      },
    })
    const config = await connected({ url })
    const events: ChangeEvent[] = []
    config.on('change', (event) => events.push(event))
    await until(() => config.get('server.port') === 3)
    expect(config.version?.id).toBe(3)
    const changes = [{ operation: 'UPDATE', section: 'server', key: 'port', oldValue: 4949, newValue: 3 }]
    expect(events).toEqual([{ version: restored.version, reason: null, changes, restartRequired: [] }])
    const watching = requests.find(({ url: path }) => path?.includes('/watch'))
    expect(watching?.headers['last-event-id']).toBe('9-bbbbbbbbbbbbbbbb')
  })

  it('asks for one snapshot at a time, however many changes come', async () => {
    let open = 0
    let most = 0
    let count = 0
    const { url } = await stranger({
      snapshot: (_, response) => {
        count++
        most = Math.max(most, ++open)
        setTimeout(() => {
          open--
          json(response, snapshot(count === 1 ? 1 : 200))
        }, 20)
      },
      watch: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (let id = 2; id <= 200; id++) response.write(change(id))
      },
    })
    const config = await connected({ url })
    const events: ChangeEvent[] = []
    config.on('change', (event) => events.push(event))
    await until(() => events.length === 199)
    expect(most).toBe(1)
    expect(count).toBeLessThan(5)
  })
})

describe('an instance', () => {
  interface Told {
    readonly path: string
    readonly body: { readonly version: number; readonly startVersion: number; readonly host: string }
  }

  function collecting(told: Told[]) {
    return (request: IncomingMessage, response: ServerResponse): void => {
      let text = ''
      request.on('data', (chunk) => (text += chunk))
      request.on('end', () => {
        const body = JSON.parse(text) as Told['body']
        told.push({ path: request.url ?? '', body })
        json(response, { id: 'i1', startedAt: 'x', state: 'current', ...body })
      })
    }
  }

  it('is reported at the start and after a new version, under its own name', async () => {
    const told: Told[] = []
    let id = 4
    const { url } = await stranger({
      i1: collecting(told),
      snapshot: (_, response) => json(response, snapshot(id)),
      reload: (_, response) => json(response, []),
    })
    const config = await connected({ url, instance: { id: 'i1', host: 'node-7' } })
    await until(() => told.length === 1)
    id = 5
    await config.reload()
    await until(() => told.length === 2)
    expect(told.map(({ body }) => [body.host, body.startVersion, body.version])).toEqual([
      ['node-7', 4, 4],
      ['node-7', 4, 5],
    ])
    expect(told[0]?.path).toBe('/api/v1/namespaces/default/instances/i1')
  })

  it('stands in the list of instances with the host of this machine, and is behind until it is not', async () => {
    const server = await served()
    const token = await server.token('alice')
    const config = await connected({ url: server.url, token, instance: { id: 'web-1' } })
    await until(async () => (await config.instances()).length === 1)
    expect((await config.instances())[0]).toMatchObject({
      id: 'web-1',
      host: (await import('node:os')).hostname(),
      version: 1,
      state: 'current',
      reportedBy: 'alice',
    })
    await config.update('server', { port: 5050 })
    await until(async () => (await config.instances())[0]?.version === 2)
    const [found] = await config.instances()
    expect(found).toMatchObject({ state: 'current', startVersion: 1, pendingRestart: { paths: ['server.port'] } })
  })

  it('that cannot be reported is a line in the log, once', async () => {
    const lines = log()
    const { url } = await stranger()
    const config = await connected({ url, instance: { id: 'i1' }, log: lines })
    await until(() => lines.lines.length > 0)
    expect(lines.lines[0]).toContain('could not be reported')
    expect(config.connection).toBe('live')
  })
})
