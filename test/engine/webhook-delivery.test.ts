import { describe, expect, it } from 'vitest'
import { RETRY_DELAYS } from '../../src/engine/webhook-retry.ts'
import { traceOf } from '../../src/http/trace.ts'
import type { Delivery, Webhooks } from '../../src/model/webhook.ts'
import { tlsCa } from '../source/helpers.ts'
import { until } from './helpers.ts'
import { clock, receiver, rig } from './webhook-helpers.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

async function newest(hooks: Webhooks, id: string): Promise<Delivery | undefined> {
  return (await hooks.deliveries(id)).items[0]
}

/** Waits until the newest delivery of a webhook is as described. */
async function settled(hooks: Webhooks, id: string, isSo: (delivery: Delivery) => boolean): Promise<Delivery> {
  await until(async () => {
    const found = await newest(hooks, id)
    return found !== undefined && isSo(found)
  })
  return (await newest(hooks, id))!
}

describe('a delivery that fails', () => {
  it('is tried ten times over three days, under one id and with the same bytes, and then its webhook is disabled', async () => {
    const time = clock()
    const { hooks, config, engine, audit, warnings } = await rig({ now: time.now })
    const to = await receiver((response) => void response.writeHead(500).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 1 })
    for (const [at, delay] of RETRY_DELAYS.entries()) {
      const { nextAttemptAt, lastAttemptAt, error } = await settled(hooks, webhook.id, (one) => one.attempts === at + 1)
      const wait = Date.parse(nextAttemptAt!) - Date.parse(lastAttemptAt!)
      expect(wait).toBeGreaterThanOrEqual(delay)
      expect(wait).toBeLessThanOrEqual(delay * 1.2)
      expect(error).toBe('answered 500')
      time.forward(wait)
      engine.wake()
    }
    await settled(hooks, webhook.id, (one) => one.state === 'failed')
    await until(async () => !(await hooks.list())[0]!.isEnabled)
    expect(to.received).toHaveLength(10)
    expect(new Set(to.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(to.received.map(({ body }) => body)).size).toBe(1)
    expect(new Set(to.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(10)
    expect((await hooks.list())[0]!.disabledReason).toBe('nothing arrived for three days; last: answered 500')
    expect(audit.at(-1)).toMatchObject({ event: 'webhook-changed', who: null, subject: 'pager' })
    expect(warnings.some((line) => line.includes('webhook pager is disabled'))).toBe(true)
  })

  it('is one trace with a span for each attempt, which the receiver is told and the log has', async () => {
    const time = clock()
    const { hooks, config, engine, attempts } = await rig({ now: time.now })
    const to = await receiver((response, _, count) => void response.writeHead(count < 3 ? 500 : 204).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 1 })
    for (let tries = 1; tries <= 3; tries++) {
      await settled(hooks, webhook.id, (one) => one.attempts === tries)
      time.forward(HOUR)
      engine.wake()
    }
    await until(() => attempts.length === 3)
    const traces = to.received.map(({ headers }) => traceOf({ headers }))
    const id = String(to.received[0]!.headers['webhook-id'])
    expect(traces.map((trace) => trace?.traceId)).toEqual(Array(3).fill(id.slice('msg_'.length)))
    expect(new Set(traces.map((trace) => trace?.parentId)).size).toBe(3)
    expect(attempts).toMatchObject(
      traces.map((trace, i) => ({
        ...{ webhook: 'pager', delivery: id, kind: 'change', namespace: 'default', attempts: i + 1 },
        ...{ status: i < 2 ? 500 : 204, state: i < 2 ? 'waiting' : 'delivered' },
        ...{ traceId: trace?.traceId, spanId: trace?.parentId },
      })),
    )
  })

  it('leaves its webhook enabled where other messages arrive', async () => {
    const time = clock()
    const { hooks, config, engine } = await rig({ now: time.now })
    const to = await receiver(
      (response, { body }) => void response.writeHead(body.includes('poison') ? 400 : 200).end(),
    )
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 'poison' })
    const { id } = await settled(hooks, webhook.id, (one) => one.attempts === 1)
    const poison = async (): Promise<Delivery> =>
      (await hooks.deliveries(webhook.id)).items.find((one) => one.id === id)!
    time.forward(1000)
    await config.update('b', { n: 'good' })
    await settled(hooks, webhook.id, (one) => one.state === 'delivered')
    for (let attempts = 2; attempts <= 10; attempts++) {
      time.forward(2 * DAY)
      engine.wake()
      await until(async () => (await poison()).attempts === attempts)
    }
    expect(await poison()).toMatchObject({ state: 'failed', status: 400, nextAttemptAt: null })
    expect((await hooks.list())[0]).toMatchObject({ isEnabled: true, disabledReason: null })
  })

  it('ends at 410 Gone, and so does its webhook', async () => {
    const { hooks, config, store } = await rig()
    const to = await receiver((response) => void response.writeHead(410).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 1 })
    await settled(hooks, webhook.id, (one) => one.state === 'failed')
    await until(async () => !(await hooks.list())[0]!.isEnabled)
    await config.update('a', { n: 2 })
    expect((await hooks.list())[0]!.disabledReason).toContain('410')
    expect(await store.webhooks.waiting()).toBe(0)
    expect(to.received).toHaveLength(1)
  })

  it('of a webhook disabled meanwhile is not tried again, and can be replayed', async () => {
    const time = clock()
    const { hooks, config, engine } = await rig({ now: time.now })
    const to = await receiver((response, _, count) => void response.writeHead(count === 1 ? 500 : 200).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 1 })
    const { id } = await settled(hooks, webhook.id, (one) => one.attempts === 1)
    await hooks.update(webhook.id, { isEnabled: false })
    time.forward(HOUR)
    engine.wake()
    expect(await settled(hooks, webhook.id, (one) => one.state === 'failed')).toMatchObject({ attempts: 1 })
    await hooks.update(webhook.id, { isEnabled: true })
    await hooks.replay(webhook.id, id)
    await settled(hooks, webhook.id, (one) => one.state === 'delivered')
    expect(to.received).toHaveLength(2)
  })

  it.each([
    ['longer than the schedule', '3600', HOUR],
    ['shorter than the schedule', '1', 5000],
    ['beyond reason', '999999999', DAY],
    ['a date', new Date(Date.parse('2026-11-01T13:00:00Z')).toUTCString(), HOUR],
    ['no time at all', 'soon', 5000],
  ])('comes again when the receiver asks for it, within bounds: %s', async (_, retryAfter, least) => {
    const { hooks, engine } = await rig()
    const headers = { 'retry-after': retryAfter, date: 'Sun, 01 Nov 2026 12:00:00 GMT' }
    const to = await receiver((response) => void response.writeHead(503, headers).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url, kinds: ['backup-failed'] })
    await engine.tell({ kind: 'backup-failed', namespace: null, schedule: 'nightly', reason: 'because' })
    const { nextAttemptAt, lastAttemptAt } = await settled(hooks, webhook.id, (one) => one.attempts === 1)
    const wait = Date.parse(nextAttemptAt!) - Date.parse(lastAttemptAt!)
    expect(wait).toBeGreaterThanOrEqual(least)
    expect(wait).toBeLessThanOrEqual(Math.max(least, 6000))
  })

  it('for an overloaded receiver holds back the other messages to it too', async () => {
    const time = clock()
    const { hooks, engine, store } = await rig({ now: time.now })
    const to = await receiver((response, _, count) => void response.writeHead(count === 1 ? 429 : 200).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await hooks.test(webhook.id)
    await settled(hooks, webhook.id, (one) => one.attempts === 1)
    const { id } = await hooks.test(webhook.id)
    const other = await receiver()
    const { webhook: next } = await hooks.create({ name: 'next', url: other.url })
    await hooks.test(next.id)
    await settled(hooks, next.id, (one) => one.state === 'delivered')
    expect(await store.webhooks.find(webhook.id, id)).toMatchObject({ attempts: 0, state: 'waiting' })
    time.forward(6000)
    engine.wake()
    await settled(hooks, webhook.id, (one) => one.id === id && one.state === 'delivered')
  })
})

