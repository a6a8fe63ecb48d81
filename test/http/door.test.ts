import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ask } from './raw.ts'
import { folder, NS, type Served, served } from './serving.ts'

/** Sends bytes as they are and gives all that comes back until the other side closes or `isEnough`. */
function raw(at: Served, text: string, isEnough: (answer: string) => boolean = () => false): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(at.server.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    answer += chunk
    if (isEnough(answer)) socket.destroy()
  })
  socket.on('close', () => resolve(answer))
  socket.on('error', reject)
  socket.write(text)
  return promise
}

describe('the door', () => {
  it('knows nobody without a token, and tells nobody which addresses there are', async () => {
    const at = await served(folder())
    for (const path of [
      `${NS}/config`,
      '/api/v1/nope',
      '/api',
      '/api/',
      '/API/v1/whoami',
      '//api/v1/whoami',
      '/metrics',
    ]) {
      const { status, json, headers } = await at.get(path, { token: null })
      expect([path, status, json.code]).toEqual([path, 401, 'unauthenticated'])
      expect(headers['www-authenticate']).toMatch(/^Bearer/)
    }
    for (const authorization of ['Basic abc', 'Bearer', 'Bearer a b', 'Bearer hf_nope', `bearer ${at.admin}x`])
      expect((await at.get('/api/v1/whoami', { token: null, headers: { authorization } })).status).toBe(401)
    expect(
      (await at.get('/api/v1/whoami', { token: null, headers: { authorization: `bearer ${at.admin}` } })).status,
    ).toBe(200)
  })

  it('refuses somebody unknown before their body is sent', async () => {
    const at = await served(folder())
    const head = (token: string): string =>
      `POST ${NS}/changes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n`
    const refused = await raw(at, head('hf_nope'), (answer) => answer.includes('}'))
    expect(refused).toMatch(/^HTTP\/1\.1 401 /)
    const asked = await raw(at, head(at.admin), (answer) => answer.includes('\r\n\r\n'))
    expect(asked).toMatch(/^HTTP\/1\.1 100 Continue/)
  })

  it('takes no address for another one', async () => {
    const at = await served(folder())
    const { pathname } = new URL(`${at.server.url}${NS}/config`)
    const forms = [
      `/${pathname}`,
      `${pathname}/`,
      pathname.replace('/config', '//config'),
      pathname.replace('/config', '/./config'),
      pathname.replace('/config', '/%2e/config'),
      pathname.replace('/config', '%2fconfig'),
      pathname.replace('config', 'Config'),
      pathname.replace('config', '%63onfig'),
      pathname.replace('/api', '/x/../api'),
      `${pathname}#x`,
      `${pathname}%00`,
      `${pathname}?at=%zz`,
      `${pathname}?at=%ff`,
      `${pathname}?at=${'x'.repeat(9000)}`,
      `http://localhost${pathname}`,
      pathname.replace('default', 'DEFAULT'),
      pathname.replace('default', '%2e%2e'),
      '*',
    ]
    for (const path of forms) {
      const { status } = await ask(at.server.port, {
        method: 'GET',
        path,
        headers: { authorization: `Bearer ${at.admin}`, 'x-original-url': pathname },
      })
      expect([path, [400, 404, 405].includes(status)]).toEqual([path, true])
    }
  })

  it('speaks of methods: HEAD for each GET, OPTIONS for all, 405 for the rest', async () => {
    const at = await served(folder())
    const [get, head] = [await at.get(`${NS}/config`), await at.ask('HEAD', `${NS}/config`)]
    expect([head.status, head.text, head.headers['etag']]).toEqual([200, '', get.headers['etag']])
    expect(head.headers['content-length']).toBe(get.headers['content-length'])
    expect(await at.ask('OPTIONS', `${NS}/config`)).toMatchObject({
      status: 204,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    })
    expect(await at.ask('PATCH', `${NS}/overrides/a/b`)).toMatchObject({
      status: 405,
      headers: { allow: 'PUT, DELETE, OPTIONS' },
      json: { code: 'method', method: 'PATCH' },
    })
    expect((await at.ask('OPTIONS', `${NS}/config`, { token: null })).status).toBe(401)
    expect((await at.ask('POST', `${NS}/config`, { headers: { 'x-http-method-override': 'GET' } })).status).toBe(405)
  })

  it('takes JSON in UTF-8 and nothing else', async () => {
    const at = await served(folder())
    const post = (type: string, more: object = {}) =>
      at.ask('POST', `${NS}/changes`, { body: '{"set":{"a":{"b":1}}}', headers: { 'content-type': type, ...more } })
    for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])
      expect([type, (await post(type)).status < 300]).toEqual([type, true])
    for (const type of [
      'text/plain',
      'application/json; charset=latin1',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      '',
    ])
      expect([type, (await post(type)).status]).toEqual([type, 415])
    expect((await post('application/json', { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('goes by its own names only', async () => {
    const at = await served(folder(), { allowedHosts: ['config.internal'] })
    const asked = async (host: string) => (await at.get(`${NS}/config`, { headers: { host } })).status
    for (const host of [
      'localhost',
      'LOCALHOST:1234',
      '127.0.0.1',
      '[::1]:7420',
      'config.internal',
      'config.internal:80',
    ])
      expect([host, await asked(host)]).toEqual([host, 200])
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'config.internal.', '[::1'])
      expect([host, await asked(host)]).toEqual([host, 400])
  })

  it('does not open where others could read along', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com'])
      await expect(served(folder(), { host })).rejects.toMatchObject({ code: 'malformed', details: { what: 'host' } })
  })

  it('lets a token, and an address without one, ask so often and no more', async () => {
    const at = await served(folder(), { tokenRate: 5, addressRate: 3 })
    const statuses = async (token: string | null): Promise<number[]> => {
      const found: number[] = []
      for (let i = 0; i < 6; i++) found.push((await at.get('/api/v1/whoami', { token })).status)
      return found
    }
    expect(await statuses('hf_nope')).toEqual([401, 401, 401, 429, 429, 429])
    expect(await statuses(at.admin)).toEqual([200, 200, 200, 200, 429, 429]) // the first made the namespace
    const late = await at.get('/docs', { token: null })
    expect([late.status, Number(late.headers['retry-after']) > 0, late.json.code]).toEqual([429, true, 'rate-limited'])
    expect((await at.get('/livez', { token: null })).status).toBe(200)
  })

  it('writes refusals down, without what was sent', async () => {
    const at = await served(folder())
    const token = await at.token('reader', [{ actions: ['config:read'], namespaces: ['default'] }])
    const refused = await at.ask('POST', `${NS}/changes`, { token, body: { set: { a: { b: 'canary-1' } } } })
    await at.get(`${NS}/config`, { token: 'hf_canary-2' })
    const { items } = (await at.get('/api/v1/audit?event=refused')).json
    expect(items).toMatchObject([
      { who: null, namespace: 'default', detail: expect.stringContaining('readConfig: unauthenticated') },
      { who: 'reader', subject: 'config:write', namespace: 'default', requestId: refused.headers['request-id'] },
    ])
    expect(JSON.stringify(items)).not.toContain('canary')
  })

  it('names each request, by the name it came with or by its own', async () => {
    const at = await served(folder())
    expect((await at.get('/livez', { headers: { 'request-id': 'abc-1' } })).headers['request-id']).toBe('abc-1')
    for (const id of ['x'.repeat(65), 'a b', '<script>'])
      expect((await at.get('/livez', { headers: { 'request-id': id } })).headers['request-id']).toMatch(
        /^[A-Za-z0-9_-]{12}-\d+$/,
      )
  })

  it('answers what is no HTTP with a problem, and goes on', async () => {
    const at = await served(folder())
    expect(await raw(at, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"malformed"/s)
    expect(await raw(at, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
    expect((await at.get('/livez')).status).toBe(200)
  })
})

describe('a session of a browser', () => {
  async function signedIn(at: Served) {
    const { json, headers, status } = await at.ask('POST', '/api/v1/session', {
      token: null,
      body: { token: at.admin },
    })
    expect(status).toBe(201)
    const [set = ''] = headers['set-cookie'] as string[]
    return { csrf: json.csrf as string, set, cookie: set.split(';')[0]! }
  }

  it('begins with a token, in a cookie that scripts and other sites never have', async () => {
    const at = await served(folder())
    const { set, cookie } = await signedIn(at)
    expect(set).toMatch(/^__Host-holdfast=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    expect((await at.get(`${NS}/config`, { token: null, headers: { cookie } })).status).toBe(200)
    expect((await at.get('/api/v1/session', { token: null, headers: { cookie } })).json).toMatchObject({
      name: 'admin',
    })
    expect((await at.get('/api/v1/session', { token: null, headers: { cookie: `${cookie}x` } })).status).toBe(401)
    expect((await at.ask('POST', '/api/v1/session', { token: null, body: { token: 'hf_nope' } })).status).toBe(401)
  })

  it('changes nothing for a page of another site', async () => {
    const at = await served(folder())
    const { csrf, cookie } = await signedIn(at)
    const post = async (headers: Record<string, string>) =>
      (
        await at.ask('POST', `${NS}/changes`, {
          token: null,
          body: { set: { a: { b: 1 } } },
          headers: { cookie, ...headers },
        })
      ).status
    const host = `localhost:${at.server.port}`
    expect(await post({})).toBe(403)
    expect(await post({ 'holdfast-csrf': `${csrf}x` })).toBe(403)
    expect(await post({ 'holdfast-csrf': csrf, 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await post({ 'holdfast-csrf': csrf, 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await post({ 'holdfast-csrf': csrf, host, origin: 'https://evil.example' })).toBe(403)
    expect((await at.get(`${NS}/versions/latest`)).json.id).toBe(1)
    expect(await post({ 'holdfast-csrf': csrf, host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(
      201,
    )
  })

  it('ends when it is signed out of', async () => {
    const at = await served(folder())
    const { csrf, cookie } = await signedIn(at)
    const headers = { cookie, 'holdfast-csrf': csrf }
    const out = await at.ask('DELETE', '/api/v1/session', { token: null, headers })
    expect([out.status, String(out.headers['set-cookie'])]).toEqual([204, expect.stringContaining('Max-Age=0')])
    expect((await at.get('/api/v1/session', { token: null, headers })).status).toBe(401)
  })
})
