import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/client.ts'
import { refusal, until } from '../engine/helpers.ts'
import { connected, log, TOKEN } from './helpers.ts'
import { type Answers, change, event, json, snapshot, stranger, version } from './stranger.ts'

const SOON = { readyTimeoutMs: 400 }
const unavailable = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: 'unavailable' })

/** Zeros that compress a thousandfold do not come here: the bytes are sent as they are, until the client hangs up. */
function endless(piece: string, type: string): Answers[string] {
  return (_, response) => {
    response.writeHead(200, { 'content-type': type })
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', more)
    more()
  }
}

describe('a client of a hostile server', () => {
  it.each([
    ['what is no JSON', (_: unknown, response) => response.end('<html>')],
    ['half of a JSON', (_, response) => response.end('{"version":')],
    ['nothing', (_, response) => response.end()],
    ['a list', (_, response) => json(response, [])],
    ['null', (_, response) => json(response, null)],
    ['wrong types', (_, response) => json(response, { ...snapshot(1), config: [] })],
    ['a version without a number', (_, response) => json(response, snapshot(1, { version: version(1.5) }))],
    ['paths that are none', (_, response) => json(response, snapshot(1, { secrets: ['a..b'] }))],
    ['what is nested without end', (_, response) => response.end('['.repeat(1_000_000))],
    ['a cut connection', (_, response) => response.destroy()],
    ['a page of a proxy', (_, response) => response.writeHead(502).end('<html>')],
    ['not found by another server', (_, response) => response.writeHead(404).end('nginx')],
    ['204', (_, response) => response.writeHead(204).end()],
    ['304 to nobody who asked', (_, response) => response.writeHead(304).end()],
    ['silence', () => undefined],
    ['headers and then silence', (_, response) => response.writeHead(200).flushHeaders()],
  ] as [string, Answers[string]][])('is refused with unavailable where it gives %s', async (_, answer) => {
    const { url } = await stranger({ snapshot: answer })
    await unavailable(connected({ url, ...SOON }))
  })

  it('reads no more of an answer than its limit', async () => {
    const { url } = await stranger({ snapshot: endless(' '.repeat(65_536), 'application/json') })
    const error = await refusal(connected({ url, ...SOON, responseBytes: 1_000_000 }))
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('1000000 bytes') })
  })

  it('does not parse more parts than it can hold', async () => {
    const { url } = await stranger({ snapshot: (_, response) => response.end(`[${'{},'.repeat(5_000_000)}{}]`) })
    await unavailable(connected({ url, ...SOON, readyTimeoutMs: 5_000, reveal: true, follow: false }))
  })

  it('reads no more of an event than its limit, and goes on with what it has', async () => {
    const { url, asked } = await stranger({ watch: endless(`data: ${'x'.repeat(60_000)}`, 'text/event-stream') })
    const lines = log()
    const config = await connected({ url, responseBytes: 1_000_000, log: lines })
    await until(() => asked.filter((line) => line.includes('/watch')).length > 1)
    expect(config.get('server.port')).toBe(4949)
    await until(() => config.connection === 'stale')
    expect(lines.lines.join()).toContain('longer than 1000000 characters')
  })

  it('never follows a redirect, and so never takes its token elsewhere', async () => {
    const elsewhere = await stranger()
    const redirect: Answers[string] = (request, response) =>
      response.writeHead(307, { location: `${elsewhere.url}${request.url}` }).end()
    const { url } = await stranger({ '*': redirect })
    await unavailable(connected({ url, ...SOON }))
    expect(elsewhere.asked).toEqual([])
  })

  it.each([
    ['what is no JSON', 'event: change\ndata: {{\n\n'],
    ['a change that is none', event('change', { version: 'x' })],
    ['a reset to nothing', event('reset', {})],
    ['an id that is no version', 'id: a b\nevent: source\ndata: {}\n\n'],
  ])('keeps what it has where the watch says %s', async (_, text) => {
    const { url, asked } = await stranger({
      watch: (__, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text),
    })
    const config = await connected({ url })
    await until(() => asked.filter((line) => line.includes('/watch')).length > 1)
    expect(config.version?.id).toBe(1)
    expect(config.get('server.port')).toBe(4949)
  })

  it('is told of what it does not know, and leaves it out', async () => {
    let watches = 0
    const { url } = await stranger({
      watch: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        if (watches++ === 0) response.write(`${event('rumour', { any: 'thing' })}${change(2)}`)
      },
      snapshot: (_, response) => json(response, snapshot(watches === 0 ? 1 : 2)),
    })
    const config = await connected({ url })
    await until(() => config.version?.id === 2)
    expect(config.connection).toBe('live')
    expect(watches).toBe(1)
  })

  it('leaves a stream on which no byte comes, and asks for another', async () => {
    const { url, asked } = await stranger()
    await connected({ url, watchdogMs: 50 })
    await until(() => asked.filter((line) => line.includes('/watch')).length > 2)
  })

  it('is not taken back to an older version by a server that lags behind', async () => {
    let now = 5
    const { url } = await stranger({
      snapshot: (_, response) => json(response, snapshot(now, { config: { now } })),
      reload: (_, response) => json(response, []),
    })
    const config = await connected({ url })
    now = 4
    await config.reload()
    expect([config.version?.id, config.get('now')]).toEqual([5, 5])
    now = 6
    await config.reload()
    expect([config.version?.id, config.get('now')]).toEqual([6, 6])
  })

  it('tells a listener of each version once, also where the stream tells it again and again', async () => {
    const ids: number[] = []
    let config: Config | undefined
    const { url } = await stranger({
      watch: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write([2, 3, 2, 3, 1, 4].map((id) => change(id)).join(''))
        response.end()
      },
      snapshot: (_, response) => json(response, snapshot(config === undefined ? 1 : 4)),
    })
    config = await connected({ url })
    config.on('change', (one) => ids.push(one.version.id))
    await until(() => ids.includes(4))
    expect(ids).toEqual([2, 3, 4])
  })

  it('has __proto__ and constructor as ordinary keys', async () => {
    const hostile = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'
    const { url } = await stranger({
      snapshot: (_, response) => response.end(JSON.stringify(snapshot(1)).replace('{"server":{"port":4949}}', hostile)),
    })
    const config = await connected({ url })
    expect(config.sections()).toEqual(['__proto__', 'constructor'])
    expect(config.get('__proto__.admin')).toBe(true)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
    expect(config.get('server.admin')).toBeUndefined()
  })
})

