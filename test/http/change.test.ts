// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is tested
import { describe, expect, it } from 'vitest'
import { inline } from '../../src/index.ts'
import { folder, NS, served } from './serving.ts'

const change = (set: object, more: object = {}) => ({ set, reason: 'a test', ...more })

describe('a change', () => {
  it('is a version with who, from where and why, and says where that is', async () => {
    const at = await served(folder())
    const made = await at.ask('POST', `${NS}/changes`, { body: change({ server: { port: 5050 } }) })
    expect(made).toMatchObject({
      status: 201,
      json: { version: { id: 2 }, changes: [{ operation: 'CREATE', section: 'server', key: 'port', newValue: 5050 }] },
      headers: { location: `${NS}/versions/2`, 'holdfast-version': '2', 'cache-control': 'no-store' },
    })
    expect((await at.get(String(made.headers['location']))).json.id).toBe(2)
    const [entry] = (await at.get(`${NS}/history`)).json.items
    expect(entry).toMatchObject({ changedBy: 'admin', sourceIp: '127.0.0.1', reason: 'a test' })
  })

  it('that changes nothing, or is a dry run, is answered with 200 and makes no version', async () => {
    const at = await served(folder())
    await at.set({ server: { port: 5050 } })
    for (const body of [change({ server: { port: 5050 } }), change({ server: { port: 1 } }, { dryRun: true }), {}]) {
      const { status, json } = await at.ask('POST', `${NS}/changes`, { body })
      expect([status, json.version]).toEqual([200, null])
    }
    expect((await at.get(`${NS}/versions/latest`)).json.id).toBe(2)
  })

  it('of one key goes by the address, however the key is written', async () => {
    const at = await served(folder())
    const keys = { 'server/port': 'server.port', '%22%22/motd': 'motd', 'u/%22a.b%22.%22c%2Fd%22': 'u."a.b"."c/d"' }
    for (const [address, path] of Object.entries(keys)) {
      const set = await at.ask('PUT', `${NS}/overrides/${address}`, { body: { value: 7, reason: 'one' } })
      expect([address, set.status]).toEqual([address, 201])
      expect((await at.get(`${NS}/overrides`)).json.map((one: { path: string }) => one.path)).toEqual([path])
      const ended = await at.ask('DELETE', `${NS}/overrides/${address}?reason=over`)
      expect([ended.status, ended.json.changes[0].operation]).toEqual([201, 'DELETE'])
      expect((await at.ask('DELETE', `${NS}/overrides/${address}`)).status).toBe(200)
    }
    expect((await at.get(`${NS}/history`)).json.items[0].reason).toBe('over')
  })

  it('takes forbidden names as ordinary keys', async () => {
    const at = await served(folder())
    const body = '{"set":{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":2}}}}'
    expect((await at.ask('POST', `${NS}/changes`, { body })).status).toBe(201)
    expect((await at.get(`${NS}/config`)).text).toBe('{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":2}}}')
    expect((await at.get(`${NS}/config/__proto__/polluted`)).json).toBe(1)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('is refused with what is wrong: its rules, its version, its members, its size', async () => {
    const at = await served(folder(), {
      requestBytes: 10_000,
      namespaces: {
        default: { schema: { type: 'object', properties: { server: { properties: { port: { type: 'integer' } } } } } },
      },
    })
    const refused = async (body: unknown) => {
      const { status, json, headers } = await at.ask('POST', `${NS}/changes`, { body })
      expect(headers['content-type']).toBe('application/problem+json')
      expect(json).toMatchObject({ status, type: `/problems/${json.code}`, instance: headers['request-id'] })
      return json
    }
    expect(await refused(change({ server: { port: 'abc' } }))).toMatchObject({
      code: 'invalid',
      issues: [{ path: 'server.port', code: 'type' }],
    })
    expect(await refused(change({ server: { port: 1 } }, { ifVersion: 77 }))).toMatchObject({
      code: 'conflict',
      expected: 77,
    })
    expect(await refused(change({}, { ifversion: 77 }))).toMatchObject({ code: 'malformed', what: 'ifversion' })
    expect(await refused(change({}, { ifVersion: 'x' }))).toMatchObject({ code: 'malformed', what: 'ifVersion' })
    expect(await refused('{"set":{"a":{"b":1,"b":2}}}')).toMatchObject({ code: 'malformed', what: 'body' })
    expect(await refused(`{"set":{"a":{"b":${'['.repeat(100)}${']'.repeat(100)}}}}`)).toMatchObject({
      code: 'too-large',
      limit: 'depth',
    })
    expect(await refused(change({ a: { b: 'x'.repeat(10_000) } }))).toMatchObject({
      code: 'too-large',
      limit: 'requestBytes',
      allowed: 10_000,
    })
    expect((await at.get(`${NS}/versions`)).json.items).toHaveLength(1)
  })

  it('that takes from a reference what it refers to is refused as invalid, in a dry run and when it is only checked too', async () => {
    const base = { paths: { log: '${dirs.home}/log' }, dirs: { home: '/srv' } }
    const sources = [inline('base', base, { interpolate: true })]
    const at = await served(folder(), { namespaces: { default: { sources, schema: { type: 'object' } } } })
    const issues = [{ path: 'paths.log', code: 'reference', message: expect.stringContaining('${dirs.home}') }]
    const body = { mask: ['dirs.home'] }
    for (const more of [{}, { dryRun: true }]) {
      const { status, json } = await at.ask('POST', `${NS}/changes`, { body: { ...body, ...more } })
      expect([status, json]).toMatchObject([422, { code: 'invalid', issues }])
    }
    const checked = await at.ask('POST', `${NS}/validate`, { body })
    expect([checked.status, checked.json]).toMatchObject([200, { valid: false, issues }])

    const grants = [{ actions: ['config:read', 'config:write'] as const, namespaces: ['default'], sections: ['dirs'] }]
    const narrow = await at.ask('POST', `${NS}/changes`, { body, token: await at.token('narrow', grants) })
    expect(narrow).toMatchObject({ status: 422, json: { issues: [{ path: '', code: 'elsewhere' }] } })
    expect(narrow.text).not.toMatch(/paths|log/)
  })
})

describe('If-Match', () => {
  it('lets a change of the state through that was read, and no other', async () => {
    const at = await served(folder())
    await at.set({ server: { port: 1 } })
    const tag = String((await at.get(`${NS}/config`)).headers['etag'])
    const put = (match: string, value: number) =>
      at.ask('PUT', `${NS}/overrides/server/port`, { body: { value }, headers: { 'if-match': match } })
    expect((await put(tag, 2)).status).toBe(201)
    expect(await put(tag, 3)).toMatchObject({ status: 412, json: { code: 'precondition', expected: tag } })
    expect((await put('*', 4)).status).toBe(201)
    expect((await at.get(`${NS}/config/server/port`)).json).toBe(4)
  })

  it('lets one of many through that read the same', async () => {
    const at = await served(folder())
    await at.set({ n: { n: 0 } })
    const tag = String((await at.get(`${NS}/config`)).headers['etag'])
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        at.ask('POST', `${NS}/changes`, { body: change({ n: { n: i + 1 } }), headers: { 'if-match': tag } }),
      ),
    )
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(412)])
  })

  it('knows the tag of a token that may see a part', async () => {
    const at = await served(folder())
    await at.set({ mine: { a: 1 }, other: { b: 1 } })
    const grants = [{ actions: ['config:read', 'config:write'] as const, namespaces: ['default'], sections: ['mine'] }]
    const token = await at.token('narrow', grants)
    const tag = String((await at.get(`${NS}/config`, { token })).headers['etag'])
    const write = () =>
      at.ask('POST', `${NS}/changes`, { token, body: change({ mine: { a: 2 } }), headers: { 'if-match': tag } })
    await at.set({ other: { b: 2 } })
    expect((await write()).status).toBe(201)
    expect((await write()).status).toBe(412)
  })
})

