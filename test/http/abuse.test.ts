import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Workspace } from '../cli/harness.ts'
import { ServerProcess } from '../cli/server.ts'
import { folder } from '../engine/helpers.ts'
import { answersIn, rawly } from './abuse-raw.ts'
import { asked, type Got } from './canary-asking.ts'
import { call, change as changeAt, running, Watcher } from './watching.ts'

const NS = '/api/v1/namespaces/default'
const json = { 'content-type': 'application/json' }

let workspace: Workspace
let server: ServerProcess
let port: number
let token: string
let host: string

beforeAll(async () => {
  workspace = new Workspace({ 'holdfast.yaml': 'store: store.db\nnamespaces: { default: {} }\n' })
  const limits = ['--token-rate', '10000000', '--address-rate', '10000000', '--drain', '1s', '--token-watchers', '3']
  server = await ServerProcess.start(workspace.root, ['--log-format', 'json', '--log-level', 'debug', ...limits], {
    NODE_OPTIONS: '--unhandled-rejections=strict',
  })
  port = Number(new URL(server.url).port)
  token = server.token!
  host = `Host: localhost:${port}\r\n`
  expect((await change({ set: { a: { b: 1 } } })).status).toBe(201)
})

/** Whatever was done to it: all it has is whole, nothing failed, and it ends when it is asked to. */
afterAll(async () => {
  const verified = await ask('POST', '/api/v1/verify')
  expect(JSON.parse(verified.text)).toMatchObject({ ok: true, problems: [] })
  const { status, err } = await server.stop()
  workspace.remove()
  expect(err).not.toMatch(/a request failed|unhandled|UnhandledPromise|RangeError|TypeError/)
  expect(status).toBe(0)
})

const ask = (method: string, path: string, body?: string, headers = {}): Promise<Got> =>
  asked(port, {
    method,
    path,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && json), ...headers },
    ...(body !== undefined && { body }),
  })

const change = (body: object | string, headers = {}): Promise<Got> =>
  ask('POST', `${NS}/changes`, typeof body === 'string' ? body : JSON.stringify(body), headers)

const config = async (): Promise<unknown> => JSON.parse((await ask('GET', `${NS}/config`)).text)

/** The head of a change with a token, and more headers. */
const post = (...more: readonly string[]): string =>
  `POST ${NS}/changes HTTP/1.1\r\n${host}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n${more.map((one) => `${one}\r\n`).join('')}\r\n`

