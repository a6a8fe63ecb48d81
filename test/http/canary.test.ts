import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../src/client.ts'
import { PATHS, pathTo, type RouteName } from '../../src/wire/paths.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import { until } from '../engine/helpers.ts'
import { asked } from './canary-asking.ts'
import { type Facts, requestsTo } from './canary-requests.ts'
import { canary, Evidence } from './canary-traces.ts'
import { NUMBER, STEM, World } from './canary-world.ts'

const NAMES = Object.keys(PATHS) as RouteName[]
const NS = '/api/v1/namespaces/default'
const SECRET = `${STEM}set`
const json = { 'content-type': 'application/json' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** What takes something away that others look at is tried last, on things made for it. */
const ENDING: readonly RouteName[] = ['deleteNamespace', 'revokeToken', 'deleteWebhook', 'rotateToken', 'signOut']

let world: World
let reader: { readonly id: string; readonly text: string }
let spare: { readonly id: string; readonly text: string }
let webhook: string
/** What a session's own page is given. */
let csrf = ''

beforeAll(async () => {
  world = await World.begin()
  const actions = ['config:read', 'config:write', 'audit:read'] as const
  reader = await world.token('reader', [{ actions, namespaces: ['*'] }])
  spare = await world.token('spare', [{ actions, namespaces: ['*'] }])
  const { webhook: made } = await world.call<{ webhook: { id: string } }>(world.admin, 'POST', '/api/v1/webhooks', {
    name: 'all',
    url: world.hook,
  })
  webhook = made.id
})
afterAll(() => world.close())

const write = (body: object): Promise<{ version: { id: number } | null }> =>
  world.call(reader.text, 'POST', `${NS}/changes`, body)

/** Each way to write, with something to hide in it. */
async function writeAll(): Promise<void> {
  const users = [{ name: 'ana', token: SECRET }]
  const everything = { password: SECRET, pin: NUMBER, list: [SECRET, { a: NUMBER }], tree: { a: { b: SECRET } }, users }
  await write({ set: { vault: everything }, reason: 'all of them', comment: 'each', dryRun: true })
  await write({ set: { vault: everything }, reason: 'all of them', comment: 'each' })
  await world.call(reader.text, 'POST', `${NS}/versions`, { description: 'agreed', tags: ['agreed'], baseline: true })
  const put = { method: 'PUT', body: JSON.stringify({ value: `${SECRET}-2`, reason: 'put' }), headers: json }
  const headers = { ...bearer(reader.text), 'idempotency-key': 'once', 'if-match': '*' }
  for (const _ of [1, 2]) {
    const got = await world.ask({ ...put, path: `${NS}/overrides/vault/password` }, headers)
    expect([200, 201], got.text).toContain(got.status)
  }
  await write({ unset: ['vault.pin'], mask: ['vault.ttl'], set: { plain: { note: 'elsewhere', port: 7 } } })
  await world.call(reader.text, 'DELETE', `${NS}/overrides/vault/ttl`)
  await world.call(reader.text, 'POST', `${NS}/versions/agreed/restore`, { reason: 'back' })
  await world.call(reader.text, 'POST', `${NS}/versions/latest/revert`, { reason: 'undone' })
  await write({ set: { vault: { pin: String(NUMBER) } }, isText: true })
  world.workspace.write('base.yaml', `vault: { based: "${STEM}`)
  await world.call(reader.text, 'POST', `${NS}/sources/reload`)
}

/** Bodies that are refused, each with the secret in it. */
const REFUSED: readonly (readonly [RouteName, string])[] = [
  ...[
    { set: { vault: { password: SECRET.repeat(9) } } },
    { set: { vault: { password: [SECRET] } } },
    { set: { vault: { password: { a: SECRET } } } },
    { set: { vault: { pin: SECRET } } },
    { set: { vault: { list: [SECRET, SECRET, SECRET, NUMBER] } } },
    { set: { vault: { list: SECRET } } },
    { set: { vault: { tree: SECRET } } },
    { set: { vault: { passwort: SECRET } } },
    { set: { vault: { ttl: 'x', password: SECRET } } },
    { set: { vault: SECRET } },
    { set: SECRET },
    { set: [SECRET] },
    { set: { vault: { password: SECRET } }, ifVersion: 1 },
    { set: { vault: { password: SECRET } }, ifVersion: SECRET },
    { set: { vault: { password: SECRET } }, dryRun: SECRET },
    { set: { vault: { password: SECRET } }, unset: [7, SECRET] },
    { set: { vault: { password: `${SECRET}\0` } } },
    { set: { vault: { password: SECRET.repeat(20_000) } } },
    { set: { plain: { port: { a: SECRET } }, vault: { password: SECRET } } },
  ].map((body) => ['change', JSON.stringify(body)] as const),
  ['change', `{"set": {"vault": {"password": "${SECRET}"`],
  ['change', `{"set": {"vault": {"password": "${SECRET}" "x"}}}`],
  ['change', `{"set": {"vault": {"password": "${SECRET}", "password": "${SECRET}"}}}`],
  ['change', `{"set": {"vault": {"password": ${SECRET}}}}`],
  ['change', `{"set": {"vault": {"password": "${SECRET}\\x"}}}`],
  ['change', `{"set": {"vault": {"password": "${SECRET}\n"}}}`],
  ['change', `{"set": {"vault": {"pin": ${NUMBER}e400}}}`],
  ['change', `{"set": {"vault": {"pin": ${NUMBER}0123456789}}}`],
  ['change', `${'{"a":'.repeat(50)}"${SECRET}"${'}'.repeat(50)}`],
  ['change', `"${SECRET}"`],
  ['validate', JSON.stringify({ set: { vault: { password: [SECRET] } } })],
  ['validate', JSON.stringify({ set: { vault: { pin: SECRET, password: SECRET.repeat(9) } } })],
  ['setOverride', JSON.stringify({ value: { a: SECRET } })],
  ['setOverride', JSON.stringify({ value: SECRET.repeat(9) })],
  ['setOverride', JSON.stringify({ value: SECRET, ifVersion: 1 })],
  ['signIn', JSON.stringify({ token: SECRET })],
]

async function refuseAll(): Promise<void> {
  const addresses = { ns: 'default', section: 'vault', key: 'password' }
  for (const [name, body] of REFUSED) {
    const sent = { method: PATHS[name][0], path: pathTo(name, addresses), headers: json, body }
    const got = await world.ask(sent, bearer(reader.text))
    expect(got.status, `${name} ${body.slice(0, 100)}: ${got.text}`).toBeLessThan(500)
    if (name !== 'validate') expect(got.status, `${name} ${body.slice(0, 100)}`).toBeGreaterThanOrEqual(400)
  }
  const change = {
    method: 'POST',
    path: `${NS}/changes`,
    body: JSON.stringify({ set: { vault: { password: SECRET } } }),
  }
  const ways: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
    [{ ...bearer(reader.text), ...json, 'if-match': '"no"' }, 412],
    [{ ...bearer(reader.text), ...json, 'idempotency-key': 'once' }, 422],
    [{ ...bearer(reader.text), 'content-type': 'text/plain' }, 415],
    [{ ...bearer(`${reader.text}x`), ...json }, 401],
    [{ ...bearer(reader.text.slice(0, -1)), ...json }, 401],
    [{ authorization: reader.text, ...json }, 401],
    [{ cookie: `__Host-holdfast=${reader.text}`, ...json }, 401],
    [json, 401],
  ]
  for (const [headers, status] of ways) expect([status, (await world.ask(change, headers)).status]).toContain(status)
}