describe('a receiver', () => {
  it('that hangs does not hold up the messages to others', async () => {
    const { hooks, config } = await rig({ delivery: { timeoutMs: 1500 } })
    const slow = await receiver(() => undefined)
    const fast = await receiver()
    const { webhook } = await hooks.create({ name: 'slow', url: slow.url })
    await hooks.create({ name: 'fast', url: fast.url })
    for (let n = 0; n < 5; n++) await config.update('a', { n })
    await until(() => fast.received.length === 5)
    expect((await hooks.deliveries(webhook.id)).items.filter(({ state }) => state === 'delivered')).toEqual([])
    await until(async () => (await hooks.deliveries(webhook.id)).items.some(({ attempts }) => attempts === 1))
    const tried = (await hooks.deliveries(webhook.id)).items.find(({ attempts }) => attempts === 1)
    expect(tried).toMatchObject({ state: 'waiting', status: null, error: 'no answer within 1500 ms' })
  })

  it('that trickles its answer for ever has still answered', async () => {
    const { hooks } = await rig()
    const to = await receiver((response) => {
      response.writeHead(200)
      const more = (): void => void (response.destroyed || response.write('x'.repeat(16_384), () => setImmediate(more)))
      more()
    })
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await hooks.test(webhook.id)
    expect(await settled(hooks, webhook.id, (one) => one.state !== 'waiting')).toMatchObject({ state: 'delivered' })
  })

  it('that breaks off is tried again', async () => {
    const { hooks, config } = await rig()
    const to = await receiver((response) => void response.destroy())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 1 })
    const found = await settled(hooks, webhook.id, (one) => one.attempts === 1)
    expect(found).toMatchObject({ state: 'waiting', status: null, error: 'cannot be reached (ECONNRESET)' })
  })

  it('that redirects is not followed', async () => {
    const { hooks } = await rig()
    const inside = await receiver()
    const to = await receiver((response) => void response.writeHead(307, { location: inside.url }).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await hooks.test(webhook.id)
    const found = await settled(hooks, webhook.id, (one) => one.state === 'failed')
    expect(found).toMatchObject({ status: 307, error: expect.stringContaining('redirect') })
    expect(inside.received).toEqual([])
  })

  it('has to show a certificate that is trusted', async () => {
    const { hooks } = await rig()
    const to = await receiver(undefined, { isTls: true })
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await hooks.test(webhook.id)
    expect(await settled(hooks, webhook.id, (one) => one.state === 'failed')).toMatchObject({
      status: null,
      error: expect.stringMatching(/SELF_SIGNED|CERT/),
    })
    expect(to.received).toEqual([])
  })
})

