import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import type { HoldfastError } from '../../src/index.ts'
import { folder, open, refusal, STORE, until, write } from './helpers.ts'
import { alice, clock, receiver, rig } from './webhook-helpers.ts'

const HOUR = 3_600_000

describe('a webhook', () => {
  it('is told of each change, signed as Standard Webhooks says', async () => {
    const { hooks, config } = await rig()
    const to = await receiver()
    const { secret, webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('server', { port: 5050 }, { reason: 'load balancer' })
    await until(() => to.received.length === 1)
    const { body, headers } = to.received[0]!
    const { id, hash, chainHash, createdAt } = config.version!
    expect(new Webhook(secret).verify(body, headers)).toEqual({
      type: 'holdfast.change',
      timestamp: createdAt,
      data: {
        namespace: 'default',
        version: { id, hash, chainHash, createdAt, createdBy: 'alice', cause: 'change' },
        reason: 'load balancer',
        changes: [{ operation: 'CREATE', section: 'server', key: 'port', newValue: 5050 }],
        restartRequired: [],
      },
    })
    await until(async () => (await hooks.deliveries(webhook.id)).items[0]?.state === 'delivered')
    expect((await hooks.deliveries(webhook.id)).items).toMatchObject([
      { id: headers['webhook-id'], kind: 'change', namespace: 'default', attempts: 1, status: 204, error: null },
    ])
  })

  it('is told of what was committed before it was made by nobody, and of what came while no server ran by the next', async () => {
    const first = await rig()
    const to = await receiver()
    await first.config.update('a', { old: 1 })
    await first.hooks.create({ name: 'pager', url: to.url })
    await first.close()
    const alone = await open(first.directory)
    for (const n of [1, 2, 3]) await alone.update('a', { n })
    await rig({ directory: first.directory })
    await until(() => to.received.length >= 3)
    expect(to.messages().map(({ data }) => data.version.id)).toEqual([2, 3, 4])
  })

  it('hears only of the namespaces, sections and kinds it names', async () => {
    const { hooks, config, engine, store } = await rig()
    const [some, other, drift] = [await receiver(), await receiver(), await receiver()]
    await hooks.create({
      name: 'some',
      url: some.url,
      namespaces: ['def*'],
      sections: ['auth', 'net*'],
      kinds: ['change'],
    })
    await hooks.create({ name: 'other', url: other.url, namespaces: ['else'] })
    await hooks.create({ name: 'drift', url: drift.url, kinds: ['drift'], sections: ['auth'] })
    await config.change({ set: { auth: { ttl: 1 }, secret: { word: 'x' }, network: { mtu: 2 }, '': { top: 3 } } })
    await config.update('server', { port: 1 })
    await config.update('auth', { ttl: 2 })
    const entry = { kind: 'override', version: 1, who: null, when: null, why: null } as const
    const entries = ['auth.ttl', 'server.port'].map((path) => {
      const [section = '', key = ''] = path.split('.')
      return { ...entry, path, section, key }
    })
    await engine.tell({ kind: 'drift', namespace: 'default', entries })
    await until(() => some.received.length === 2 && drift.received.length === 1)
    expect(
      some.messages().map(({ data }) => (data['changes'] as { section: string }[]).map((one) => one.section)),
    ).toEqual([['auth', 'network'], ['auth']])
    for (const { data } of some.messages())
      expect(data.version).toMatchObject({ hash: 'disguised', chainHash: 'disguised too' }) // they cover the rest too
    expect(drift.messages()[0]).toMatchObject({
      type: 'holdfast.drift',
      data: { namespace: 'default', counts: { override: 1 }, drift: [{ kind: 'override', path: 'auth.ttl' }] },
    })
    await until(async () => (await store.webhooks.waiting()) === 0)
    expect([some.received.length, other.received.length, drift.received.length]).toEqual([2, 0, 1])
  })

  it('hears of a source that went stale, and of a backup that failed', async () => {
    const directory = folder()
    const source = write(directory, 'base.toml', 'a = 1')
    const { hooks, config, engine } = await rig({ directory, open: { sources: [source] } })
    const [to, narrow] = [await receiver(), await receiver()]
    await hooks.create({ name: 'ops', url: to.url, kinds: ['source-stale', 'backup-failed'] })
    await hooks.create({ name: 'narrow', url: narrow.url, namespaces: ['default'] })
    rmSync(join(directory, source))
    await config.reload()
    await until(() => to.received.length === 1)
    expect(to.messages()[0]).toMatchObject({
      type: 'holdfast.source-stale',
      data: {
        namespace: 'default',
        source: { name: 'base.toml', kind: 'file', error: expect.stringContaining('base.toml') },
      },
    })
    await engine.tell({ kind: 'backup-failed', namespace: null, schedule: 'nightly', reason: 'the disk is full' })
    await until(() => to.received.length === 2)
    expect(to.messages()[1]).toMatchObject({
      type: 'holdfast.backup-failed',
      data: { schedule: 'nightly', reason: 'the disk is full' },
    })
    await until(() => narrow.received.length === 1) // the whole store is not its business
    expect(narrow.messages()[0]!.type).toBe('holdfast.source-stale')
  })

  it('is not told while it is disabled, and begins anew when it is enabled', async () => {
    const { hooks, config } = await rig()
    const to = await receiver()
    const { webhook } = await hooks.create({ name: 'pager', url: to.url, isEnabled: false })
    await config.update('a', { n: 1 })
    expect(await hooks.update(webhook.id, { isEnabled: true })).toMatchObject({ isEnabled: true, disabledReason: null })
    await config.update('a', { n: 2 })
    await until(() => to.received.length === 1)
    expect(to.messages()[0]!.data.version.id).toBe(2)
  })

  it('keeps to 20 kB: what does not fit is counted', async () => {
    const { hooks, config } = await rig()
    const to = await receiver()
    await hooks.create({ name: 'pager', url: to.url })
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key${i}`, 'x'.repeat(100)]))
    await config.update('bulk', many)
    await config.update('bulk', { key0: 'ü'.repeat(15_000) }, { reason: '𝕏'.repeat(50_000) })
    await until(() => to.received.length === 2)
    const [first, second] = to
      .messages()
      .map(({ data }) => data as unknown as { changes: unknown[]; changesOmitted: number })
    expect(first!.changes.length + first!.changesOmitted).toBe(500)
    expect(first!.changes.length).toBeGreaterThan(50)
    expect(second).toMatchObject({ changes: [], changesOmitted: 1 })
    for (const { body } of to.received) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(20_000)
  })

  it('is told once that versions were purged before they could be told', async () => {
    const { hooks, config, store, engine, directory } = await rig({ webhookHosts: [] })
    await hooks.create({ name: 'pager', url: 'https://receiver.example/hook' })
    await engine[Symbol.asyncDispose]()
    for (const n of [1, 2, 3, 4]) await config.update('a', { n })
    const at = new Date(Date.now() + HOUR).toISOString()
    await store.purge('default', { before: at, keep: 1, by: 'test', at, dryRun: false })
    const again = await rig({ directory, webhookHosts: [] })
    await until(async () => (await store.webhooks.waiting()) === 1)
    const row = await store.webhooks.due((await again.hooks.list())[0]!.id, '9999')
    expect(JSON.parse(row!.payload)).toMatchObject({ data: { version: { id: 4 }, changes: [], versionsOmitted: true } })
  })

  it('carries two signatures for a day after its secret was rotated', async () => {
    const time = clock()
    const { hooks, config, engine } = await rig({ now: time.now })
    const to = await receiver()
    const { secret: before, webhook } = await hooks.create({ name: 'pager', url: to.url })
    const { secret: after } = await hooks.rotateSecret(webhook.id)
    await config.update('a', { n: 1 })
    await until(() => to.received.length === 1)
    for (const secret of [before, after]) new Webhook(secret).verify(to.received[0]!.body, to.received[0]!.headers)

    time.forward(25 * HOUR)
    await config.update('a', { n: 2 })
    engine.wake()
    await until(() => to.received.length === 2)
    const { headers, body } = to.received[1]!
    const at = new Date(Number(headers['webhook-timestamp']) * 1000)
    expect(headers['webhook-signature']).toBe(new Webhook(after).sign(headers['webhook-id']!, at, body))
    expect(after).not.toBe(before)
  })

  it('can be tested while it is disabled, and a test is tried once', async () => {
    const { hooks } = await rig()
    const to = await receiver((response) => void response.writeHead(500).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url, isEnabled: false })
    const { id } = await hooks.test(webhook.id)
    await until(async () => (await hooks.deliveries(webhook.id)).items[0]?.state === 'failed')
    expect(to.messages()).toMatchObject([{ type: 'holdfast.test', data: { webhook: 'pager' } }])
    expect((await hooks.deliveries(webhook.id)).items).toMatchObject([{ id, kind: 'test', attempts: 1, status: 500 }])
  })

  it('gets a message again under its id, with the same bytes', async () => {
    const { hooks, config } = await rig()
    const to = await receiver()
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 1 })
    await until(async () => (await hooks.deliveries(webhook.id)).items[0]?.state === 'delivered')
    const [first] = (await hooks.deliveries(webhook.id)).items
    expect(await hooks.replay(webhook.id, first!.id)).toMatchObject({ id: first!.id, state: 'waiting', attempts: 0 })
    await until(() => to.received.length === 2)
    expect(to.received[1]!.body).toBe(to.received[0]!.body)
    expect(to.received[1]!.headers['webhook-id']).toBe(first!.id)
    expect(await refusal(hooks.replay(webhook.id, 'msg_none'))).toMatchObject({ code: 'not-found' })
    await hooks.update(webhook.id, { isEnabled: false })
    expect(await refusal(hooks.replay(webhook.id, first!.id))).toMatchObject({ code: 'unsupported' })
  })

  it('has a log of deliveries in pages, newest first', async () => {
    const { hooks } = await rig()
    const to = await receiver()
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.unshift((await hooks.test(webhook.id)).id)
    const first = await hooks.deliveries(webhook.id, { limit: 3 })
    await hooks.test(webhook.id)
    const second = await hooks.deliveries(webhook.id, { limit: 3, cursor: first.nextCursor! })
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids)
    expect(second.nextCursor).toBeNull()
    for (const limit of [0, 1001, 1.5]) {
      expect(await refusal(hooks.deliveries(webhook.id, { limit }))).toMatchObject({ code: 'malformed' })
    }
  })

  it('is gone with all of its deliveries', async () => {
    const { hooks, config, store } = await rig()
    const to = await receiver((response) => void response.writeHead(500).end())
    const { webhook } = await hooks.create({ name: 'pager', url: to.url })
    await config.update('a', { n: 1 })
    await until(() => to.received.length === 1)
    await hooks.delete(webhook.id)
    await config.update('a', { n: 2 })
    expect(await hooks.list()).toEqual([])
    expect(await store.webhooks.waiting()).toBe(0)
    expect(await refusal(hooks.delete(webhook.id))).toMatchObject({ code: 'not-found' })
    expect(to.received).toHaveLength(1)
  })
})

describe('the secrets of webhooks', () => {
  it('and of the configuration stand in no message, log, audit entry or byte of the database', async () => {
    const schema = { properties: { db: { properties: { password: { type: 'string', writeOnly: true } } } } }
    const { hooks, config, audit, warnings, directory, close } = await rig({ open: { schema } })
    const canary = 'canary-5f1c0a77'
    const to = await receiver((response, _, count) => void response.writeHead(count === 1 ? 500 : 200).end(canary))
    const { secret, webhook } = await hooks.create({ name: 'pager', url: `${to.url}?token=${canary}-url` })
    await config.update('db', { password: canary })
    await until(() => to.received.length === 1)
    expect(to.messages()[0]).toMatchObject({ data: { changes: [{ key: 'password', newValue: '••••••••' }] } })
    await until(async () => (await hooks.deliveries(webhook.id)).items[0]?.attempts === 1)
    const shown = JSON.stringify([
      await hooks.deliveries(webhook.id),
      audit,
      warnings,
      to.messages(),
      to.received[0]!.headers,
    ])
    const list = JSON.stringify(await hooks.list())
    await close()
    const bytes = readFileSync(join(directory, STORE)).toString('latin1')
    for (const form of formsOf(secret)) {
      expect(`${shown}${list}`).not.toContain(form)
      expect(bytes).not.toContain(form)
    }
    expect(shown).not.toContain(canary)
    expect(bytes.replaceAll(`${canary}-url`, '')).not.toContain(canary) // a URL is the administrator's own word
  })

  it('do not open for another webhook', async () => {
    const { hooks, store } = await rig()
    const to = await receiver()
    await hooks.create({ name: 'mine', url: to.url })
    await hooks.create({ name: 'other', url: to.url })
    const [mine, other] = await store.webhooks.list()
    await store.webhooks.update(other!.id, { secret: mine!.secret })
    await hooks.test(other!.id)
    await until(async () => (await hooks.deliveries(other!.id)).items[0]?.state === 'failed')
    expect((await hooks.deliveries(other!.id)).items[0]!.error).toContain('does not open')
    expect(to.received).toEqual([])
  })

  it('are not begun under a new key while the configuration holds secrets of one that is lost', async () => {
    const schema = { properties: { db: { properties: { password: { type: 'string', writeOnly: true } } } } }
    const first = await rig({ open: { schema } })
    await first.config.update('db', { password: 'hush' })
    await first.close()
    rmSync(join(first.directory, 'holdfast.key'))
    const { hooks } = await rig({ directory: first.directory })
    expect(await refusal(hooks.create({ name: 'pager', url: 'https://receiver.example/' }))).toMatchObject({
      code: 'key',
    })
  })
})

describe('managing webhooks', () => {
  it('is for those who may administer the whole store', async () => {
    const { engine, hooks } = await rig()
    const { webhook } = await hooks.create({ name: 'pager', url: 'https://receiver.example/' })
    const grants = [
      { actions: ['admin'], namespaces: ['default'] },
      { actions: ['config:read', 'config:write', 'secrets:read', 'audit:read'], namespaces: ['*'] },
    ] as const
    const theirs = engine.as({ name: 'bob', tokenId: 't1', grants, sourceIp: null })
    const calls = [
      theirs.list(),
      theirs.create({ name: 'x', url: 'https://receiver.example/' }),
      theirs.update(webhook.id, { name: 'y' }),
      theirs.delete(webhook.id),
      theirs.rotateSecret(webhook.id),
      theirs.test(webhook.id),
      theirs.deliveries(webhook.id),
      theirs.replay(webhook.id, 'msg'),
    ]
    for (const call of calls) expect(await refusal(call)).toMatchObject({ code: 'forbidden' })
    expect(await hooks.list()).toEqual([webhook])
  })

  it('is in the audit log: who, from where, what', async () => {
    const { engine, audit } = await rig()
    const hooks = engine.as(alice, { ip: '198.51.100.9', requestId: 'r-1' })
    const { webhook } = await hooks.create({ name: 'pager', url: 'https://receiver.example/' })
    await hooks.update(webhook.id, { name: 'beeper', sections: ['*'] })
    await hooks.rotateSecret(webhook.id)
    await hooks.delete(webhook.id)
    expect(audit.map(({ subject, detail }) => [subject, detail])).toEqual([
      ['pager', 'created'],
      ['beeper', 'changed: name, sections'],
      ['beeper', 'secret rotated'],
      ['beeper', 'deleted'],
    ])
    expect(audit[0]).toMatchObject({
      event: 'webhook-changed',
      who: 'alice',
      sourceIp: '198.51.100.9',
      requestId: 'r-1',
    })
  })

  it('refuses a name that is taken, and one that is not there', async () => {
    const { hooks } = await rig()
    const { webhook } = await hooks.create({ name: 'a', url: 'https://receiver.example/' })
    await hooks.create({ name: 'b', url: 'https://receiver.example/' })
    expect(await refusal(hooks.create({ name: 'a', url: 'https://receiver.example/' }))).toMatchObject({
      code: 'exists',
    })
    expect(await refusal(hooks.update(webhook.id, { name: 'b' }))).toMatchObject({ code: 'exists' })
    expect(await refusal(hooks.update('wh_none', { name: 'c' }))).toMatchObject({ code: 'not-found' })
  })

  const url = 'https://receiver.example/'
  it.each<readonly [string, unknown]>([
    ['url', { name: 'a', url: 'ftp://receiver.example/' }],
    ['url', { name: 'a', url: 'http://receiver.example/' }],
    ['url', { name: 'a', url: 'https://user:pw@receiver.example/' }],
    ['url', { name: 'a', url: 'https://receiver.example/#part' }],
    ['url', { name: 'a', url: 'https://10.0.0.1/' }],
    ['url', { name: 'a', url: 'https://0x7f000001/' }],
    ['url', { name: 'a', url: 'https://[::1]/' }],
    ['url', { name: 'a', url: 'https://[::ffff:169.254.169.254]/' }],
    ['url', { name: 'a', url: 'https://receiver.example/\r\nx: y' }],
    ['url', { name: 'a', url: `https://receiver.example/${'x'.repeat(3000)}` }],
    ['url', { name: 'a', url: 7 }],
    ['url', { name: 'a' }],
    ['name', { url }],
    ['name', { name: '', url }],
    ['name', { name: 'a b', url }],
    ['name', { name: 'x'.repeat(64), url }],
    ['name', { name: ['a'], url }],
    ['namespaces', { name: 'a', url, namespaces: [] }],
    ['namespaces', { name: 'a', url, namespaces: ['UPPER'] }],
    ['namespaces', { name: 'a', url, namespaces: ['a*b'] }],
    ['namespaces', { name: 'a', url, namespaces: 'default' }],
    ['sections', { name: 'a', url, sections: ['a\u0000'] }],
    ['sections', { name: 'a', url, sections: Array.from({ length: 101 }, (_, i) => `s${i}`) }],
    ['kinds', { name: 'a', url, kinds: ['test'] }],
    ['kinds', { name: 'a', url, kinds: ['__proto__'] }],
    ['isEnabled', { name: 'a', url, isEnabled: 'yes' }],
    ['webhook', { name: 'a', url, secret: 'whsec_mine' }],
    ['webhook', JSON.parse(`{"name":"a","url":"${url}","__proto__":{"x":1}}`)],
    ['webhook', null],
    ['webhook', ['a']],
  ])('refuses a malformed %s: %j', async (what, request) => {
    const { hooks } = await rig()
    const error: HoldfastError = await refusal(hooks.create(request as never))
    expect(error).toMatchObject({ code: 'malformed', details: { what } })
    expect(error.message).not.toContain('pw')
    expect(await hooks.list()).toEqual([])
  })
})

/** A secret as it stands, and as bytes that somebody might have written in its place. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64')
  return [secret.slice('whsec_'.length), bytes.toString('hex'), bytes.toString('latin1'), bytes.toString('base64url')]
}