interface Named {
  readonly id: string
}

/** All that there is to be asked for. */
async function facts(): Promise<Facts> {
  const sent = await world.call<{ items: readonly Named[] }>(
    world.admin,
    'GET',
    `/api/v1/webhooks/${webhook}/deliveries`,
  )
  const backups = await world.call<readonly { name: string }[]>(world.admin, 'GET', '/api/v1/backups')
  const secret = { set: { vault: { password: SECRET } }, dryRun: true }
  return {
    ns: 'default',
    sections: ['vault', 'plain', '""', 'none'],
    keys: [
      ['vault', 'password'],
      ['vault', 'tree'],
      ['vault', 'tree.a.b'],
      ['vault', 'users'],
      ['vault', 'from_env'],
      ['plain', 'url'],
      ['vault', 'none'],
    ],
    refs: ['1', '2', '4', 'latest', 'agreed~1'],
    tags: ['agreed'],
    names: ['reader', 'nobody'],
    instances: ['one'],
    tokens: [spare.id],
    webhooks: [webhook],
    deliveries: sent.items.slice(0, 1).map(({ id }) => id),
    schedules: ['nightly', 'refresh', 'drift', 'old', 'agreed'],
    backups: backups.slice(0, 1).map(({ name }) => name),
    bodies: {
      change: [{ set: { vault: { password: SECRET } }, dryRun: true }, secret],
      setOverride: [{ value: 'plain', dryRun: true }],
      restore: [{ dryRun: true }, { dryRun: true, sections: ['vault'] }, { dryRun: true, mode: 'overrides' }],
      revert: [{ dryRun: true }],
      validate: [{}, { set: { vault: { password: SECRET } } }, { set: { vault: { password: 'x' } } }],
      purge: [{ olderThan: '1d', dryRun: true }],
      verify: [{}, { namespace: 'default' }],
      reportInstance: [{ host: 'h', version: 1, startVersion: 1, startedAt: '2026-11-01T00:00:00Z' }],
      createVersion: [{ description: 'asked for' }],
      setBaseline: [{ ref: 'baseline' }],
      updateWebhook: [{ name: 'every' }],
    },
  }
}

