import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { UrlSpec } from '../../src/model/layer.ts'
import { LIMITS } from '../../src/model/limits.ts'
import { openSource, url } from '../../src/source/open.ts'
import type { Lookup, SourceOptions } from '../../src/source/source.ts'
import { follow, loaded, options, pause, serve, tlsCa, until } from './helpers.ts'

type Given = Omit<UrlSpec, 'kind' | 'url'>

/** A source that trusts the test's certificate and may reach `localhost`. */
const sourceOf = (href: string, given: Given = {}, more: Partial<SourceOptions> = {}) =>
  openSource(url(href, { allowHosts: ['localhost'], ...given }), options({ tlsCa, ...more }))

const json =
  (value: unknown, headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
  }

const redirect =
  (to: string, status = 302) =>
  (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { location: to }).end('not to be read')
  }

describe('a URL', () => {
  it('is read over TLS, in the format that its path tells', async () => {
    const { origin, requests } = await serve((_, response) => response.end('[server]\nport = 1\n'))
    const found = await loaded(sourceOf(`${origin}/tacacs.conf?token=abc`))
    expect(found).toMatchObject({ tree: { server: { port: '1' } }, isText: true })
    expect(requests[0]).toMatchObject({ url: '/tacacs.conf?token=abc', headers: { 'accept-encoding': 'identity' } })
  })

  it.each([
    ['application/json', 'json'],
    ['application/vnd.acme+json; charset=utf-8', 'json'],
    ['text/x-java-properties', 'properties'],
  ])('is read in the format of its content type where its path tells none: %s', async (type, format) => {
    const body = format === 'json' ? '{"a": 1}' : 'a = 1'
    const { origin } = await serve((_, response) => response.writeHead(200, { 'content-type': type }).end(body))
    expect((await loaded(sourceOf(`${origin}/config`))).fingerprint['format']).toBe(format)
  })

  it('is refused where nothing tells its format', async () => {
    const { origin } = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('[a]'),
    )
    await expect(sourceOf(`${origin}/config`).load()).rejects.toThrow('say it with the option format')
    expect((await loaded(sourceOf(`${origin}/config`, { format: 'ini' }))).isText).toBe(true)
  })

  it('that does not parse is refused with line and column, without its query', async () => {
    const { origin } = await serve((_, response) => response.end('{\n "a": x\n}'))
    const refused = sourceOf(`${origin}/a.json?token=s3cr3t`).load()
    await expect(refused).rejects.toMatchObject({ code: 'syntax', details: { file: `${origin}/a.json`, line: 2 } })
    await expect(refused).rejects.not.toThrow('s3cr3t')
  })

  it.each([204, 206, 304, 401, 404, 500, 503])('is refused for any answer but 200: %i', async (status) => {
    const { origin } = await serve((_, response) => response.writeHead(status).end())
    const refused = sourceOf(`${origin}/a.json?token=s3cr3t`).load()
    await expect(refused).rejects.toMatchObject({ code: 'source', details: { source: `${origin}/a.json` } })
    await expect(refused).rejects.toThrow(`answered ${status}`)
  })

  it('is refused where its certificate is not trusted, with the way to trust it', async () => {
    const { origin, requests } = await serve(json({}))
    const source = openSource(url(`${origin}/a.json`, { allowHosts: ['localhost'] }), options())
    await expect(source.load()).rejects.toThrow('NODE_EXTRA_CA_CERTS')
    expect(requests).toHaveLength(0)
  })

  it('is refused where the certificate is for another name', async () => {
    const { port } = await serve(json({}))
    const lookup: Lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const source = sourceOf(`https://other.invalid:${port}/a.json`, { allowHosts: ['other.invalid'] }, { lookup })
    await expect(source.load()).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('is refused where nobody listens', async () => {
    await expect(sourceOf('https://localhost:1/a.json').load()).rejects.toThrow(
      'https://localhost:1/a.json: cannot be fetched (ECONNREFUSED)',
    )
  })
})

describe('what a URL may reach', () => {
  it('is no private address unless allowed by name', async () => {
    const { origin, port, requests } = await serve(json({ a: 1 }))
    await expect(sourceOf(`${origin}/a.json`, { allowHosts: [] }).load()).rejects.toThrow('is not a public address')
    await expect(sourceOf(`https://127.0.0.1:${port}/a.json`).load()).rejects.toThrow('allowHosts: [127.0.0.1]')
    expect(requests).toHaveLength(0)
    expect((await loaded(sourceOf(`https://127.0.0.1:${port}/a.json`, { allowHosts: ['127.0.0.1'] }))).tree).toEqual({
      a: 1,
    })
  })

  it('is checked again at each redirect', async () => {
    const inner = await serve(json({ stolen: true }))
    for (const to of [
      `https://127.0.0.1:${inner.port}/`,
      `https://0x7f.1:${inner.port}/`,
      `https://[::ffff:127.0.0.1]:${inner.port}/`,
      `//[::1]:${inner.port}/`,
    ]) {
      const { origin } = await serve(redirect(to))
      await expect(sourceOf(`${origin}/a.json`).load()).rejects.toThrow('is not a public address')
    }
    expect(inner.requests).toHaveLength(0)
  })

  it('is only the address that was checked, whatever a name says later', async () => {
    const { port, requests } = await serve(json({ a: 1 }))
    const answers = ['127.0.0.1', '10.255.255.1']
    const lookup: Lookup = async () => [{ address: answers.shift()!, family: 4 }]
    const source = sourceOf(
      `https://config.holdfast.test:${port}/a.json`,
      { allowHosts: ['config.holdfast.test'] },
      { lookup },
    )
    expect((await loaded(source)).tree).toEqual({ a: 1 })
    expect(requests).toHaveLength(1)
    expect(answers).toEqual(['10.255.255.1'])
  })

  it('is never a loopback address that a name is rebound to after its public one was checked', async () => {
    const { port, requests } = await serve(json({ stolen: true }))
    const answers = [{ address: '2d00::1', family: 6 }] // global unicast that nobody was given
    const lookup: Lookup = async () => [answers.shift() ?? { address: '127.0.0.1', family: 4 }]
    const source = sourceOf(`https://config.holdfast.test:${port}/a.json`, { timeoutMs: 500 }, { lookup })
    await expect(source.load()).rejects.toMatchObject({ code: 'source' })
    await expect(source.load()).rejects.toThrow('leads to 127.0.0.1')
    expect(requests).toHaveLength(0)
  })

  it('is tried at each address of the name', async () => {
    const { port } = await serve(json({ a: 1 }))
    const lookup: Lookup = async () => [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]
    expect((await loaded(sourceOf(`https://localhost:${port}/a.json`, {}, { lookup }))).tree).toEqual({ a: 1 })
  })
})

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('is followed: %i', async (status) => {
    const { origin } = await serve((request, response) =>
      request.url === '/a.json' ? redirect('/b', status)(request, response) : json({ b: 1 })(request, response),
    )
    expect((await loaded(sourceOf(`${origin}/a.json`))).tree).toEqual({ b: 1 })
  })

  it('is followed five times and no more', async () => {
    const { origin, requests } = await serve((request, response) =>
      redirect(`/${Number(request.url!.slice(1)) + 1}`)(request, response),
    )
    await expect(sourceOf(`${origin}/0`).load()).rejects.toThrow('redirects more than 5 times')
    expect(requests).toHaveLength(6)
  })

  it('in a circle is refused', async () => {
    const { origin } = await serve(redirect('/a.json'))
    await expect(sourceOf(`${origin}/a.json`).load()).rejects.toThrow('redirects more than 5 times')
  })

  it.each([
    ['http://localhost/', 'redirects to http://localhost/, which is not https'],
    ['file:///etc/passwd', 'which is not https'],
    ['https://user:s3cr3t@localhost/', 'with a user name or password'],
    ['https://', 'redirects to what is not a URL'],
  ])('to %s is refused', async (to, words) => {
    const { origin } = await serve(redirect(to))
    const refused = sourceOf(`${origin}/a.json`).load()
    await expect(refused).rejects.toThrow(words)
    await expect(refused).rejects.not.toThrow('s3cr3t')
  })

  it('without a location is refused', async () => {
    const { origin } = await serve((_, response) => response.writeHead(302).end())
    await expect(sourceOf(`${origin}/a.json`).load()).rejects.toThrow('without saying where to')
  })
})