describe('what could be read as one request or as two', () => {
  const second = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'

  it('is refused, its connection closed, and what follows never answered', async () => {
    const forms = [
      `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      `${post('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`,
      `${post('Content-Length: 2', 'Content-Length: 3')}{}`,
      `${post('Content-Length: +2')}{}`,
      `${post('Content-Length: -1')}{}`,
      `${post('Content-Length: 99999999999999999999999')}{}`,
      `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`,
      `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n`,
      `${post('Transfer-Encoding : chunked')}0\r\n\r\n`,
      `${post('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`,
      `${post('X: a', ' folded')}0\r\n\r\n`,
      `${post('X: a\0b')}0\r\n\r\n`,
      `${post('Transfer-Encoding: chunked')}2\n{}\n0\n\n`,
      `${post('Transfer-Encoding: chunked')}zz\r\n{}\r\n0\r\n\r\n`,
      `${post('Transfer-Encoding: chunked')}2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
      'GET /livez HTTP/1.1\nHost: localhost\n\n',
      'GET /livez HTTP/1.1\rHost: localhost\r\r',
    ]
    for (const form of forms) {
      const answers = answersIn(await rawly(port, form + second, 2))
      expect(
        answers.map(({ status }) => status),
        form.slice(-80),
      ).toEqual([400])
    }
  })

  it('is one with its body: a request inside of that is no request', async () => {
    const inside = `POST ${NS}/changes HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${second.length}\r\n\r\n${second}`
    const answers = answersIn(await rawly(port, `${inside}GET /healthz HTTP/1.1\r\n${host}\r\n`, 2))
    expect(answers.map(({ status }) => status)).toEqual([401, 200])
  })

  it('is answered in the order asked where many come at once', async () => {
    const text = Array.from({ length: 40 }, (_, i) => `GET ${i % 2 ? '/livez' : '/none'} HTTP/1.1\r\n${host}\r\n`).join(
      '',
    )
    const answers = answersIn(await rawly(port, text, 40))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, (_, i) => (i % 2 ? 200 : 404)))
  })
})

describe('a request line or a head', () => {
  it('of another protocol or another form is refused', async () => {
    const forms = [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'GET /livez HTTP/1.2\r\nHost: localhost\r\n\r\n',
      'get /livez HTTP/1.1\r\nHost: localhost\r\n\r\n',
      `GET http://localhost/livez HTTP/1.1\r\n${host}\r\n`,
      `GET http://elsewhere/api/v1/whoami HTTP/1.1\r\n${host}Authorization: Bearer ${token}\r\n\r\n`,
      `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
      `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${host}\r\n`,
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`,
      `GET /livez HTTP/1.1\r\n${host}${'a:b\r\n'.repeat(100_000)}\r\n`,
      `GET /livez HTTP/1.1\r\n${host}X: ${'a'.repeat(17_000)}\r\n\r\n`,
      Buffer.from('1603010200010001fc0303', 'hex'),
      Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 256)),
    ]
    for (const form of forms) {
      const [answer] = answersIn(await rawly(port, form))
      expect([answer?.status, String(form).slice(0, 60)]).toEqual([400, String(form).slice(0, 60)])
      expect(JSON.parse(answer!.body)).toMatchObject({ code: 'malformed' })
    }
  })

  it('goes by one name of this server, said once', async () => {
    const hosts: readonly (readonly [string, number])[] = [
      ...['localhost', 'LOCALHOST', 'localhost:1', '127.0.0.1', '[::1]:80', ' localhost\t'].map(
        (one) => [one, 200] as const,
      ),
      ...[
        '',
        'localhost.',
        'localhost:999999',
        '127.1',
        '::1',
        '0.0.0.0',
        'evil.example',
        'localhost, evil.example',
      ].map((one) => [one, 400] as const),
      ...['localhost@evil.example', 'localhost:80:80', '127.0.0.1.nip.io', '2130706433'].map(
        (one) => [one, 400] as const,
      ),
      ['localhost\r\nHost: evil.example', 400],
      ['evil.example\r\nHost: localhost', 400],
      ['localhost\r\nhOST: localhost', 400],
    ]
    for (const [name, status] of hosts) {
      for (const path of ['/livez', `${NS}/config`]) {
        const sent = `GET ${path} HTTP/1.1\r\nHost: ${name}\r\nAuthorization: Bearer ${token}\r\n\r\n`
        const [answer] = answersIn(await rawly(port, sent))
        expect([name, answer?.status]).toEqual([name, status])
      }
    }
    expect(await rawly(port, 'GET /livez HTTP/1.0\r\n\r\n')).toContain(' 400 ')
    expect(await rawly(port, 'GET /livez HTTP/1.1\r\n\r\n')).toContain(' 400 ')
  })
})