describe('a token', () => {
  it('is sent in the header and stands in no address, log or error', async () => {
    const { url, requests, asked } = await stranger({
      '*': (_, response) => json(response, { code: 'unauthenticated', detail: 'no', reason: 'revoked' }, 401),
    })
    const lines = log()
    const error = await refusal(connected({ url, log: lines }))
    expect(error).toMatchObject({ code: 'unauthenticated', details: { reason: 'revoked' } })
    expect(requests[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
    expect(asked.join()).not.toContain(TOKEN)
    expect(`${error.message}${error.stack}${JSON.stringify(error)}${lines.lines}`).not.toContain(TOKEN)
  })

  it('that no header can carry is refused without being told', async () => {
    const { url, asked } = await stranger()
    for (const token of ['two words', 'line\nbreak', '', 'ü-token']) {
      const error = await refusal(connected({ url, token }))
      expect(error).toMatchObject({ code: 'unauthenticated', details: { reason: 'malformed' } })
      if (token !== '') expect(error.message).not.toContain(token)
    }
    expect(asked).toEqual([])
  })

  it('is asked for anew where the one before is no longer taken', async () => {
    let good = 'hf_first'
    const { url } = await stranger({
      snapshot: (request, response) =>
        request.headers.authorization === `Bearer ${good}`
          ? json(response, snapshot(1))
          : json(response, { code: 'unauthenticated', reason: 'expired', detail: 'expired' }, 401),
      reload: (_, response) => json(response, []),
    })
    const given = ['hf_first', 'hf_first', 'hf_first', 'hf_first']
    const config = await connected({ url, token: () => given.shift() ?? 'hf_second', follow: false })
    good = 'hf_second'
    await config.reload()
    expect(given).toEqual([])
  })
})

describe('an address', () => {
  it.each([
    ['ftp://127.0.0.1', 'neither'],
    ['http://config.example.com', 'plain http'],
    ['https://user:secret@config.example.com', 'user name or password'],
    ['https://config.example.com/?token=secret', 'query'],
    ['config.example.com', 'is not an address'],
  ])('like %s is refused without asking anybody', async (url, why) => {
    const error = await refusal(connected({ url }))
    expect(error).toMatchObject({ code: 'malformed', details: { what: 'url' } })
    expect(error.message).toContain(why)
    expect(error.message).not.toContain('secret')
  })

  it('may have a path before those of the server', async () => {
    const { url, asked } = await stranger()
    await connected({ url: `${url}/behind/a/proxy/`, follow: false })
    expect(asked[1]).toBe('GET /behind/a/proxy/api/v1/namespaces/default/snapshot?reveal=true')
  })
})