describe('an Idempotency-Key', () => {
  it('makes a repeated request one change, also after a restart, and with If-Match', async () => {
    const directory = folder()
    const first = await served(directory)
    await first.set({ server: { port: 1 } })
    const tag = String((await first.get(`${NS}/config`)).headers['etag'])
    const asked = { body: change({ server: { port: 2 } }), headers: { 'idempotency-key': '"k-1"', 'if-match': tag } }
    const made = await first.ask('POST', `${NS}/changes`, asked)
    const again = await first.ask('POST', `${NS}/changes`, asked)
    expect([made.status, again.status, again.json]).toEqual([201, 201, made.json])
    await first.server.close()

    const second = await served(directory, {}, first.admin)
    const late = await second.ask('POST', `${NS}/changes`, {
      ...asked,
      headers: { ...asked.headers, 'idempotency-key': 'k-1' },
    })
    expect([late.status, late.json.version.id]).toEqual([201, made.json.version.id])
    expect((await second.get(`${NS}/versions/latest`)).json.id).toBe(made.json.version.id)
  })

  it('is answered before If-Match is looked at, also for a token that may see a part, and where the state came back', async () => {
    const at = await served(folder())
    await at.set({ mine: { a: 1 }, other: { b: 1 } })
    const grants = [{ actions: ['config:read', 'config:write'] as const, namespaces: ['default'], sections: ['mine'] }]
    for (const token of [await at.token('narrow', grants), at.admin]) {
      const tag = String((await at.get(`${NS}/config`, { token })).headers['etag'])
      const headers = { 'idempotency-key': 'k', 'if-match': tag }
      const write = () => at.ask('POST', `${NS}/changes`, { token, body: change({ mine: { a: 2 } }), headers })
      const made = await write()
      expect([made.status, made.json.changes.length]).toEqual([201, 1])
      expect(await write()).toMatchObject({ status: 201, json: made.json })
      await at.set({ mine: { a: 1 } })
      expect((await at.get(`${NS}/config`, { token })).headers['etag']).toBe(tag)
      expect(await write()).toMatchObject({ status: 201, json: made.json })
    }
    expect((await at.get(`${NS}/config/mine/a`)).json).toBe(1)
  })

  it('is refused for something else, and where it is none', async () => {
    const at = await served(folder())
    const post = (key: string, port: number) =>
      at.ask('POST', `${NS}/changes`, { body: change({ server: { port } }), headers: { 'idempotency-key': key } })
    expect((await post('k', 1)).status).toBe(201)
    expect(await post('k', 2)).toMatchObject({ status: 422, json: { code: 'key-reused' } })
    expect((await post('x'.repeat(256), 3)).status).toBe(400)
    expect((await post('', 3)).status).toBe(400)
  })
})