describe('a header', () => {
  const headers = { authorization: { env: 'TOKEN' } }
  const environment = { TOKEN: 'Bearer s3cr3t' }

  it('takes its value from the environment when the request is made', async () => {
    const { origin, requests } = await serve(json({}))
    const changing: Record<string, string> = { ...environment }
    const source = sourceOf(`${origin}/a.json`, { headers }, { environment: changing })
    await source.load()
    changing['TOKEN'] = 'Bearer other'
    await source.load()
    expect(requests.map((request) => request.headers.authorization)).toEqual(['Bearer s3cr3t', 'Bearer other'])
  })

  it('stays with its origin when a redirect leads to another', async () => {
    const other = await serve(json({ a: 1 }))
    const { origin, requests } = await serve((request, response) =>
      redirect(request.url === '/a.json' ? '/b' : `${other.origin}/c`)(request, response),
    )
    await loaded(sourceOf(`${origin}/a.json`, { headers }, { environment }))
    expect(requests.map((request) => request.headers.authorization)).toEqual(['Bearer s3cr3t', 'Bearer s3cr3t'])
    expect(other.requests.map((request) => request.headers.authorization)).toEqual([undefined])
  })

  it('is not sent again where the other origin leads back', async () => {
    const back: string[] = []
    const other = await serve((request, response) => redirect(back[0]!)(request, response))
    const { origin, requests } = await serve((request, response) =>
      request.url === '/a.json' ? redirect(`${other.origin}/c`)(request, response) : json({ a: 1 })(request, response),
    )
    back.push(`${origin}/admin.json`)
    await loaded(sourceOf(`${origin}/a.json`, { headers }, { environment }))
    expect(requests.map((request) => request.headers.authorization)).toEqual(['Bearer s3cr3t', undefined])
  })

  it.each([{}, { TOKEN: '' }, { TOKEN: undefined }])(
    'whose variable is not set is refused by name: %j',
    async (given) => {
      const { origin, requests } = await serve(json({}))
      const refused = sourceOf(`${origin}/a.json`, { headers }, { environment: given }).load()
      await expect(refused).rejects.toThrow(
        'the environment variable TOKEN, which gives its header authorization, is not set',
      )
      expect(requests).toHaveLength(0)
    },
  )

  it('that no request can carry is refused without its value', async () => {
    const given = { environment: { TOKEN: 's3cr3t\r\nx: y' } }
    const refused = sourceOf('https://localhost/a.json', { headers }, given).load()
    await expect(refused).rejects.toThrow('the environment variable TOKEN')
    await expect(refused).rejects.not.toThrow('s3cr3t')
  })
})

