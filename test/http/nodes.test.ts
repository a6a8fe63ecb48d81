import { describe, expect, it, onTestFinished } from 'vitest'
import { connect } from '../../src/client.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import { temporaryFolder } from '../store/temporary.ts'
import { faultyServer } from './faulty.ts'
import { ServerProcess } from './server-process.ts'
import { folder, NS, type Served, served } from './serving.ts'
import { Watcher } from './watching.ts'

const FRESH = ['config', 'config/server', 'config/server/port', 'snapshot', 'overrides', 'drift', 'blame', 'history']
const READS = [...FRESH, 'versions', 'compare?from=1&to=latest']

const query = (path: string, more: string): string => `${NS}/${path}${path.includes('?') ? '&' : '?'}${more}`

const urlOf = ({ server, admin }: Served) => ({ url: server.url, token: admin })

/** Two servers of one store, of which the first does not hear what the second commits. */
async function pair() {
  const directory = folder()
  const { faulty, at } = await faultyServer(directory)
  const other = await served(directory, {}, at.admin)
  await at.set({ server: { port: 1 } })
  faulty.isDeaf = true
  return { faulty, at, other }
}

describe('a read that says min', () => {
  it('has at least that version on a server that has not heard of it, whatever is read', async () => {
    const { at, other } = await pair()
    for (const [i, path] of READS.entries()) {
      const version = await other.set({ server: { port: 100 + i } })
      const answer = await at.get(query(path, `min=${version}&wait=60s`))
      const told = path === 'versions' ? `"id":${version}` : String(100 + i)
      expect([path, answer.status, answer.text]).toEqual([path, 200, expect.stringContaining(told)])
    }
  })

  it('is answered at once where it is there, and otherwise waits for no longer than it says', async () => {
    const { at, other } = await pair()
    const version = await other.set({ server: { port: 2 } })
    expect((await at.get(`${NS}/config`)).json).toEqual({ server: { port: 1 } })
    for (const path of READS) {
      const late = await at.get(query(path, `min=${version + 1}&wait=10ms`))
      expect([path, late.status, late.json.code, late.json.retry]).toEqual([path, 503, 'unavailable', true])
      expect(late.json.version).toBe(version)
      expect(late.json.detail).toContain(`has version ${version} of namespace default, and not ${version + 1} yet`)
      expect([late.headers['retry-after'], late.headers['holdfast-version']]).toEqual(['1', String(version)])
    }
    const waiting = at.get(query('config/server/port', `min=${version + 1}&wait=60s`))
    await at.set({ server: { port: 3 } })
    expect((await waiting).json).toBe(3)
    expect((await at.get(query('config', `min=${version}&wait=30s`))).status).toBe(200)
  })

  it('waits for a store that is away, and is answered when it is back', async () => {
    const { faulty, at, other } = await pair()
    const version = await other.set({ server: { port: 2 } })
    faulty.goAway('failing')
    const waiting = at.get(query('config/server/port', `min=${version}&wait=60s`))
    expect((await at.get(query('config', `min=${version}&wait=10ms`))).json).toMatchObject({ code: 'unavailable' })
    expect((await at.get(query('config', `min=${version - 1}`))).status).toBe(200)
    faulty.comeBack()
    expect((await waiting).json).toBe(2)
  })

  it('is refused where it makes no sense', async () => {
    const { at } = await pair()
    for (const min of ['-1', 'x', '1.5', '99999999999999999'])
      expect((await at.get(query('config', `min=${min}`))).status).toBe(400)
    expect((await at.get(query('config', 'min=1&wait=long'))).status).toBe(400)
  })
})

describe('If-Match', () => {
  it('names a state that another server made, and is not refused by one that has not heard of it', async () => {
    const { at, other } = await pair()
    await other.set({ server: { port: 2 } })
    const { etag } = (await other.get(`${NS}/config`)).headers
    const body = { set: { server: { port: 3 } } }
    const change = (tag: unknown) => at.ask('POST', `${NS}/changes`, { body, headers: { 'if-match': String(tag) } })
    const made = await change(etag)
    expect(made.json).toMatchObject({ changes: [{ oldValue: 2, newValue: 3 }] })
    expect(await change(etag)).toMatchObject({ status: 412, json: { code: 'precondition' } })
    expect(await change('"0000"')).toMatchObject({ status: 412, json: { code: 'precondition' } })
  })
})