const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`)

/** Sends `head` and then bytes without end; gives what was heard until the connection ended. */
async function flooded(head: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.on('data', (data) => (heard += String(data))).on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', more)
  socket.write(head)
  more()
  await closed
  return heard
}

describe('a body that nobody reads', () => {
  it('ends with its connection, whoever sends it', async () => {
    for (const line of [`POST ${NS}/changes`, 'GET /livez', 'POST /none', 'POST /api/v1/session']) {
      for (const length of ['Transfer-Encoding: chunked', 'Content-Length: 99999999999']) {
        // TCP may throw an answer away that stands behind what nobody reads: then it is asked again.
        let heard = ''
        for (let i = 0; i < 3 && heard === ''; i++)
          heard = await flooded(`${line} HTTP/1.1\r\n${host}Content-Type: application/json\r\n${length}\r\n\r\n`)
        expect(heard, line).toMatch(/^HTTP\/1\.1 (200|401|404|413) /)
      }
    }
  })

  it('of a request that is refused for a short one keeps its connection', async () => {
    const refused = `POST ${NS}/changes HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n`
    const heard = await rawly(port, [refused, '{}', `GET /livez HTTP/1.1\r\n${host}\r\n`], 2)
    expect(answersIn(heard).map(({ status }) => status)).toEqual([401, 200])
  })
})

describe('a body', () => {
  it('is taken exactly as it is written, or refused', async () => {
    const before = await config()
    const inValue = (text: string) => `{"set":{"n":{"v":${text}}}}`
    const refused = [
      ...['1e400', '-1e400', '9007199254740993', '12345678901234567890', '01', '+1', '.5', '1.', 'NaN', '0x10'].map(
        inValue,
      ),
      ...['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', "'a'", '"a', '[1,]', '{"a":1,}', '{"a":1,"a":2}'].map(inValue),
      '{"set":{},"set":{"a":{"b":2}}}',
      '{"set":{"a":{"\\ud800":1}}}',
      '{"set":{"a":{"b":1}},"reason":"\\ud800"}',
      '\ufeff{"set":{"a":{"b":2}}}',
      '{"set":{"a":{"b":2}}}x',
      '{"set":{"a":{"b":2}}} {}',
      '{"set":null}',
      '{"ifVersion":1.5}',
      '{"ifVersion":1e300}',
      '{"dryRun":"true"}',
      '',
      ' ',
      inValue('"holdfast:secret:1:x:y"'),
      JSON.stringify({ set: { a: { b: 2 } }, reason: 'r'.repeat(100_000) }),
    ]
    for (const body of refused)
      expect([(await change(body)).status, body.slice(0, 80)]).toEqual([400, body.slice(0, 80)])
    expect(await config()).toEqual(before)
    expect((await change(`{"set":{"n":{"v":-0,"w":1E2,"x":9007199254740991,"y":0.1}}}`)).status).toBe(201)
    expect((await ask('GET', `${NS}/config/n`)).text).toBe('{"v":0,"w":100,"x":9007199254740991,"y":0.1}')
    await ask('POST', `${NS}/changes`, '{"unset":["n"]}')
  })

  it('over a limit is refused, wherever the key stands', async () => {
    const nested = (open: string, close: string, n: number) => `${open.repeat(n)}1${close.repeat(n)}`
    const keys = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, i]))
    const long = 'k'.repeat(256)
    const path = Array.from({ length: 100_000 }, () => 'a').join('.')
    const tooLarge: readonly (object | string)[] = [
      { set: { m: keys } },
      { unset: Object.keys(keys) },
      `{"set":{"d":{"x":${nested('{"a":', '}', 33)}}}}`,
      `{"set":{"d":{"x":${nested('[', ']', 33)}}}}`,
      `{"set":{"d":${nested('{"a":', '}', 500_000)}}}`,
      { set: { d: { [long]: 1 } } },
      { set: { [long]: { a: 1 } } },
      { set: { [long]: {} } },
      { set: { '': { [long]: 1 } } },
      { mask: [long] },
      { mask: [`a.${long}`] },
      { mask: [path] },
      { set: { v: { w: 'x'.repeat(257 * 1024) } } },
    ]
    for (const body of tooLarge) {
      const { status, text } = await change(body)
      expect([status, JSON.parse(text).code], JSON.stringify(body).slice(0, 80)).toEqual([413, 'too-large'])
    }
    expect((await change({ unset: [path] })).status).toBe(200)
    for (const control of ['\u0001', '\n', '\u007f', '\u0085', '\u0000']) {
      const quoted = encodeURIComponent(JSON.stringify(control))
      const answers = [
        await change({ set: { [control]: { a: 1 } } }),
        await change({ set: { a: { [control]: 1 } } }),
        await change({ mask: [`${JSON.stringify(control)}.x`] }),
        await ask('PUT', `${NS}/overrides/${quoted}/x`, '{"value":1}'),
        await ask('PUT', `${NS}/overrides/a/${quoted}`, '{"value":1}'),
      ]
      expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400])
    }
    expect(await config()).toEqual({ a: { b: 1 } })
  })

  it('may use the names of an object’s own, which stay keys', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const set = `{"z":{"${name}":{"${name}":{"polluted":1}}},"${name}":{"${name}":2},"":{"outside":{"${name}":3}}}`
      const tried = [
        await change(`{"set":${set}}`),
        await ask('PUT', `${NS}/overrides/${name}/polluted`, '{"value":"yes"}'),
        await ask('PUT', `${NS}/overrides/a/${name}.polluted`, `{"value":{"${name}":{"polluted":4}}}`),
      ]
      expect(tried.map(({ status }) => status)).toEqual([201, 201, 201])
      expect((await ask('GET', `${NS}/config/${name}`)).text).toContain(`"${name}":2`)
      expect((await ask('GET', `${NS}/config/z`)).text).toContain(`{"${name}":{"${name}":{"polluted":1}}}`)
      const queries = ['history', 'blame', 'drift', 'overrides'].map((one) => `${NS}/${one}?section=${name}`)
      const paths = [
        `${NS}/config/z/${name}.${name}.polluted?explain=true`,
        `${NS}/config/a/${name}.polluted.${name}`,
        ...queries,
      ]
      for (const path of paths) expect([path, (await ask('GET', path)).status]).toEqual([path, 200])
      expect((await ask('POST', `${NS}/validate`, `{"set":{"${name}":{"${name}":1}}}`)).status).toBe(200)
      for (const query of [`${name}=1`, `at[${name}]=1`]) {
        expect((await ask('GET', `${NS}/config?${query}`)).status).toBe(400)
      }
      for (const path of [`/problems/${name}`, `/api/v1/backups/${name}`, `${NS}/versions/${name}`]) {
        expect([400, 404]).toContain((await ask('GET', path)).status)
      }
      expect((await ask('POST', `/api/v1/schedules/${name}/run`)).status).toBe(404)
      expect((await change({ unset: ['z', 'a', name, 'outside'], set: { a: { b: 1 } } })).status).toBe(201)
    }
    expect(await config()).toEqual({ a: { b: 1 } })
    expect((await ask('GET', '/livez')).text).toBe('{"status":"ok"}')
  })
})

describe('what names a place in a list or in time', () => {
  it('is refused where it names none', async () => {
    const cursors = ['-1', '0', '1.5', '1e3', '99999999999999999999', 'abc', '', ' ', '☃', 'null', "1' or 1=1--", '1;']
    const limits = ['0', '-1', '1001', '1e9', '1.5', 'abc', '', '0x10', '99999999999999999']
    const refs = [
      '@9999-99-99T99:99:99Z',
      '@',
      '@99999999999999',
      'latest~-1',
      'latest~',
      'latest~1~1',
      '-1',
      '..',
      'a b',
    ]
    const gone = [
      'latest~999999999',
      '1~999999999',
      '0',
      '99999999999999999999',
      '@1999-01-01',
      'baseline',
      'f'.repeat(64),
    ]
    const at = (names: readonly string[], ...paths: readonly string[]) =>
      names.flatMap((name) => paths.map((path) => path.replace('*', encodeURIComponent(name))))
    const lists = [`${NS}/history`, `${NS}/versions`, '/api/v1/audit']
    const malformed = [
      ...lists.flatMap((list) => [...at(cursors, `${list}?cursor=*`), ...at(limits, `${list}?limit=*`)]),
      ...at(refs, `${NS}/config?at=*`, `${NS}/versions/*`, `${NS}/compare?from=1&to=*`),
      ...['-1', 'abc', '1-zz', '99999999999999999999', ''].map((since) => `${NS}/watch?since=${since}`),
      ...['-1s', '1h', '', 'abc', '1s&since=-1', '1s&since=1e99'].map((wait) => `${NS}/config?wait=${wait}`),
      ...['since=abc', 'until=9999-99-99', 'since=1&since=2'].map((query) => `${NS}/history?${query}`),
      ...['%22', '%22a', 'a.b', '%20', 'a%2Fb', '%C3%28', '%', '%zz', '%00', '.', '..'].map(
        (one) => `${NS}/config/${one}`,
      ),
    ]
    for (const path of malformed) expect([path, (await ask('GET', path)).status]).toEqual([path, 400])
    const absent = at(gone, `${NS}/config?at=*`, `${NS}/versions/*`)
    for (const path of absent) expect([path, (await ask('GET', path)).status]).toEqual([path, 404])
    for (const name of ['../../etc/passwd', '..%2fstore.db', '.db', 'holdfast.key', '-rf.db']) {
      expect((await ask('GET', `/api/v1/backups/${encodeURIComponent(name)}`)).status).toBe(404)
    }
    const purge = (age: object) => ask('POST', `${NS}/purge`, JSON.stringify({ ...age, dryRun: true }))
    expect((await purge({ olderThan: '999999999y' })).status).toBe(400)
    const { status, text } = await purge({ olderThanSeconds: Number.MAX_SAFE_INTEGER })
    expect([status, text]).toEqual([200, '{"versions":0,"history":0,"bytes":0}'])
  })
})

describe('a key of a request that may come twice', () => {
  it('is 1 to 255 printable ASCII characters', async () => {
    const [fits, not] = [
      ['k'.repeat(255), '"quoted"', '"', 'a\\'],
      ['k'.repeat(256), 'é', '\t', ' '],
    ]
    for (const key of fits) {
      expect([200, 201]).toContain((await change({ set: { i: { x: 1 } } }, { 'idempotency-key': key })).status)
    }
    for (const key of not) expect((await change({ set: { i: { x: 2 } } }, { 'idempotency-key': key })).status).toBe(400)
    expect((await change({ unset: ['i'] })).status).toBe(201)
  })

  it('answers the second one as the first, also on the condition that there is something', async () => {
    const twice = { 'idempotency-key': 'if-anything', 'if-match': '*' }
    const first = await change({ set: { i: { y: 1 } } }, twice)
    const second = await change({ set: { i: { y: 1 } } }, twice)
    expect([first.status, second.status]).toEqual([201, 201])
    expect(JSON.parse(second.text)).toEqual(JSON.parse(first.text))
    expect((await change({ unset: ['i'] })).status).toBe(201)
  })
})

describe('a condition', () => {
  const etag = async (text: string): Promise<string> =>
    String((await ask('GET', `${NS}/config`, undefined, { authorization: `Bearer ${text}` })).headers['etag'])

  it('that was met the first time does not refuse the second', async () => {
    const grants = [{ actions: ['config:read', 'config:write'], namespaces: ['default'], sections: ['i'] } as const]
    const made = await ask('POST', '/api/v1/tokens', JSON.stringify({ name: 'one-section', grants }))
    for (const text of [token, (JSON.parse(made.text) as { text: string }).text]) {
      const match = await etag(text)
      const twice = { authorization: `Bearer ${text}`, 'idempotency-key': 'met', 'if-match': match }
      const first = await change({ set: { i: { y: 1 } } }, twice)
      const second = await change({ set: { i: { y: 1 } } }, twice)
      expect((await change({ unset: ['i'] })).status).toBe(201)
      expect(await etag(text)).toBe(match)
      const third = await change({ set: { i: { y: 1 } } }, twice)
      expect([first.status, second.status, third.status]).toEqual([201, 201, 201])
      const versionIn = (answer: Got) => (JSON.parse(answer.text) as { version: { id: number } }).version.id
      expect([versionIn(second), versionIn(third)]).toEqual([versionIn(first), versionIn(first)])
    }
    expect(await config()).toEqual({ a: { b: 1 } })
  })

  it('that is not met refuses, whatever else the request says', async () => {
    const { text } = await ask('GET', `${NS}/versions?limit=2`)
    const [current, old] = (JSON.parse(text) as { items: readonly { id: number; hash: string }[] }).items
    const match = { 'if-match': `"${old!.hash}"` }
    const body = { set: { i: { z: 1 } } }
    for (const more of [{}, { ifVersion: current!.id }, { ifVersion: old!.id }]) {
      for (const headers of [match, { ...match, 'idempotency-key': `unmet ${JSON.stringify(more)}` }]) {
        expect([409, 412]).toContain((await change({ ...body, ...more }, headers)).status)
      }
    }
    expect(await config()).toEqual({ a: { b: 1 } })
  })
})

describe('a browser’s session', () => {
  it('changes nothing unless its own page asks', async () => {
    const { text, headers } = await asked(port, {
      method: 'POST',
      path: '/api/v1/session',
      headers: json,
      body: JSON.stringify({ token }),
    })
    const { csrf } = JSON.parse(text) as { csrf: string }
    const value = /__Host-holdfast=([^;]+)/.exec(String(headers['set-cookie']))![1]!
    const cookie = `__Host-holdfast=${value}`
    const own = { cookie, 'holdfast-csrf': csrf }
    const ways: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
      [own, 200],
      [{ ...own, origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }, 200],
      [{ cookie }, 403],
      [{ ...own, 'holdfast-csrf': '' }, 403],
      [{ ...own, 'holdfast-csrf': `${csrf.slice(1)}x` }, 403],
      [{ ...own, origin: 'http://evil.example' }, 403],
      [{ ...own, origin: 'null' }, 403],
      [{ ...own, origin: 'http://127.0.0.1:1' }, 403],
      [{ ...own, origin: `file://127.0.0.1:${port}` }, 403],
      ...['cross-site', 'same-site', 'none'].map((site) => [{ ...own, 'sec-fetch-site': site }, 403] as const),
      [{ cookie, 'x-http-method-override': 'GET' }, 403],
      [{ ...own, cookie: `${cookie}; ${cookie}` }, 401],
      [{ ...own, cookie: `__Host-holdfast=x; ${cookie}` }, 401],
      [{ ...own, cookie: `__Host-holdfast="${value}"` }, 401],
      [{ ...own, cookie: `__host-holdfast=${value}` }, 401],
      [{ ...own, cookie: `__Host-holdfast =${value}` }, 401],
      [{ ...own, authorization: 'Bearer x' }, 401],
    ]
    const body = JSON.stringify({ set: { s: { x: 1 } }, dryRun: true })
    for (const [more, status] of ways) {
      const sent = { method: 'POST', path: `${NS}/changes`, headers: { ...json, ...more }, body }
      expect([more, (await asked(port, sent)).status]).toEqual([more, status])
    }
    for (const from of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const sent = {
        method: 'POST',
        path: '/api/v1/session',
        headers: { ...json, ...from },
        body: JSON.stringify({ token }),
      }
      expect((await asked(port, sent)).status).toBe(403)
    }
  })
})

describe('where a request comes from', () => {
  const addressOf = async (at: Awaited<ReturnType<typeof running>>, forwarded: string): Promise<string | null> => {
    const headers = {
      ...json,
      authorization: `Bearer ${at.token}`,
      'x-forwarded-for': forwarded,
      forwarded: 'for=6.6.6.6',
    }
    const body = JSON.stringify({ set: { f: { from: forwarded } } })
    await asked(at.server.port, { method: 'POST', path: `${NS}/changes`, headers, body })
    const { items } = await call<{ items: readonly { sourceIp: string | null }[] }>(at, 'GET', `${NS}/history?limit=1`)
    return items[0]!.sourceIp
  }

  it('is not what the request says, unless a proxy that is trusted says it', async () => {
    const plain = await running(folder())
    for (const said of ['6.6.6.6', '127.0.0.1, 6.6.6.6', "'; drop"])
      expect(await addressOf(plain, said)).toBe('127.0.0.1')
    const proxied = await running(folder(), { trustProxy: ['127.0.0.1', '10.0.0.0/8'] })
    expect(await addressOf(proxied, '198.51.100.7')).toBe('198.51.100.7')
    expect(await addressOf(proxied, '6.6.6.6, 198.51.100.8, 10.1.2.3')).toBe('198.51.100.8')
  })

  it('counts what is asked without a token, whatever else is different', async () => {
    const { server: limited, token: good } = await running(folder(), { addressRate: 5 })
    const tried: readonly Readonly<Record<string, string>>[] = [
      {},
      { 'x-forwarded-for': '6.6.6.6' },
      { authorization: 'Bearer hf_x' },
      { cookie: '__Host-holdfast=x' },
      { authorization: `Bearer ${good.slice(0, -1)}` },
      { 'x-forwarded-for': '6.6.6.7' },
      { 'x-real-ip': '6.6.6.8', host: 'localhost' },
    ]
    const answers = []
    for (const headers of tried)
      answers.push(await asked(limited.port, { method: 'GET', path: `${NS}/config`, headers }))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429])
    expect(Number(answers.at(-1)!.headers['retry-after'])).toBeGreaterThan(0)
    const paths = ['/openapi.json', '/docs', '/none', '//api/v1/whoami', '/problems/invalid']
    for (const path of paths) expect((await asked(limited.port, { method: 'GET', path })).status).toBe(429)
    for (const [path, status] of [
      ['/livez', 200],
      [`${NS}/config`, 200],
      ['/api/v1/whoami', 200],
    ] as const) {
      const headers = { authorization: `Bearer ${good}` }
      expect([path, (await asked(limited.port, { method: 'GET', path, headers })).status]).toEqual([path, status])
    }
  })
})

describe('many who hold something', () => {
  it('are bounded where they watch, and free their place when they go', async () => {
    const at = { url: server.url, token }
    const open = await Promise.all([1, 2, 3].map(() => Watcher.open(at)))
    const refused = await ask('GET', `${NS}/watch`)
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([429, 'rate-limited'])
    open[0]!.close()
    await expect
      .poll(async () => {
        const one = new Watcher(at)
        onTestFinished(() => one.close())
        await expect.poll(() => one.status).toBeGreaterThan(0)
        return one.status
      })
      .toBe(200)
    const version = await changeAt(at, { w: { x: 1 } })
    await open[1]!.reached(version)
    await ask('POST', `${NS}/changes`, '{"unset":["w"]}')
  })

  it('by half a request each do not keep others from being answered', async () => {
    const sockets = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
    })
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    for (const socket of sockets) socket.write('GET /livez HTTP/1.1\r\nHost: local')
    expect((await ask('GET', `${NS}/config`)).status).toBe(200)
    expect((await change({ set: { h: { x: 1 } }, dryRun: true })).status).toBe(200)
  })
})