describe('a URL loaded before', () => {
  it('is asked for only if it changed, and 304 says unchanged', async () => {
    const { origin, requests } = await serve((request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end()
      else json({ a: 1 }, { etag: '"1"' })(request, response)
    })
    const source = sourceOf(`${origin}/a.json`)
    const { fingerprint } = await loaded(source)
    expect(await source.load(fingerprint)).toBe('unchanged')
    expect(requests.map((request) => request.headers['if-none-match'])).toEqual([undefined, '"1"'])
    expect(JSON.stringify(fingerprint)).not.toContain(origin)
  })

  it('is asked for by date where the date is old enough to tell', async () => {
    const old = 'Sat, 01 Aug 2020 00:00:00 GMT'
    const { origin, requests } = await serve(json({ a: 1 }, { 'last-modified': old }))
    const source = sourceOf(`${origin}/a.json`)
    const { fingerprint } = await loaded(source)
    expect(await source.load(fingerprint)).toBe('unchanged')
    expect(requests[1]!.headers['if-modified-since']).toBe(old)

    const young = await serve(json({ a: 1 }, { 'last-modified': new Date().toUTCString() }))
    expect((await loaded(sourceOf(`${young.origin}/a.json`))).fingerprint).not.toHaveProperty('lastModified')
  })

  it('is unchanged where the same bytes come back', async () => {
    const { origin } = await serve(json({ a: 1 }))
    const source = sourceOf(`${origin}/a.json`)
    expect(await source.load((await loaded(source)).fingerprint)).toBe('unchanged')
  })

  it('is read anew where the spec asks for another body or format', async () => {
    const { origin, requests } = await serve((request, response) => {
      if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end()
      else json({ a: 1 }, { etag: '"1"' })(request, response)
    })
    const { fingerprint } = await loaded(sourceOf(`${origin}/a.json`))
    expect(await sourceOf(`${origin}/a.json`, { format: 'json5' }).load(fingerprint)).not.toBe('unchanged')
    await expect(sourceOf(`${origin}/a.json`, { sha256: '0'.repeat(64) }).load(fingerprint)).rejects.toThrow(
      'is required',
    )
    expect(requests.map((request) => request.headers['if-none-match'])).toEqual([undefined, undefined, undefined])
  })

  it('sends what it knows only to the URL that told it', async () => {
    let to = '/one'
    const { origin, requests } = await serve((request, response) => {
      if (request.url === '/a.json') redirect(to)(request, response)
      else if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end()
      else json({ from: request.url }, { etag: '"1"' })(request, response)
    })
    const source = sourceOf(`${origin}/a.json`)
    const { fingerprint } = await loaded(source)
    expect(await source.load(fingerprint)).toBe('unchanged')
    to = '/two'
    expect((await loaded(source, fingerprint)).tree).toEqual({ from: '/two' })
    expect(requests.map((request) => request.headers['if-none-match'])).toEqual([
      undefined,
      undefined,
      undefined,
      '"1"',
      undefined,
      undefined,
    ])
  })
})

