import { describe, expect, it } from 'vitest'
import { folder, until } from '../engine/helpers.ts'
import { call, change, running, tokenFor, Watcher } from './watching.ts'

const READ = [{ actions: ['config:read'], namespaces: ['*'] }] as const

describe('a client that does not read', () => {
  it('is dropped when too much waits for it, while all others are told everything, and it can go on', async () => {
    const at = await running(folder(), { watcherBytes: 100_000 })
    const start = await change(at, { a: { x: 'start' } })
    const deaf = await Watcher.open(at, { query: `?since=${start}`, isDeaf: true })
    const others = await Promise.all([Watcher.open(at), Watcher.open(at)])
    let last = start
    // what a socket takes before anything waits for it is the system's to say: some megabytes
    for (let x = 0; x < 70; x++) last = await change(at, { a: { x: `${x} ${'y'.repeat(200_000)}` } })
    for (const watcher of others) {
      await watcher.reached(last)
      expect(watcher.versions).toHaveLength(70)
    }
    await until(async () => (await watchersOf(at)) === 2)
    const again = await Watcher.open(at, { query: `?since=${start}` })
    await again.reached(last)
    expect(again.versions).toEqual(others[0]!.versions)
    deaf.close()
  })

  it('is dropped by patience where it only reads nothing of the past', async () => {
    const at = await running(folder(), { heartbeatSeconds: 0.2 })
    const start = await change(at, { a: { x: 'start' } })
    for (let x = 0; x < 70; x++) await change(at, { a: { x: `${x} ${'y'.repeat(200_000)}` } })
    const deaf = await Watcher.open(at, { query: `?since=${start}`, isDeaf: true })
    await until(async () => (await watchersOf(at)) === 0)
    deaf.close()
  })
})

describe('a stream ends', () => {
  it('when its token is revoked, and no other does', async () => {
    const at = await running(folder())
    const [revoked, kept] = [await tokenFor(at, READ, 'revoked'), await tokenFor(at, READ, 'kept')]
    const watchers = await Promise.all([revoked, kept].map(({ text }) => Watcher.open({ ...at, token: text })))
    await call(at, 'DELETE', `/api/v1/tokens/${revoked.id}`)
    await watchers[0]!.ended()
    expect(watchers[0]!.text).toMatch(/: token ended\n\n$/)
    const version = await change(at, { a: { x: 1 } })
    await watchers[1]!.reached(version)
    expect(watchers[0]!.versions).toEqual([])
  })

  it('when its token expires', async () => {
    const at = await running(folder())
    const expiresAt = new Date(Date.now() + 1500).toISOString()
    const { text } = await call<{ text: string }>(at, 'POST', '/api/v1/tokens', {
      name: 'short',
      grants: READ,
      expiresAt,
    })
    const watcher = await Watcher.open({ ...at, token: text })
    expect(watcher.status).toBe(200)
    await watcher.ended()
    expect(watcher.text).toMatch(/: token ended\n\n$/)
  })

  it('when its session is signed out of', async () => {
    const at = await running(folder())
    const session = await fetch(`${at.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: at.token }),
    })
    const cookie = session.headers.getSetCookie()[0]!.split(';')[0]!
    const { csrf } = (await session.json()) as { csrf: string }
    const watcher = await Watcher.open({ ...at, token: '' }, { headers: { cookie } })
    const other = await Watcher.open(at)
    expect(watcher.status).toBe(200)
    await fetch(`${at.url}/api/v1/session`, { method: 'DELETE', headers: { cookie, 'holdfast-csrf': csrf } })
    await watcher.ended()
    expect(watcher.text).toMatch(/: token ended\n\n$/)
    await other.reached(await change(at, { a: { x: 1 } }))
  })

  it('when its namespace is deleted', async () => {
    const at = await running(folder())
    await call(at, 'PUT', '/api/v1/namespaces/gone')
    const watcher = await Watcher.open(at, { namespace: 'gone' })
    await call(at, 'DELETE', '/api/v1/namespaces/gone')
    await watcher.ended()
    expect(watcher.text).toMatch(/: namespace deleted\n\n$/)
  })

  it('when its namespace is deleted, also where another of the name comes at once', async () => {
    const at = await running(folder())
    await call(at, 'PUT', '/api/v1/namespaces/gone')
    const [watcher, other] = [await Watcher.open(at, { namespace: 'gone' }), await Watcher.open(at)]
    await call(at, 'DELETE', '/api/v1/namespaces/gone')
    await call(at, 'PUT', '/api/v1/namespaces/gone')
    const anew = await Watcher.open(at, { namespace: 'gone' })
    const version = await change(at, { a: { x: 1 } }, 'gone')
    await anew.reached(version)
    expect(anew.versions).toEqual([version])
    await watcher.ended()
    expect(watcher.text).toMatch(/: namespace deleted\n\n$/)
    await other.reached(await change(at, { a: { x: 1 } }))
  })

  it('when the server stops, with a time to come back that is not the same for all', async () => {
    const at = await running(folder())
    const watchers = await Promise.all(Array.from({ length: 10 }, () => Watcher.open(at)))
    await at.server.close()
    await Promise.all(watchers.map((watcher) => watcher.ended()))
    const times = watchers.map((watcher) => watcher.retry!)
    for (const time of times) expect(time >= 1000 && time < 5000).toBe(true)
    expect(new Set(times).size).toBeGreaterThan(1)
  })
})

describe('there are no more streams than', () => {
  it('a token may have: another token has its own', async () => {
    const at = await running(folder(), { tokenWatchers: 2 })
    const first = await Watcher.open(at)
    await Watcher.open(at)
    const refused = await Watcher.open(at, { query: '' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    const { text } = await tokenFor(at, READ)
    expect((await Watcher.open({ ...at, token: text })).status).toBe(200)
    first.close()
    await until(async () => (await Watcher.open(at, { query: '' })).status === 200)
  })

  it('the process may have', async () => {
    const at = await running(folder(), { watchers: 2 })
    await Watcher.open(at)
    await Watcher.open(at)
    const refused = await Watcher.open(at, { query: '' })
    expect(refused.status).toBe(503)
    expect(refused.headers['content-type']).toContain('application/problem+json')
  })
})

/** How many streams the server says are open. */
async function watchersOf(at: { readonly url: string; readonly token: string }): Promise<number> {
  const metrics = await fetch(`${at.url}/metrics`, { headers: { authorization: `Bearer ${at.token}` } })
  const [, count] = /^holdfast_watchers(?:\{\})? (\d+)$/m.exec(await metrics.text()) ?? []
  return Number(count)
}
