import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeEach, describe, expect, it, type MockInstance, onTestFinished, vi } from 'vitest'
import { FastLane } from '../../src/http/fast-lane.ts'
import { folder, NS, type Served, served } from './serving.ts'

const CONFIG = `${NS}/config`
type Headers = Readonly<Record<string, string>>

/** The whole answer as it came, without what differs from request to request. */
async function exchange(at: Served, path: string, headers: Headers): Promise<string> {
  const { port } = at.server
  const socket = connect(port, '127.0.0.1')
  const all = Object.entries({ Host: `127.0.0.1:${port}`, Connection: 'close', ...headers })
  socket.write(`GET ${path} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks)
    .toString('latin1')
    .replace(/^(Date|request-id): .*$/gim, '$1')
    .replace(/"instance":"[^"]*"/, '"instance"')
}

let takes: MockInstance<FastLane['take']>
beforeEach(() => {
  takes = vi.spyOn(FastLane.prototype, 'take') // it only looks on
})
const ways = (): readonly unknown[] => takes.mock.results.map(({ value }) => value)

/** A request as it is, and the same with what is not plain: the length of a body that is empty. */
async function bothWays(at: Served, path: string, headers: Headers): Promise<readonly [string, string]> {
  return [await exchange(at, path, headers), await exchange(at, path, { ...headers, 'Content-Length': '0' })]
}

async function filled(): Promise<Served> {
  const at = await served(folder())
  await at.set({ server: { port: 1, host: 'a.example' }, text: { long: 'x'.repeat(2000), umlaut: 'ü€' } })
  return at
}

describe('the read that services make all the time', () => {
  it('is answered the same, byte for byte, whichever way it goes', async () => {
    const at = await filled()
    const some = await at.token('some', [
      { actions: ['config:read'], namespaces: ['default'], sections: ['server', 'te*'] },
    ])
    const none = await at.token('none', [{ actions: ['config:read'], namespaces: ['other'] }])
    const etag = String((await at.get(CONFIG)).headers.etag)
    const admin = { Authorization: `Bearer ${at.admin}` }
    const limited = { Authorization: `Bearer ${some}` }
    await at.get(CONFIG, { token: some })
    for (const coding of ['gzip', 'br']) await at.get(CONFIG, { headers: { 'accept-encoding': coding } })

    const plain: readonly Headers[] = [
      admin,
      limited,
      { ...admin, 'If-None-Match': etag },
      { ...admin, 'If-None-Match': `W/${etag}` },
      { ...admin, 'If-None-Match': `"other", ${etag}` },
      { ...admin, 'If-None-Match': '*' },
      { ...admin, 'If-None-Match': '"other"' },
      { ...limited, 'If-None-Match': etag },
      { ...admin, 'Accept-Encoding': 'gzip' },
      { ...admin, 'Accept-Encoding': 'gzip, deflate, br' },
      { ...admin, 'Accept-Encoding': 'br;q=0, gzip;q=0' },
      { ...admin, 'Accept-Encoding': 'gzip', 'If-None-Match': etag },
      { ...admin, Cookie: '__Host-holdfast=nobody' },
      { Authorization: `bearer   ${at.admin}` },
      { ...admin, 'Content-Type': 'application/json' },
    ]
    for (const headers of plain) {
      takes.mockClear()
      const [one, other] = await bothWays(at, CONFIG, headers)
      expect(one, JSON.stringify(headers)).toBe(other)
      expect(ways(), JSON.stringify(headers)).toEqual([true, false])
    }
    const other: readonly Headers[] = [
      {},
      { Authorization: `Bearer ${at.admin}x` },
      { Authorization: 'Bearer ' },
      { Authorization: `Basic ${at.admin}` },
      { Authorization: `Bearer ${none}` },
      { Cookie: '__Host-holdfast=nobody' },
      { ...admin, Host: 'evil.example' },
    ]
    for (const headers of other) {
      takes.mockClear()
      const [one, again] = await bothWays(at, CONFIG, headers)
      expect(one, JSON.stringify(headers)).toBe(again)
      expect(ways(), JSON.stringify(headers)).toEqual([false, false])
    }
  }, 30_000)

  it('goes the long way where anything else is asked for', async () => {
    const at = await filled()
    const headers = { Authorization: `Bearer ${at.admin}` }
    await at.get(CONFIG)
    takes.mockClear()
    const paths = [`${CONFIG}?format=yaml`, `${CONFIG}?`, `${CONFIG}/`, `${CONFIG}/server`, `/${CONFIG}`, '/livez']
    const odd = ['absent', 'DEFAULT', 'def%61ult', '..', ''].map((name) => `/api/v1/namespaces/${name}/config`)
    for (const path of [...paths, ...odd]) await exchange(at, path, headers)
    expect(ways()).toEqual(Array(paths.length + odd.length).fill(false))
  })

  it('has the newest version after every change, and makes its answer anew only once', async () => {
    const at = await filled()
    const headers = { Authorization: `Bearer ${at.admin}` }
    for (let port = 2; port < 5; port++) {
      const version = await at.set({ server: { port } })
      takes.mockClear()
      for (let i = 0; i < 3; i++) {
        const answer = await exchange(at, CONFIG, headers)
        expect(answer).toContain(`holdfast-version: ${version}\r\n`)
        expect(answer).toContain(`"port":${port}}`)
      }
      expect(ways()).toEqual([false, true, true])
    }
  })

  it('counts against the token’s rate, whichever way it goes', async () => {
    const at = await served(folder(), { tokenRate: 5 })
    const headers = { Authorization: `Bearer ${at.admin}` }
    takes.mockClear() // the first of the five made the namespace
    const answers: string[] = []
    for (let i = 0; i < 5; i++) answers.push(await exchange(at, CONFIG, headers))
    expect(answers.map((text) => text.slice(9, 12))).toEqual(['200', '200', '200', '200', '429'])
    expect(answers.at(-1)).toContain('retry-after: ')
    expect(ways()).toEqual([false, true, true, true, false])
  })

  it('is answered in its turn where a client does not wait for answers', async () => {
    const at = await filled()
    await at.get(CONFIG)
    const socket = connect(at.server.port, '127.0.0.1')
    const ask = (method: string, path: string, more = ''): string =>
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${at.admin}\r\nRequest-Id: ${++asked}\r\n${more}\r\n`
    let asked = 0
    const requests = [
      ask('GET', CONFIG),
      ask('GET', `${NS}/history`),
      ask('GET', CONFIG, 'If-None-Match: *\r\n'),
      ask('HEAD', CONFIG),
      ask('GET', CONFIG),
      ask('GET', `${CONFIG}/server`),
      ask('GET', CONFIG, 'Connection: close\r\n'),
    ]
    socket.write(requests.join(''))
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    await once(socket, 'close')

    const heads = received.match(/HTTP\/1\.1 \d+|^request-id: \d+/gim)
    expect(heads).toEqual(
      [200, 200, 304, 200, 200, 200, 200].flatMap((status, i) => [`HTTP/1.1 ${status}`, `request-id: ${i + 1}`]),
    )
  })

  it('holds back for a client that takes nothing', async () => {
    const at = await filled()
    await at.set({ text: { long: 'x'.repeat(14_000) } })
    await at.get(CONFIG)
    takes.mockClear()
    const client = connect(at.server.port, '127.0.0.1').pause()
    onTestFinished(() => void client.destroy())
    const request = `GET ${CONFIG} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${at.admin}\r\n\r\n`
    for (let i = 0; i < 2000; i++) client.write(request)
    let most = 0
    for (let i = 0; i < 50; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      most = Math.max(most, takes.mock.calls[0]?.[0].socket.writableLength ?? 0)
    }
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(100_000)
  })

  it('ends with its token', async () => {
    const at = await filled()
    const text = await at.token('short', [{ actions: ['config:read'], namespaces: ['*'] }])
    const { json } = await at.get('/api/v1/whoami', { token: text })
    await at.get(CONFIG, { token: text })
    takes.mockClear()
    expect((await at.get(CONFIG, { token: text })).status).toBe(200)
    await at.ask('DELETE', `/api/v1/tokens/${json.tokenId}`)
    expect((await at.get(CONFIG, { token: text })).status).toBe(401)
    expect(ways()).toEqual([true, false, false])
  })
})

describe('a request without a body', () => {
  it('is answered at once, although it names the type of one', async () => {
    const at = await filled()
    const headers = { 'content-type': 'application/json' }
    expect((await at.get(CONFIG, { headers })).status).toBe(200)
    expect((await at.ask('HEAD', CONFIG, { headers })).status).toBe(200)
    expect((await at.ask('DELETE', `${NS}/overrides/server/port`, { headers })).status).toBe(201)
    expect((await at.ask('PUT', `${NS}/overrides/server/port`, { headers })).status).toBe(400)
    expect((await at.ask('POST', `${NS}/changes`, { headers })).json).toMatchObject({ status: 400, code: 'malformed' })
  })
})
