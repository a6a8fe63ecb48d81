import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../src/client.ts'
import type { RouteName } from '../../src/wire/paths.ts'
import { PATHS } from '../../src/wire/paths.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import { until } from '../engine/helpers.ts'
import { faultyServer } from './faulty.ts'
import { folder, NS, type Served, served } from './serving.ts'
import { Watcher } from './watching.ts'

/** No read by their method, and yet the store is not needed: a copy of it least of all. */
const FREE: readonly RouteName[] = ['validate', 'verifyBackup']
const WRITES = (Object.keys(PATHS) as RouteName[]).filter((name) => PATHS[name][0] !== 'GET' && !FREE.includes(name))

const PARAMETERS: Readonly<Record<string, string>> = {
  ns: 'default',
  section: 'server',
  key: 'port',
  ref: 'latest',
  tag: 'release-7',
  delivery: 'a1',
  name: 'nightly',
}

/** Where the usual would be refused, or change nothing. */
const OTHERWISE: Readonly<Partial<Record<RouteName, Readonly<Record<string, string>>>>> = {
  restore: { ref: '1' },
  createNamespace: { ns: 'fresh' },
}

/** What there is to be asked for. */
interface There {
  readonly token: string
  readonly webhook: string
}

const NOTHING: There = { token: 'a1', webhook: 'a1' }

/** A request to a route as its documentation shows it. */
function requestTo(name: RouteName, there: There): readonly [string, string, unknown] {
  const [method, template] = PATHS[name]
  const id = name.includes('Token') ? there.token : name.includes('Webhook') ? there.webhook : 'a1'
  const parameters = { ...PARAMETERS, ...OTHERWISE[name], id }
  const path = template.replace(/\{(\w+)\}/g, (_, one: string) => parameters[one as keyof typeof parameters]!)
  return [method, path, ROUTES[name].body === undefined ? undefined : (ROUTES[name].example ?? {})]
}

const staleOf = async (at: Served, path = `${NS}/config`): Promise<unknown> =>
  (await at.get(path)).headers['holdfast-stale']

const urlOf = ({ server, admin }: Served) => ({ url: server.url, token: admin })

const waitsOrRefuses = async (at: Served, body: object, headers = {}) =>
  at.ask('POST', `${NS}/changes`, { body, headers })

