import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openAdmin } from '../../src/index.ts'
import { parseWatchId } from '../../src/wire/sse.ts'
import { folder, until } from '../engine/helpers.ts'
import { call, change, NAMESPACE, running, tokenFor, Watcher } from './watching.ts'

const SCHEMA = {
  type: 'object',
  properties: { db: { type: 'object', properties: { password: { type: 'string', writeOnly: true } } } },
}
const CANARY = 'canary-7f3a91'
const EVERYWHERE = { namespaces: ['*'] } as const

describe('a watch', () => {
  it('says what it is, when to come back and where it stands before anything happens', async () => {
    const at = await running(folder())
    const first = await change(at, { a: { x: 1 } })
    const watcher = await Watcher.open(at)
    expect(watcher.status).toBe(200)
    expect(watcher.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'holdfast-version': String(first),
    })
    expect(watcher.retry).toBe(2000)
    expect(parseWatchId(watcher.lastEventId)).toMatchObject({
      version: first,
      chain: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
    expect(watcher.events).toEqual([])
  })

  it('tells of each change with its version, its values and its reason', async () => {
    const at = await running(folder())
    const watcher = await Watcher.open(at)
    const version = await change(at, { server: { port: 5050 } })
    await watcher.reached(version)
    expect(watcher.changes).toEqual([
      {
        version: expect.objectContaining({ id: version, cause: 'change' }),
        changes: [{ operation: 'CREATE', section: 'server', key: 'port', newValue: 5050 }],
        restartRequired: [],
        reason: 'test',
      },
    ])
    expect(watcher.lastEventId).toBe(`${version}-${watcher.changes[0]!.version.chainHash.slice(0, 16)}`)
  })

  it('beats while nothing happens', async () => {
    const at = await running(folder(), { heartbeatSeconds: 0.05 })
    const watcher = await Watcher.open(at)
    await until(() => (watcher.text.match(/^: beat$/gm)?.length ?? 0) > 2)
    expect(watcher.events).toEqual([])
  })

  it('tells how sources fare, without an id', async () => {
    const directory = folder()
    const { writeFileSync } = await import('node:fs')
    const { join } = await import('node:path')
    writeFileSync(join(directory, 'base.json'), '{"a":{"x":1}}')
    const at = await running(directory, { namespaces: { default: { sources: ['base.json'] } } })
    const watcher = await Watcher.open(at)
    const before = watcher.lastEventId
    writeFileSync(join(directory, 'base.json'), '{"a":')
    await call(at, 'POST', `${NAMESPACE}/sources/reload`)
    await until(() => watcher.events.some(({ event }) => event === 'source'))
    const told = watcher.events.find(({ event }) => event === 'source')!
    expect(JSON.parse(told.data)).toMatchObject({ name: 'base.json', state: 'stale' })
    expect(told.lastEventId).toBe(before)
  })

  it('is only for GET', async () => {
    const at = await running(folder())
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE']) {
      const answer = await fetch(`${at.url}${NAMESPACE}/watch`, {
        method,
        headers: { authorization: `Bearer ${at.token}` },
      })
      expect(answer.status).toBe(405)
    }
  })

  it('is told apart from an unknown namespace and from one that is closed to the token', async () => {
    const at = await running(folder())
    await change(at, { a: { x: 1 } })
    expect((await Watcher.open(at, { namespace: 'nowhere', query: '' })).status).toBe(404)
    const { text } = await tokenFor(at, [{ actions: ['config:read'], namespaces: ['other'] }])
    expect((await Watcher.open({ ...at, token: text }, { query: '' })).status).toBe(403)
    expect((await Watcher.open({ ...at, token: '' }, { query: '' })).status).toBe(401)
  })

  it('is refused on a connection that another answer still uses', async () => {
    const at = await running(folder())
    const watch = `GET ${NAMESPACE}/watch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${at.token}\r\n\r\n`
    const socket = connect(at.server.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.write(watch + watch)
    await until(() => text.includes('id: '))
    const version = await change(at, { a: { x: 1 } })
    await until(() => text.includes(`id: ${version}-`))
    expect(text.match(/^event: change$/gm)).toHaveLength(1)
    socket.destroy()
  })
})

describe('a watch that goes on', () => {
  it('tells what came since, in order, by its id, by a number alone, and from the beginning', async () => {
    const at = await running(folder())
    const versions: number[] = []
    for (let x = 1; x <= 5; x++) versions.push(await change(at, { a: { x } }))
    const all = await Watcher.open(at, { query: '?since=0' })
    await all.reached(versions.at(-1)!)
    expect(all.versions).toEqual(versions)
    const id = all.events[1]!.lastEventId
    for (const options of [{ lastEventId: id }, { query: `?since=${id}` }, { query: `?since=${versions[1]}` }]) {
      const watcher = await Watcher.open(at, options)
      await watcher.reached(versions.at(-1)!)
      expect(watcher.versions).toEqual(versions.slice(2))
      expect(watcher.resets).toEqual([])
    }
  })

  it('lets Last-Event-ID go before since', async () => {
    const at = await running(folder())
    const versions: number[] = []
    for (let x = 1; x <= 3; x++) versions.push(await change(at, { a: { x } }))
    const watcher = await Watcher.open(at, { lastEventId: String(versions[1]), query: '?since=0' })
    await watcher.reached(versions[2]!)
    expect(watcher.versions).toEqual([versions[2]])
  })

  it('reads a long past page by page, while more is changed', async () => {
    const at = await running(folder())
    let last = 0
    for (let n = 0; n < 1300; n += 50) {
      last = Math.max(...(await Promise.all(Array.from({ length: 50 }, (_, i) => change(at, { a: { x: n + i } })))))
    }
    const watchers = await Promise.all(Array.from({ length: 3 }, () => Watcher.open(at, { query: '?since=0' })))
    for (let x = 0; x < 20; x++) last = await change(at, { b: { x } })
    for (const watcher of watchers) {
      await watcher.reached(last)
      expect(watcher.versions).toEqual(Array.from(watcher.versions, (_, i) => watcher.versions[0]! + i))
      expect(watcher.versions).toHaveLength(1320)
    }
  })

  it.each(['', '-1', '042', '1.5', 'latest', '42-', '42-xyz', '9'.repeat(20), '%F0%9F%92%A9', '1&since=2'])(
    'refuses where it should go on after %j, before a stream begins',
    async (since) => {
      const at = await running(folder())
      const watcher = await Watcher.open(at, { query: `?since=${since}` })
      expect(watcher.status).toBe(400)
      expect(watcher.headers['content-type']).toContain('application/problem+json')
    },
  )

  it('refuses a Last-Event-ID that no stream ever gave', async () => {
    const at = await running(folder())
    for (const lastEventId of ['x', '1 OR 1=1', '42-3F9A01BC', '-', 'null']) {
      expect((await Watcher.open(at, { lastEventId })).status).toBe(400)
    }
  })

  it('gets the whole configuration after a version that is not there yet', async () => {
    const at = await running(folder())
    const version = await change(at, { a: { x: 1 } })
    const watcher = await Watcher.open(at, { query: `?since=${version + 1000}` })
    await watcher.reached(version)
    expect(watcher.resets).toMatchObject([{ version: { id: version }, config: { a: { x: 1 } } }])
    const next = await change(at, { a: { x: 2 } })
    await watcher.reached(next)
    expect(watcher.versions).toEqual([next])
  })

  it('gets the whole configuration where another history has the number', async () => {
    const at = await running(folder())
    await change(at, { a: { x: 1 } })
    const version = await change(at, { a: { x: 2 } })
    const watcher = await Watcher.open(at, { lastEventId: `${version - 1}-0123456789abcdef` })
    await watcher.reached(version)
    expect(watcher.resets).toMatchObject([{ version: { id: version }, config: { a: { x: 2 } } }])
    expect(watcher.versions).toEqual([])
  })

  it('gets the whole configuration where the past was purged', async () => {
    const directory = folder()
    const at = await running(directory)
    const first = await change(at, { a: { x: 1 } })
    for (let x = 2; x < 6; x++) await change(at, { a: { x } })
    const last = await change(at, { b: { y: 'z' } })
    await call(at, 'POST', `${NAMESPACE}/purge`, { olderThanSeconds: 0 })
    const watcher = await Watcher.open(at, { query: `?since=${first}` })
    await watcher.reached(last)
    expect(watcher.versions).toEqual([])
    expect(watcher.resets).toMatchObject([
      {
        version: { id: last },
        config: { a: { x: 5 }, b: { y: 'z' } },
        overrides: [
          { path: 'a.x', section: 'a', key: 'x', override: 5, isMask: false, differs: true },
          { path: 'b.y', section: 'b', key: 'y', override: 'z', isMask: false, differs: true },
        ],
      },
    ])
  })

  it('goes on after another server of the same store', async () => {
    const directory = folder()
    const before = await running(directory)
    const first = await Watcher.open(before)
    const a = await change(before, { a: { x: 1 } })
    await first.reached(a)
    await before.server.close()
    const after = await running(directory)
    const b = await change(after, { a: { x: 2 } })
    const second = await Watcher.open(after, { lastEventId: first.lastEventId })
    const c = await change(after, { a: { x: 3 } })
    await second.reached(c)
    expect(second.versions).toEqual([b, c])
    expect(second.resets).toEqual([])
  })

  it('begins anew after a backup was put back and another history was made', async () => {
    const directory = folder()
    const before = await running(directory)
    await change(before, { a: { x: 1 } })
    const { join } = await import('node:path')
    const copy = join(directory, 'copy.db')
    await using admin = await openAdmin({ directory, store: 'store.db' })
    await admin.backup(copy)
    const watcher = await Watcher.open(before)
    const lost = await change(before, { a: { x: 2 } })
    await watcher.reached(lost)
    await before.server.close()

    const elsewhere = folder()
    const { copyFileSync } = await import('node:fs')
    copyFileSync(copy, join(elsewhere, 'store.db'))
    const after = { ...(await running(elsewhere)), token: before.token }
    const other = await change(after, { a: { x: 3 } })
    expect(other).toBe(lost)
    const again = await Watcher.open(after, { lastEventId: watcher.lastEventId })
    await again.reached(other)
    expect(again.resets).toMatchObject([{ version: { id: other }, config: { a: { x: 3 } } }])
  })
})

describe('what a watch tells whom', () => {
  it('leaves out events without changes in the sections that are asked for', async () => {
    const at = await running(folder())
    const start = await change(at, { a: { x: 1 } })
    const watchers = await Promise.all([
      Watcher.open(at, { query: `?since=${start}&section=b&section=c` }),
      Watcher.open(at, { query: `?since=${start}&section=c&section=b&section=b` }),
      Watcher.open(at, { query: `?since=${start}&section=%22%22` }),
    ])
    const b = await change(at, { b: { x: 1 } })
    await change(at, { a: { x: 2 } })
    const both = await change(at, { a: { x: 3 }, c: { x: 3 } })
    const top = await change(at, { '': { loose: true } })
    await watchers[0]!.reached(both)
    await watchers[2]!.reached(top)
    expect(watchers.map((watcher) => watcher.versions)).toEqual([[b, both], [b, both], [top]])
    const again = await Watcher.open(at, { query: `?since=${start}&section=b` })
    await again.reached(top)
    expect(again.versions).toEqual([b])
  })

  it('lets a filtered stream know how far it is, so that it does not read the same past again', async () => {
    const at = await running(folder(), { heartbeatSeconds: 0.05 })
    const watcher = await Watcher.open(at, { query: '?section=b' })
    const version = await change(at, { a: { x: 1 } })
    await watcher.reached(version)
    expect(watcher.events).toEqual([])
  })

  it('shows nobody a section that their token may not read, live, from the past or in a reset', async () => {
    const at = await running(folder())
    const start = await change(at, { open: { x: 0 } })
    const limited = await tokenFor(at, [{ actions: ['config:read'], namespaces: ['default'], sections: ['open'] }])
    const mine = { ...at, token: limited.text }
    const [live, whole] = [await Watcher.open(mine), await Watcher.open(at)]
    await change(at, { hidden: { x: CANARY } })
    await call(at, 'POST', `${NAMESPACE}/changes`, { set: { open: { x: 1 }, hidden: { y: CANARY } }, reason: CANARY })
    const last = await change(at, { open: { x: 2 } })
    await Promise.all([live.reached(last), whole.reached(last)])
    const past = await Watcher.open(mine, { query: `?since=${start}` })
    const asked = await Watcher.open(mine, { query: `?since=${start}&section=hidden` })
    const reset = await Watcher.open(mine, { query: `?since=${last + 50}` })
    await Promise.all([past.reached(last), asked.reached(last), reset.reached(last)])
    for (const watcher of [live, past, asked, reset]) expect(watcher.text).not.toContain(CANARY)
    expect(live.changes.flatMap(({ changes }) => changes.map(({ section }) => section))).toEqual(['open', 'open'])
    expect(past.changes).toEqual(live.changes)
    expect(asked.events).toEqual([])
    expect(reset.resets).toMatchObject([{ config: { open: { x: 2 } }, overrides: [{ path: 'open.x' }] }])
    expect(reset.resets[0]!.config).not.toHaveProperty('hidden')
    expect(whole.text).toContain(CANARY)
  })

  it('shows a secret only in a reset that asks for it, to who may, and writes down that it did', async () => {
    const at = await running(folder(), { namespaces: { default: { schema: SCHEMA } } })
    const live = await Watcher.open(at)
    const version = await change(at, { db: { password: CANARY, host: 'h' } })
    await live.reached(version)
    const past = await Watcher.open(at, { query: '?since=0&reveal=true' })
    const reset = await Watcher.open(at, { query: `?since=${version + 1}` })
    const opened = await Watcher.open(at, { query: `?since=${version + 1}&reveal=true` })
    await Promise.all([past, reset, opened].map((watcher) => watcher.reached(version)))
    for (const watcher of [live, past, reset]) {
      expect(watcher.text).toContain('password')
      expect(watcher.text).not.toContain(CANARY)
    }
    expect(reset.resets).toMatchObject([{ secrets: ['db.password'] }])
    expect(opened.resets).toMatchObject([{ config: { db: { password: CANARY } }, secrets: ['db.password'] }])
    const { items } = await call<{ items: readonly { event: string }[] }>(at, 'GET', '/api/v1/audit?event=secret-read')
    expect(items).toMatchObject([{ event: 'secret-read', namespace: 'default' }])

    const { text } = await tokenFor(at, [{ ...EVERYWHERE, actions: ['config:read'] }])
    const refused = await Watcher.open({ ...at, token: text }, { query: '?reveal=true' })
    expect(refused.status).toBe(403)
  })
})