/** Sends every request there is, as somebody who does not ask for secrets or may not. */
async function drive(headers: Readonly<Record<string, string>>, mayReveal: boolean, all: Facts): Promise<number> {
  let count = 0
  for (const name of NAMES.filter((one) => !ENDING.includes(one))) {
    for (const sent of requestsTo(name, all)) {
      if (mayReveal && sent.path.includes('reveal=true')) continue
      if (sent.method !== 'GET' && ROUTES[name].scope === 'none') continue
      const isMaking = ['createToken', 'createWebhook', 'rotateWebhookSecret', 'createNamespace'].includes(name)
      if (isMaking) continue
      const got = await world.ask(sent, headers)
      expect(got.status, `${sent.method} ${sent.path}: ${got.text}`).toBeLessThan(500)
      count++
    }
  }
  return count
}

describe('the traces of a text', () => {
  it('are found in every encoding, whatever stands around it', () => {
    const looked = canary('it', STEM)
    for (const shift of [0, 1, 2, 3, 4]) {
      const around = Buffer.concat([randomBytes(shift), Buffer.from(STEM), randomBytes(5)])
      const wide = Buffer.from(`${'x'.repeat(shift)}${STEM}yz`, 'utf16le')
      const forms = (['base64', 'base64url', 'hex', 'latin1'] as const).map((encoding) => around.toString(encoding))
      for (const form of [
        ...forms.map((one) => Buffer.from(one, 'latin1')),
        wide,
        Buffer.from(wide.toString('base64')),
      ]) {
        const evidence = new Evidence()
        evidence.hear('here', form)
        expect(evidence.find([looked])).toHaveLength(1)
      }
    }
  })
})