describe('while the store is away', () => {
  for (const how of ['failing', 'hanging'] as const) {
    it(`(${how}) reads and watches go on, marked stale, writes are refused, and afterwards all catch up`, async () => {
      const directory = folder()
      const { faulty, at } = await faultyServer(directory)
      const other = await served(directory, {}, at.admin)
      const first = await at.set({ server: { port: 1 } })
      const watcher = await Watcher.open(urlOf(at))
      expect(await staleOf(at)).toBeUndefined()

      faulty.goAway(how)
      await until(async () => (await staleOf(at)) !== undefined)
      for (const path of ['config', 'config/server', 'config/server/port', 'snapshot', 'overrides', 'drift']) {
        const answer = await at.get(`${NS}/${path}`)
        expect([path, answer.status, answer.headers['holdfast-stale']]).toEqual([
          path,
          200,
          expect.stringMatching(/^\d+$/),
        ])
      }
      const whole = await at.get(`${NS}/config`)
      expect(whole.json).toEqual({ server: { port: 1 } })
      expect(whole.headers['holdfast-version']).toBe(String(first))
      const known = await at.get(`${NS}/config`, { headers: { 'if-none-match': String(whole.headers.etag) } })
      expect([known.status, known.headers['holdfast-stale']]).toEqual([304, expect.stringMatching(/^\d+$/)])
      expect(await at.get('/readyz', { token: null })).toMatchObject({ status: 503, json: { isReady: false } })
      expect((await at.get(`${NS}/config`, { token: 'hf_nobody' })).status).toBe(401)
      expect((await at.get('/api/v1/whoami')).status).toBe(200)

      const refused = await waitsOrRefuses(at, { set: { server: { port: 2 } } })
      expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable', retry: true } })
      expect(refused.headers['retry-after']).toMatch(/^\d+$/)
      expect((await at.get(`${NS}/history`)).status).toBe(503)
      await until(() => watcher.events.some(({ event }) => event === 'store'))
      const { text } = watcher
      await until(() => watcher.text.length > text.length) // a heartbeat
      const late = await Watcher.open(urlOf(at))
      await until(() => late.events.some(({ event }) => event === 'store'))
      expect(late.headers['holdfast-stale']).toMatch(/^\d+$/)

      const missed = [await other.set({ server: { port: 3 } }), await other.set({ server: { port: 4 } })]
      expect((await at.get(`${NS}/config`)).json).toEqual({ server: { port: 1 } })
      faulty.comeBack()
      await until(async () => (await staleOf(at)) === undefined)
      expect((await at.get(`${NS}/config`)).json).toEqual({ server: { port: 4 } })
      await until(async () => (await at.get('/readyz', { token: null })).status === 200)
      await until(() => watcher.events.at(-1)?.event === 'store')
      expect(watcher.versions).toEqual(missed)
      const told = watcher.events.filter(({ event }) => event === 'store').map(({ data }) => JSON.parse(data))
      expect(told).toEqual([{ isStale: true, since: expect.stringMatching(/^\d{4}-.*Z$/) }, { isStale: false }])
      expect(await at.set({ server: { port: 5 } })).toBe(missed[1]! + 1)
      await watcher.reached(missed[1]! + 1)
      await late.reached(missed[1]! + 1)
      expect(late.versions).toEqual([...missed, missed[1]! + 1])
    })
  }

  it('a browser that was here before goes on under its session, and nobody signs in', async () => {
    const { faulty, at } = await faultyServer(folder())
    const signedIn = await at.ask('POST', '/api/v1/session', { token: null, body: { token: at.admin } })
    const cookie = String(signedIn.headers['set-cookie']).split(';')[0]!
    const ask = (path: string, value = cookie) => at.get(path, { token: null, headers: { cookie: value } })
    expect((await ask(`${NS}/config`)).status).toBe(200)
    faulty.goAway('hanging')
    await until(async () => (await staleOf(at)) !== undefined)
    expect((await ask(`${NS}/config`)).status).toBe(200)
    expect((await ask(`${NS}/config`, `__Host-holdfast=${'A'.repeat(43)}`)).status).toBe(503)
    const late = await at.ask('POST', '/api/v1/session', { token: null, body: { token: at.admin } })
    expect(late.status).toBe(503)
  })

  it('a client says that it is stale, and hears all that was missed', async () => {
    const directory = folder()
    const { faulty, at } = await faultyServer(directory)
    const other = await served(directory, {}, at.admin)
    await at.set({ server: { port: 1 } })
    const config = await connect({ ...urlOf(at), instance: false })
    onTestFinished(() => config.close())
    const seen: number[] = []
    config.on('change', ({ version }) => seen.push(version.id))
    faulty.goAway('failing')
    await until(() => config.connection === 'stale')
    expect(config.get('server.port')).toBe(1)
    const missed = [await other.set({ server: { port: 2 } }), await other.set({ server: { port: 3 } })]
    faulty.comeBack()
    await until(() => config.connection === 'live')
    await until(() => seen.length === 2)
    expect([seen, config.get('server.port')]).toEqual([missed, 3])
  })

  it('it is noticed and left behind without a request', async () => {
    const { faulty, at } = await faultyServer(folder())
    const watcher = await Watcher.open(urlOf(at))
    const told = () => watcher.events.filter(({ event }) => event === 'store').length
    faulty.goAway('failing')
    await until(() => told() === 1)
    faulty.comeBack()
    await until(() => told() === 2)
  })

  it('every route that writes is refused at once, with the time to come back', async () => {
    const { faulty, at } = await faultyServer(folder())
    faulty.goAway('hanging')
    await until(async () => (await staleOf(at)) !== undefined)
    for (const name of WRITES) await expectUnavailable(at, name, NOTHING)
  })

  it('every route that writes says so too where the store is there and takes nothing, and nothing is half done', async () => {
    const { faulty, at } = await faultyServer(folder())
    await at.set({ server: { port: 1 } })
    await at.ask('PUT', `${NS}/versions/latest/tags/release-7`)
    const token = await at.ask(...asked('createToken'))
    const webhook = await at.ask(...asked('createWebhook'))
    const there = { token: token.json.token.id, webhook: webhook.json.webhook.id }
    const before = await everything(at)
    faulty.spared = READS
    faulty.goAway('failing')
    for (const name of WRITES) {
      if (NEEDS_NO_STORE.has(name)) continue
      await expectUnavailable(at, name, there)
    }
    faulty.comeBack()
    await until(async () => (await staleOf(at)) === undefined)
    expect(await everything(at)).toEqual(before)
  })

  it('a write that was under way is answered as unknown, and made once under its key', async () => {
    const { faulty, at } = await faultyServer(folder())
    await at.set({ server: { port: 1 } })
    const body = { set: { server: { port: 2 } } }
    const headers = { 'idempotency-key': 'k1' }
    faulty.spared = ['find']
    faulty.goAway('hanging')
    const answer = await waitsOrRefuses(at, body, headers)
    expect(answer).toMatchObject({ status: 503, json: { code: 'unknown' } })
    expect(answer.json.detail).toContain('Idempotency-Key')
    expect(answer.headers['retry-after']).toMatch(/^\d+$/)
    expect(await waitsOrRefuses(at, body, headers)).toMatchObject({ status: 503, json: { code: 'unavailable' } })

    faulty.comeBack()
    await until(async () => (await waitsOrRefuses(at, body, headers)).status === 201)
    const { json } = await at.get(`${NS}/history`)
    expect(json.items.map(({ newValue }: { newValue: number }) => newValue)).toEqual([2, 1])
  })
})

const asked = (name: RouteName): [string, string, { readonly body: unknown }] => {
  const [method, path, body] = requestTo(name, NOTHING)
  return [method, path, { body: { ...(body as object), name: 'before' } }]
}

/** All that a refused write might have left behind. */
async function everything(at: Served): Promise<readonly unknown[]> {
  const paths = [`${NS}/versions`, `${NS}/config`, `${NS}/instances`, '/api/v1/webhooks', '/api/v1/namespaces']
  const tokens = await at.get('/api/v1/tokens')
  const ids = tokens.json.map((one: { id: string; state: string }) => [one.id, one.state])
  return [ids, ...(await Promise.all(paths.map(async (path) => (await at.get(path)).json)))]
}

/** What writes nothing here: schedules, deliveries and sources of which there are none, a session that has not begun, and what only reads. */
const NEEDS_NO_STORE: ReadonlySet<RouteName> = new Set([
  'runSchedule',
  'replayDelivery',
  'reloadSources',
  'signOut',
  'signIn',
  'verify',
])

const READS = [
  'metadata',
  'delta',
  'find',
  'head',
  'state',
  'list',
  'all',
  'namespaces',
  'sources',
  'versions',
  'stats',
]

async function expectUnavailable(at: Served, name: RouteName, there: There): Promise<void> {
  const [method, path, body] = requestTo(name, there)
  const { status, json, headers, text } = await at.ask(method, path, { body })
  expect([name, status, json?.code, json?.retry, text]).toEqual([name, 503, 'unavailable', true, expect.any(String)])
  expect([name, headers['retry-after']]).toEqual([name, expect.stringMatching(/^\d+$/)])
}