describe('an event stream', () => {
  it('goes on at a server that has not heard of the version it is at', async () => {
    const { at, other } = await pair()
    const watcher = await Watcher.open(urlOf(other))
    const version = await other.set({ server: { port: 2 } })
    await watcher.reached(version)
    watcher.close()
    const later = await other.set({ server: { port: 3 } })
    const resumed = await Watcher.open(urlOf(at), { lastEventId: watcher.lastEventId })
    await resumed.reached(later)
    const last = await at.set({ server: { port: 4 } })
    await resumed.reached(last)
    expect([resumed.versions, resumed.resets]).toEqual([[later, last], []])

    const current = await other.set({ server: { port: 5 } })
    const known = await Watcher.open(urlOf(other), { query: `?since=${last}` })
    await known.reached(current)
    known.close()
    const upToDate = await Watcher.open(urlOf(at), { lastEventId: known.lastEventId })
    const next = await at.set({ server: { port: 6 } })
    await upToDate.reached(next)
    expect([upToDate.versions, upToDate.resets]).toEqual([[next], []])
  })

  it('goes from one process to another and back, and tells every version once', { timeout: 120_000 }, async () => {
    const directory = temporaryFolder()
    const one = await ServerProcess.start(directory)
    const two = await ServerProcess.start(directory)
    onTestFinished(async () => void (await Promise.all([one.kill(), two.kill()])))
    two.token = one.token
    const nodes = [one, two]
    expect((await one.fetch(NS, { method: 'PUT' })).status).toBe(201)

    let lastEventId = '1'
    const versions: number[] = []
    for (let n = 0; n < 20; n++) {
      const [here, there] = [nodes[n % 2]!, nodes[(n + 1) % 2]!]
      const made = await here.post(`${NS}/changes`, { set: { a: { n } } })
      const { version } = (await made.json()) as { version: { id: number } }
      // Its own write is read at once at the other one.
      const read = await there.fetch(`${NS}/config/a/n?min=${version.id}`)
      expect([read.status, await read.json()]).toEqual([200, n])
      const watcher = await Watcher.open(there, { lastEventId })
      await watcher.reached(version.id)
      versions.push(...watcher.versions)
      expect(watcher.resets).toEqual([])
      lastEventId = watcher.lastEventId
      watcher.close()
    }
    expect(versions).toEqual(Array.from({ length: 20 }, (_, i) => i + 2))
  })
})

describe('a client before which a balancer stands', () => {
  it('reads its own writes at whichever server its requests come to, and never goes back', async () => {
    const { at, other } = await pair()
    const bases = [other.server.url, at.server.url]
    let turn = 0
    // Each request to the next server; the stream stays at the one that hears nothing.
    const balanced: typeof fetch = (url, init) => {
      const base = String(url).includes('/watch') ? at.server.url : bases[turn++ % 2]!
      return fetch(String(url).replace(other.server.url, base), init)
    }
    const config = await connect({ ...urlOf(other), fetch: balanced, instance: false })
    onTestFinished(() => config.close())
    const seen: number[] = []
    config.on('change', ({ version }) => seen.push(version.id))
    let newest = config.version!.id
    for (let port = 10; port < 20; port++) {
      const { version } = await config.update('server', { port })
      expect(config.get('server.port')).toBe(port)
      expect(config.version!.id).toBeGreaterThanOrEqual(newest)
      newest = version!.id
      for (let i = 0; i < 2; i++) {
        expect((await config.history({ limit: 1 })).items[0]?.newValue).toBe(port)
        expect((await config.versions.list({ limit: 1 })).items[0]?.id).toBe(newest)
        expect((await config.drift())[0]?.actual).toBe(port)
        expect((await config.explain('server.port')).value).toBe(port)
      }
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  })

  it('says min only to addresses that take it', async () => {
    const { AT_LEAST } = await import('../../src/client/calls.ts')
    for (const name of [...AT_LEAST, 'readSnapshot'] as const)
      expect([name, Object.keys(ROUTES[name].query?.properties ?? {})]).toEqual([name, expect.arrayContaining(['min'])])
  })
})