describe('a secret', () => {
  it('that is written in every way and refused in every way is found nowhere', { timeout: 120_000 }, async () => {
    const headers = bearer(reader.text)
    const watching = world.ask({ method: 'GET', path: `${NS}/watch?since=0` }, headers)
    await writeAll()
    await refuseAll()
    await watching
    await world.call(world.admin, 'POST', '/api/v1/backups')
    await world.call(world.admin, 'POST', `/api/v1/webhooks/${webhook}/test`)
    await until(() => world.deliveries.length >= 5)

    const all = await facts()
    expect(await drive({ ...headers, 'accept-encoding': 'gzip' }, false, all)).toBeGreaterThan(200)
    const signedIn = await signIn()
    await drive(signedIn, true, all)
    world.hearDatabase()
    await world.ask({ method: 'GET', path: `${NS}/watch?since=1` }, headers)
    expect(world.deliveries.map(({ body }) => body).join()).toContain('holdfast.change')
    expect(world.found()).toEqual([])
  })

  it('is not told by commands to who may not see it', async () => {
    const env = { HOLDFAST_SERVER: world.server.url, HOLDFAST_TOKEN: reader.text }
    const typed = [
      ...['get', 'get vault', 'get vault.password', 'get plain.url', 'get --format env', 'get vault --at 2'],
      ...['explain vault.password', 'explain plain.url', 'explain vault.from_env', 'blame', 'drift --detail'],
      ...['drift --kind baseline --detail', 'history --limit 100', 'versions', 'show latest', 'compare 1 latest'],
      ...['compare 1 latest --format json-patch', 'instances', 'validate', `set vault.password=${SECRET.repeat(5)}`],
      ...[`set vault.pin=${SECRET}`, `set vault.ttl=x vault.password=${SECRET}`, `validate vault.pin=${SECRET}`],
      ...['audit', 'audit --format csv', 'audit --format jsonl', 'whoami', 'restore 1 --dry-run', 'revert 2 --dry-run'],
      ...['get --reveal', 'get vault.password --reveal', 'explain vault.password --reveal'],
    ]
    for (const line of typed) {
      for (const more of [[], ['--json'], ['-v']]) {
        const { out, err } = await world.workspace.run([...line.split(' '), ...more], { env })
        world.evidence.hear(`holdfast ${line}`, out)
        world.evidence.hear(`holdfast ${line}, standard error`, err)
      }
    }
    expect(world.found()).toEqual([])
  })

  it('is not known to a client whose token may not see it', async () => {
    const heard: unknown[] = []
    const log = { warn: (...said: unknown[]) => heard.push(said) }
    const cacheFile = world.workspace.path('cache.json')
    const config = await connect({ url: world.server.url, token: reader.text, cacheFile, log })
    config.on('change', (event) => heard.push(event))
    heard.push(await config.update('vault', { password: `${SECRET}-client` }))
    for (const values of [{ password: [SECRET] }, { pin: SECRET }, { none: SECRET }])
      heard.push(await config.update('vault', values).catch((error: unknown) => error))
    heard.push(await connect({ url: world.server.url, token: `${reader.text}x`, log }).catch((error: unknown) => error))
    heard.push(config.toJSON(), config.items('vault'), config.get('plain.url'), config.detectDrift(), config)
    heard.push(await config.explain('vault.password'), await config.at(2).then((past) => past.toJSON()))
    await config.close()
    for (const one of heard) {
      world.evidence.hear('the client', inspect(one, { depth: 10, showHidden: true }))
      world.evidence.hear('the client', JSON.stringify(one) ?? '')
    }
    expect(world.found()).toEqual([])
  })

  it('comes to who may see it and asks for it, and that is written down', async () => {
    const opener = await world.token('opener', [{ actions: ['config:read', 'secrets:read'], namespaces: ['default'] }])
    const read = (path: string) => world.call<unknown>(opener.text, 'GET', path).catch((error: unknown) => error)
    await write({ set: { vault: { tree: { a: SECRET } } } })
    const shown = new Evidence()
    const paths = ['/config', '/config/vault', '/config/vault/tree', '/config/plain/url', '/snapshot']
    for (const path of paths) {
      const { text } = await askQuietly(`${NS}${path}?reveal=true`, opener.text)
      shown.hear(path, text)
      expect([path, JSON.parse(text)]).not.toEqual([path, await read(`${NS}${path}`)])
    }
    expect(shown.find([canary('the secret', STEM)])).toHaveLength(paths.length)
    const reads = async () =>
      (
        await world.call<{ items: readonly { who: string; count: number }[] }>(
          world.admin,
          'GET',
          '/api/v1/audit?event=secret-read',
        )
      ).items.filter(({ who }) => who === 'opener')
    await until(async () => (await reads()).length > 0)
    expect(world.found()).toEqual([])
  })

  it('is in nothing that a stopped or a killed server leaves behind', async () => {
    for (const name of ['rotateToken', 'revokeToken', 'deleteWebhook'] as const) await endOne(name)
    const { err } = await world.end('SIGTERM')
    expect(err).not.toMatch(/unhandled|UnhandledPromise|a request failed/i)
    await world.start()
    await write({ set: { vault: { password: `${SECRET}-last`, pin: NUMBER } } })
    await world.end('SIGKILL')
    expect(world.found()).toEqual([])
    expect(csrf).toMatch(/^[\w-]{20,}$/)
    expect(world.left.find([canary('the csrf', csrf)])).toEqual([])
  })
})

async function signIn(): Promise<Readonly<Record<string, string>>> {
  const body = JSON.stringify({ token: world.admin })
  const sent = { method: 'POST', path: '/api/v1/session', headers: json, body }
  const { port } = world
  const got = await asked(port, sent)
  expect(got.status, got.text).toBe(201)
  csrf = (JSON.parse(got.text) as { csrf: string }).csrf
  const cookie = world.keep('the cookie', /__Host-holdfast=([^;]+)/.exec(String(got.headers['set-cookie']))![1]!)
  world.evidence.hear('signing in', got.head + got.text, [cookie, csrf])
  const again = await asked(port, {
    method: 'GET',
    path: '/api/v1/session',
    headers: { cookie: `__Host-holdfast=${cookie}` },
  })
  expect(JSON.parse(again.text)).toMatchObject({ csrf })
  return { cookie: `__Host-holdfast=${cookie}`, 'holdfast-csrf': csrf }
}

async function askQuietly(path: string, token: string) {
  return asked(world.port, { method: 'GET', path, headers: bearer(token) })
}

async function endOne(name: 'rotateToken' | 'revokeToken' | 'deleteWebhook'): Promise<void> {
  const id = name === 'deleteWebhook' ? webhook : spare.id
  await world.call(world.admin, PATHS[name][0], pathTo(name, { id }))
}