describe('an address', () => {
  it.each([
    ['loopback', ['127.0.0.1']],
    ['private', ['10.1.2.3']],
    ['link-local, where clouds keep their credentials', ['169.254.169.254']],
    ['IPv6 loopback', ['::1']],
    ['IPv4 in IPv6', ['::ffff:127.0.0.1']],
    ['private among public ones', ['1.1.1.1', '192.168.0.1']],
  ])('that is not public is refused: %s', async (_, addresses) => {
    const to = await receiver(undefined, { isTls: true })
    const lookup = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const { hooks } = await rig({ delivery: { lookup, tlsCa } })
    const { webhook } = await hooks.create({
      name: 'pager',
      url: `https://evil.holdfast.test:${to.port}/path?token=s3`,
    })
    await hooks.test(webhook.id)
    const found = await settled(hooks, webhook.id, (one) => one.state === 'failed')
    expect(found.error).toContain('is not a public address')
    expect(found.error).toContain('webhookHosts: [evil.holdfast.test]')
    expect(found.error).not.toContain('s3')
    expect(to.received).toEqual([])
  })

  it('is asked for once in each attempt, and what was checked is what is connected to', async () => {
    const to = await receiver(undefined, { isTls: true })
    let asked = 0
    const lookup = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '127.0.0.99', family: 4 }]
    const host = 'pinned.holdfast.test'
    const { hooks } = await rig({ delivery: { lookup, tlsCa }, webhookHosts: [host] })
    const { webhook } = await hooks.create({ name: 'pager', url: `https://${host}:${to.port}/` })
    await hooks.test(webhook.id)
    await settled(hooks, webhook.id, (one) => one.state === 'delivered')
    expect(asked).toBe(1)
    expect(to.received[0]!.headers['host']).toBe(`${host}:${to.port}`)
  })

  it('whose host is no longer allowed by name is not spoken to in plain http', async () => {
    const first = await rig()
    const to = await receiver()
    await first.hooks.create({ name: 'pager', url: to.url })
    await first.close()
    const { hooks } = await rig({ directory: first.directory, webhookHosts: [] })
    const [webhook] = await hooks.list()
    await hooks.test(webhook!.id)
    const found = await settled(hooks, webhook!.id, (one) => one.state === 'failed')
    expect(found.error).toBe('http is not allowed; name the host: webhookHosts: [localhost]')
    expect(to.received).toEqual([])
  })
})