describe('the SHA-256 that a URL must have', () => {
  const body = '{"a": 1}'
  const sha256 = createHash('sha256').update(body).digest('hex')

  it('lets the right body in and no other', async () => {
    const { origin } = await serve((request, response) => response.end(request.url === '/a.json' ? body : '{"a": 2}'))
    expect((await loaded(sourceOf(`${origin}/a.json`, { sha256: sha256.toUpperCase() }))).tree).toEqual({ a: 1 })
    await expect(sourceOf(`${origin}/b.json`, { sha256 }).load()).rejects.toMatchObject({ code: 'source' })
    await expect(sourceOf(`${origin}/b.json`, { sha256 }).load()).rejects.toThrow(`and ${sha256} is required`)
  })
})

describe('the limits of a URL', () => {
  const limits = { ...LIMITS, sourceBytes: 1000 }
  const tooLarge = { code: 'too-large', details: { limit: 'sourceBytes', allowed: 1000 } }

  it('end a body that says it is too long before it is read', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '2000' }).write('x')
    })
    await expect(sourceOf(`${origin}/a.json`, {}, { limits }).load()).rejects.toMatchObject(tooLarge)
  })

  it('end a body that becomes too long without saying so', async () => {
    const { origin } = await serve((_, response) => {
      const more = setInterval(() => response.write('x'.repeat(300)), 5)
      response.on('close', () => clearInterval(more))
    })
    await expect(sourceOf(`${origin}/a.json`, {}, { limits }).load()).rejects.toMatchObject(tooLarge)
  })

  it('refuse a compressed body, which could be a bomb', async () => {
    const { origin } = await serve(json({}, { 'content-encoding': 'gzip' }))
    await expect(sourceOf(`${origin}/a.json`).load()).rejects.toThrow('content-encoding "gzip"')
  })

  it('refuse a body that ends before its length', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '20' }).write('{"a": 1}', () => response.destroy())
    })
    await expect(sourceOf(`${origin}/a.json`).load()).rejects.toMatchObject({ code: 'source' })
  })

  const late = { code: 'source', message: expect.stringContaining('no whole answer within 200 ms (option timeoutMs)') }

  it('end a server that says nothing', async () => {
    const { origin } = await serve(() => {})
    await expect(sourceOf(`${origin}/a.json`, { timeoutMs: 200 }).load()).rejects.toMatchObject(late)
  })

  it('end a server that drips', async () => {
    const { origin } = await serve((_, response) => {
      const drip = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(drip))
    })
    await expect(sourceOf(`${origin}/a.json`, { timeoutMs: 200 }).load()).rejects.toMatchObject(late)
  })

  it('end a server that redirects slowly, over all its redirects', async () => {
    const { origin } = await serve(
      (request, response) => void setTimeout(() => redirect('/a.json')(request, response), 80),
    )
    await expect(sourceOf(`${origin}/a.json`, { timeoutMs: 200 }).load()).rejects.toMatchObject(late)
  })

  it('end a server that never finishes its handshake, and a name that never resolves', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const href = `https://localhost:${(server.address() as AddressInfo).port}/a.json`
    await expect(sourceOf(href, { timeoutMs: 200 }).load()).rejects.toMatchObject(late)
    const lookup: Lookup = () => new Promise(() => {})
    await expect(sourceOf(href, { timeoutMs: 200 }, { lookup }).load()).rejects.toMatchObject(late)
  })
})

describe('a watched URL', () => {
  it('asks for a load now and then, but not while one is under way', async () => {
    const waiting: ServerResponse[] = []
    const { origin, requests } = await serve((_, response) => void waiting.push(response))
    const often = { ...url(`${origin}/a.json`, { allowHosts: ['localhost'] }), refreshMs: 40 }
    const seen = follow(openSource(often, options({ tlsCa })))
    await until(() => requests.length === 1)
    await pause(200)
    expect(seen.count).toBe(1)
    waiting[0]!.end('{"a": 1}')
    await until(() => seen.count > 1)
    await seen.stop()
    expect(seen.last).toEqual({ a: 1 })
  })
})
