import { describe, expect, it } from 'vitest'
import type { ChangeRequest, ChangeResult } from '../../src/index.ts'
import { folder, open, query, refusal, STORE, until } from './helpers.ts'
import { bearer, serve } from './service-helpers.ts'

const DAY = 24 * 60 * 60 * 1000

/** A clock that stands until it is moved. */
function clock(start = '2026-11-01T12:00:00.000Z') {
  let time = Date.parse(start)
  return {
    now: () => new Date(time),
    go(ms: number): void {
      time += ms
    },
  }
}

describe('an idempotency key', () => {
  const request: ChangeRequest = { set: { server: { port: 5050 } }, idempotencyKey: 'k' }

  it('holds between processes: one applies the change, the others answer alike', async () => {
    const directory = folder()
    const first = await open(directory, { follow: false })
    await first.update('server', { port: 1 })
    const others = await Promise.all(Array.from({ length: 4 }, () => open(directory, { follow: false })))
    const answers = await Promise.all([first, ...others].map((config) => config.change(request)))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]).toMatchObject({ version: { id: 2 }, changes: [{ newValue: 5050 }] })
    expect(query(directory, 'SELECT id FROM config_versions')).toHaveLength(2)
  })

  it('holds for a process that never saw the first request', async () => {
    const directory = folder()
    const before = await open(directory, { follow: false })
    const first = await before.change(request)
    const after = await open(directory, { follow: false })
    await after.update('server', { port: 1 })
    expect(await after.change(request)).toEqual(first)
    expect(after.get('server.port')).toBe(1)
  })

  it('that comes while the first is on its way never loses the change', async () => {
    for (let i = 0; i < 10; i++) {
      const config = await open(folder(), { follow: false })
      const answers = await Promise.all([
        config.change({ ...request, idempotencyKey: 'a' }),
        config.change({ ...request, idempotencyKey: 'b' }),
        config.change({ ...request, idempotencyKey: 'a' }),
        config.change({ ...request, idempotencyKey: 'b' }),
      ])
      expect(config.get('server.port')).toBe(5050)
      expect(answers.map(({ version }) => version?.id ?? null)).toEqual([1, null, 1, null])
      expect(await config.change({ ...request, idempotencyKey: 'b' })).toMatchObject({ version: null })
    }
  })

  it('is free again after a day', async () => {
    const directory = folder()
    const { now, go } = clock()
    const config = await open(directory, { now, follow: false })
    await config.change(request)
    await config.update('server', { port: 1 })
    go(DAY - 1000)
    expect((await config.change(request)).version?.id).toBe(1)
    go(2000)
    expect((await config.change(request)).version?.id).toBe(3)
    expect(config.get('server.port')).toBe(5050)
  })

  it('is one caller’s own: another’s, of a like name too, is another', async () => {
    const service = await serve(folder(), { namespaces: { default: { sources: [] } } })
    const grants = { actions: ['config:read', 'config:write'], namespaces: ['*'] } as const
    const answers: ChangeResult[] = []
    for (const [i, who] of [
      bearer('a', grants),
      { ...bearer('a', grants), tokenId: 'other' },
      { ...bearer('id-of-a', grants), tokenId: null },
    ].entries()) {
      const config = await service.config(who, 'default')
      answers.push(await config.change({ set: { server: { port: i } }, idempotencyKey: 'k' }))
    }
    expect(new Set(answers.map(({ version }) => version?.id)).size).toBe(3)
  })

  it('of a change with a secret keeps neither it nor what tells it by guessing', async () => {
    const directory = folder()
    const schema = { properties: { auth: { properties: { pin: { type: 'string', writeOnly: true } } } } } as const
    const config = await open(directory, { schema, follow: false })
    const change = (pin: string) => config.change({ set: { auth: { pin } }, idempotencyKey: 'k' })
    const first = await change('4711')
    expect(await change('4711')).toEqual(first)
    expect((await refusal(change('4712'))).code).toBe('key-reused')
    const { createHash } = await import('node:crypto')
    const kept = JSON.stringify(query(directory, 'SELECT * FROM idempotency_keys'))
    expect(kept).not.toContain('4711')
    const [row] = query<{ request_hash: string }>(directory, 'SELECT request_hash FROM idempotency_keys')
    const guess = JSON.stringify([{ kind: 'change' }, [{ auth: { pin: '4711' } }, {}]])
    expect(createHash('sha256').update(guess).digest('hex')).not.toBe(row?.request_hash)
  })
})

describe('an instance', () => {
  const report = (id: string) => ({ id, host: 'h', version: 1, startVersion: 1, startedAt: '2026-11-01T00:00:00.000Z' })

  it('is gone when it has said nothing for 90 seconds, and forgotten after a day', async () => {
    const { now, go } = clock()
    const directory = folder()
    const config = await open(directory, { now, follow: false })
    await config.update('server', { port: 1 })
    await config.report(report('quiet'))
    await config.update('server', { port: 2 })
    go(60_000)
    await config.report(report('loud'))
    go(31_000)
    const states = async () => (await config.instances()).map(({ id, state }) => `${id} ${state}`)
    expect(await states()).toEqual(['loud behind', 'quiet gone'])
    expect((await config.drift({ kind: 'instance' })).map(({ instance }) => instance)).toEqual(['loud'])
    go(DAY - 90_000)
    expect(await states()).toEqual(['loud gone'])
    expect(query(directory, 'SELECT id FROM instances')).toEqual([{ id: 'loud' }])
  })

  it('that runs a version which is no longer kept is behind, and no more is claimed', async () => {
    const { now, go } = clock()
    const service = await serve(folder(), { now, namespaces: { default: { sources: [] } } })
    const who = bearer('root', { actions: ['admin'], namespaces: ['*'] })
    const config = await service.config(who, 'default')
    await config.update('server', { port: 1 })
    await config.report(report('old'))
    for (let port = 2; port < 6; port++) {
      go(1000)
      await config.update('server', { port })
    }
    await service.admin(who).purge('default', { olderThan: 0, keep: 1 })
    expect(await config.instances()).toMatchObject([{ id: 'old', state: 'behind', pendingRestart: null }])
    expect(await config.drift({ kind: 'instance' })).toEqual([])
  })

  it('is told by whom it was reported, and is seen by other processes', async () => {
    const directory = folder()
    const service = await serve(directory, { store: STORE, namespaces: { default: { sources: [] } } })
    const web = bearer('web-token', { actions: ['config:read'], namespaces: ['default'] })
    await (await service.config(web, 'default')).report(report('a'))
    const other = await open(directory, { follow: false })
    await until(async () => (await other.instances()).length === 1)
    expect(await other.instances()).toMatchObject([{ id: 'a', reportedBy: 'web-token' }])
  })
})
