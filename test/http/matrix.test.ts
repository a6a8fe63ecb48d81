import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACTIONS, type Action, type Grant } from '../../src/model/principal.ts'
import { type Server, serve } from '../../src/server.ts'
import { PATHS, type RouteName } from '../../src/wire/paths.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import { ask, type RawAnswer, type RawRequest } from './raw.ts'

const NAMES = Object.keys(PATHS) as RouteName[]
const PROTECTED = NAMES.filter((name) => ROUTES[name].scope !== 'none')
const WITH_BODY = PROTECTED.filter((name) => ROUTES[name].body !== undefined)

/** What stands in the place of each parameter: things that are there where they can be. */
const PARAMETERS: Readonly<Record<string, string>> = {
  ns: 'default',
  section: 'server',
  key: 'port',
  ref: 'latest',
  tag: 'release-7',
  id: 'a1',
  delivery: 'a1',
  name: 'nightly',
  code: 'invalid',
}

let server: Server
let directory: string
let admin: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'))
  server = await serve({
    directory,
    store: 'store.db',
    port: 0,
    tokenRate: 1e9,
    addressRate: 1e9,
    onFirstToken: (text) => {
      admin = text
    },
  })
  for (const ns of ['default', 'other']) expect(await statusOf(`/api/v1/namespaces/${ns}`, 'PUT')).toBe(201)
  const change = { set: { server: { port: 4949 } } }
  expect(await statusOf('/api/v1/namespaces/default/changes', 'POST', change)).toBe(201)
})
afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const json = { 'content-type': 'application/json' }

async function statusOf(path: string, method: string, body?: unknown): Promise<number> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const { status } = await ask(server.port, {
    method,
    path,
    headers: { ...bearer(admin), ...(text !== undefined && json) },
    ...(text !== undefined && { body: text }),
  })
  return status
}

/** A request to a route as its documentation shows it, with the right method and a body that it takes. */
function requestTo(name: RouteName, headers: Readonly<Record<string, string>>): RawRequest {
  const [method, template] = PATHS[name]
  const path = template.replace(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(PARAMETERS[parameter]!))
  const { body, example } = ROUTES[name]
  if (body === undefined) return { method, path: path + queryOf(name), headers }
  return { method, path, headers: { ...json, ...headers }, body: JSON.stringify(example ?? {}) }
}

/** What a query must say, from its schema. */
function queryOf(name: RouteName): string {
  return name === 'compare' ? '?from=1&to=latest' : ''
}

async function token(
  name: string,
  grants: readonly Grant[],
  expiresAt?: string,
): Promise<{ id: string; text: string }> {
  const body = JSON.stringify({ name, grants, ...(expiresAt !== undefined && { expiresAt }) })
  const answer = await ask(server.port, {
    method: 'POST',
    path: '/api/v1/tokens',
    headers: { ...bearer(admin), ...json },
    body,
  })
  expect(answer.status, answer.text).toBe(201)
  const made = JSON.parse(answer.text) as { token: { id: string }; text: string }
  return { id: made.token.id, text: made.text }
}

function expectProblem(answer: RawAnswer, status: number, code: string, asked = ''): void {
  expect([answer.status, answer.text], asked).toEqual([status, expect.stringContaining(`"code":"${code}"`)])
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
}

describe('every route that needs a token', () => {
  const malformed = [
    'Bearer',
    'Bearer ',
    'Bearer hf_',
    'Bearer hf_short',
    `Bearer hf_${'a'.repeat(60)}`,
    `Bearer ${'x'.repeat(7000)}`,
    'Basic aGY6aGY=',
    'bearer-hf_abc',
    'Bearer hf_%00%00',
    'Bearer null, Bearer undefined',
  ]

  it('refuses nobody known, however that is said, before it looks at the body', async () => {
    for (const name of PROTECTED) {
      const sayings = [{}, ...malformed.map((authorization) => ({ authorization }))]
      for (const headers of sayings) {
        const answer = await ask(server.port, {
          ...requestTo(name, headers),
          ...(WITH_BODY.includes(name) && { body: '{ no' }),
        })
        expectProblem(answer, 401, 'unauthenticated')
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
      }
    }
  })

  it('refuses a token that has expired and one that was revoked', async () => {
    const everything: readonly Grant[] = [{ actions: ['admin'], namespaces: ['*'] }]
    const revoked = await token('revoked', everything)
    expect(await statusOf(`/api/v1/tokens/${revoked.id}`, 'DELETE')).toBe(200)
    const expired = await token('expired', everything, new Date(Date.now() + 300).toISOString())
    await until(async () => (await whoami(expired.text)) === 401)
    for (const name of PROTECTED) {
      for (const { text } of [revoked, expired]) {
        expectProblem(await ask(server.port, requestTo(name, bearer(text))), 401, 'unauthenticated')
      }
    }
  })

  it('refuses a token of every other scope', async () => {
    const others = new Map<Action, string>()
    for (const action of ACTIONS.filter((one) => one !== 'admin')) {
      const actions = ACTIONS.filter((one) => one !== action && one !== 'admin')
      others.set(action, (await token(`without-${action.replace(':', '-')}`, [{ actions, namespaces: ['*'] }])).text)
    }
    const modest = await token('modest', [{ actions: ACTIONS.filter((one) => one !== 'admin'), namespaces: ['*'] }])
    others.set('admin', modest.text)
    for (const name of PROTECTED) {
      const { scope } = ROUTES[name]
      if (scope === 'token' || scope === 'none') continue
      const answer = await ask(server.port, requestTo(name, bearer(others.get(scope)!)))
      if (name === 'listNamespaces') expect([answer.status, answer.text]).toEqual([200, '[]'])
      else expectProblem(answer, 403, 'forbidden', name)
    }
  })

  it('refuses a token that may do everything, but in another namespace', async () => {
    const elsewhere = await token('elsewhere', [{ actions: ['admin'], namespaces: ['other'] }])
    for (const name of PROTECTED) {
      if (ROUTES[name].scope === 'token') continue
      const answer = await ask(server.port, requestTo(name, bearer(elsewhere.text)))
      if (name === 'listNamespaces') expect(answer.text).not.toContain('default')
      else if (name === 'audit') expect(JSON.parse(answer.text)).toMatchObject({ items: expect.any(Array) })
      else expectProblem(answer, 403, 'forbidden', name)
    }
  })

  it('lets the right token in', async () => {
    const last: readonly RouteName[] = ['deleteNamespace']
    for (const name of [...PROTECTED.filter((one) => !last.includes(one)), ...last]) {
      const right = await token(`right-${name}`, [{ actions: ['admin'], namespaces: ['*'] }])
      const answer = await ask(server.port, requestTo(name, bearer(right.text)))
      expect([401, 403], `${name}: ${answer.text}`).not.toContain(answer.status)
      expect(answer.status, `${name}: ${answer.text}`).toBeLessThan(500)
      expect(Object.keys(ROUTES[name].answers).concat(['400', '404', '409', '422'])).toContain(String(answer.status))
    }
    expect(await statusOf('/api/v1/namespaces/default', 'PUT')).toBe(201)
  })
})