describe('versions', () => {
  it('are made, named, declared, compared, restored and reverted', async () => {
    const at = await served(folder())
    await at.set({ server: { port: 1 } })
    const post = (path: string, body?: object) => at.ask('POST', `${NS}/${path}`, { ...(body && { body }) })
    const snapshot = await post('versions', { description: 'before', tags: ['pre-x'], baseline: true })
    expect([snapshot.status, snapshot.json.isBaseline, snapshot.json.tags]).toEqual([201, true, ['pre-x']])
    await at.set({ server: { port: 2, host: 'h' } })
    expect((await at.ask('PUT', `${NS}/versions/latest/tags/rel%2F7`)).json.tags).toEqual(['rel/7'])
    expect((await at.get(`${NS}/compare?from=pre-x&to=rel%2F7`)).json.changes).toMatchObject([
      { path: 'server.host', after: 'h' },
      { path: 'server.port', before: 1, after: 2 },
    ])
    expect((await at.get(`${NS}/compare?from=pre-x&to=latest&format=json-patch`)).json).toContainEqual({
      op: 'replace',
      path: '/server/port',
      value: 2,
    })
    expect((await at.get(`${NS}/drift?kind=baseline`)).json).toHaveLength(2)
    expect((await post('versions/pre-x/restore', { dryRun: true })).status).toBe(200)
    const restored = await post('versions/pre-x/restore', { reason: 'back' })
    expect([restored.status, restored.json.version.hash]).toEqual([201, snapshot.json.hash])
    expect((await post('versions/latest/revert')).status).toBe(201)
    expect((await at.get(`${NS}/config/server/port`)).json).toBe(2)
    expect((await at.ask('PUT', `${NS}/baseline`, { body: { ref: 'latest' } })).json.isBaseline).toBe(true)
    expect((await at.ask('DELETE', `${NS}/versions/1/tags/pre-x`)).status).toBe(404)
    expect((await at.ask('DELETE', `${NS}/versions/pre-x/tags/pre-x`)).status).toBe(204)
    expect((await at.get(`${NS}/versions/pre-x`)).status).toBe(404)
    expect((await post('purge', { olderThan: '0s' })).json.versions).toBeGreaterThan(0)
    expect((await post('purge', {})).status).toBe(400)
  })

  it('are not restored or reverted on a condition that nobody would ask', async () => {
    const at = await served(folder())
    await at.set({ server: { port: 1 } })
    for (const path of ['versions/1/restore', 'versions/latest/revert']) {
      const { status, json } = await at.ask('POST', `${NS}/${path}`, { headers: { 'if-match': '"x"' } })
      expect([status, json.code, json.detail]).toEqual([422, 'unsupported', expect.stringContaining('ifVersion')])
    }
    expect((await at.get(`${NS}/versions/latest`)).json.id).toBe(2)
  })

  it('are checked before they are: one key as a reader may, more as a writer', async () => {
    const at = await served(folder())
    const reader = await at.token('reader', [{ actions: ['config:read'], namespaces: ['*'] }])
    const check = (body: object | undefined, token = at.admin) =>
      at.ask('POST', `${NS}/validate`, { token, ...(body && { body }) })
    expect((await check(undefined, reader)).json).toEqual({ valid: true, issues: [] })
    expect((await check({ set: { server: { port: 1 } } }, reader)).json.valid).toBe(true)
    expect((await check({ set: { a: { b: 1, c: 2 } } })).json.valid).toBe(true)
    expect((await check({ set: { a: { b: 1, c: 2 } } }, reader)).status).toBe(403)
    expect((await at.get(`${NS}/versions/latest`)).json.id).toBe(1)
  })
})