describe('every route', () => {
  it('refuses malformed input with what and where, never with a failure of its own', async () => {
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
    const bodies: readonly (readonly [string | Buffer, readonly number[]])[] = [
      ['{ "set": ', [400]],
      ['[]', [400]],
      ['null', [400]],
      ['"text"', [400]],
      ['{"no-such-member": 1}', [400]],
      ['{"__proto__": {"admin": true}}', [400]],
      ['{"constructor": {"prototype": 1}}', [400]],
      [deep, [400, 413]],
      [Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), [400]],
      [`{"reason": "${'x'.repeat(5 * 1024 * 1024)}"}`, [413]],
    ]
    for (const name of WITH_BODY) {
      for (const [body, statuses] of bodies) {
        const answer = await ask(server.port, { ...requestTo(name, bearer(admin)), body })
        expect(statuses, `${name} ${String(body).slice(0, 30)}: ${answer.text}`).toContain(answer.status)
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
      }
      const text = { ...bearer(admin), 'content-type': 'text/plain' }
      expectProblem(await ask(server.port, { ...requestTo(name, {}), headers: text, body: '{}' }), 415, 'media-type')
    }
    for (const name of NAMES.filter((one) => ROUTES[one].body === undefined && ROUTES[one].scope !== 'none')) {
      const request = requestTo(name, bearer(admin))
      const path = `${request.path}${request.path.includes('?') ? '&' : '?'}no-such-parameter=1`
      expectProblem(await ask(server.port, { ...request, path }), 400, 'malformed')
    }
  })

  it('answers only to its own spelling', async () => {
    for (const name of PROTECTED) {
      const request = requestTo(name, {})
      for (const path of oddFormsOf(request.path, PATHS[name][1].endsWith('}'))) {
        const [nobody, somebody] = [
          await ask(server.port, { ...request, path }),
          await ask(server.port, { ...request, path, headers: { ...request.headers, ...bearer(admin) } }),
        ]
        expect([400, 401, 404, 405], `${request.method} ${path}`).toContain(nobody.status)
        expect([400, 404, 405], `${request.method} ${path}: ${somebody.text}`).toContain(somebody.status)
      }
    }
  })

  it('is not opened by a header that names another address or method', async () => {
    for (const name of PROTECTED) {
      const headers = {
        'x-original-url': '/livez',
        'x-rewrite-url': '/livez',
        'x-http-method-override': 'GET',
        'x-forwarded-prefix': '/livez',
        forwarded: 'for=127.0.0.1;proto=https',
      }
      expectProblem(await ask(server.port, requestTo(name, headers)), 401, 'unauthenticated')
    }
  })

  it('tells which methods it has where it is asked with another', async () => {
    for (const name of PROTECTED) {
      const { path } = requestTo(name, {})
      const answer = await ask(server.port, { method: 'TRACE', path, headers: bearer(admin) })
      expectProblem(answer, 405, 'method')
      expect(answer.headers['allow']).toContain(PATHS[name][0])
    }
  })
})

/** Ways to write an address that some servers take for the address itself. What ends in a name of the caller's may end in much. */
function oddFormsOf(path: string, endsInName: boolean): readonly string[] {
  const [, ...segments] = path.split('?')[0]!.split('/')
  const at = (i: number, change: (segment: string) => string) =>
    `/${segments.map((segment, n) => (n === i ? change(segment) : segment)).join('/')}`
  return [
    `/${path}`,
    `${path.split('?')[0]}/`,
    `/.${path}`,
    `/x/..${path}`,
    path.replace('/api/', '/API/'),
    path.replace('/api/', '/api//'),
    path.replace('/api/', '/%61pi/'),
    path.replace('/api/v1/', '/api%2fv1/'),
    path.replace('/api/v1/', '/api/v1/%2e/'),
    path.replace('/api/v1/', '/api/v1/%2e%2e/v1/'),
    path.replace('/api/v1/', '/api\\v1/'),
    ...(endsInName ? [] : [`${path.split('?')[0]};x=1`]),
    `${path.split('?')[0]}%00`,
    at(2, (segment) => segment.toUpperCase()),
  ].filter((form) => form !== path)
}

async function whoami(text: string): Promise<number> {
  return (await ask(server.port, { method: 'GET', path: '/api/v1/whoami', headers: bearer(text) })).status
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50))
}
