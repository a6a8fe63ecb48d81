import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectAdmin, type RemoteAdmin } from '../../src/client.ts'
import { verifyBackup } from '../../src/index.ts'
import { refusal } from '../engine/helpers.ts'
import { connected, folder } from './helpers.ts'
import { type Served, served } from './served.ts'
import { json, stranger } from './stranger.ts'

async function administered(): Promise<{ readonly server: Served; readonly admin: RemoteAdmin }> {
  const server = await served()
  const admin = await connectAdmin({ url: server.url, token: server.admin })
  onTestFinished(() => admin.close())
  return { server, admin }
}

describe('an Admin over HTTP', () => {
  it('makes, lists and deletes namespaces', async () => {
    const { admin } = await administered()
    expect(await admin.createNamespace('tacacs-prod')).toMatchObject({ description: 'the namespace begins' })
    await expect(admin.createNamespace('tacacs-prod')).rejects.toMatchObject({ code: 'exists' })
    await expect(admin.createNamespace('Not A Name')).rejects.toMatchObject({ code: 'malformed' })
    expect((await admin.namespaces()).map(({ namespace }) => namespace).sort()).toEqual(['default', 'tacacs-prod'])
    await admin.deleteNamespace('tacacs-prod')
    expect((await admin.namespaces()).map(({ namespace }) => namespace)).toEqual(['default'])
    await expect(admin.deleteNamespace('tacacs-prod')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('verifies the chain, against a head that was kept', async () => {
    const { server, admin } = await administered()
    const config = await server.as('alice')
    await config.update('server', { port: 5050 })
    const expectHead = config.version!.chainHash
    const found = await admin.verify({ namespace: 'default', expectHead })
    expect(found).toMatchObject({ ok: true, problems: [], heads: { default: expectHead } })
    expect(await admin.verify({ namespace: 'default', expectHead: 'ab'.repeat(32) })).toMatchObject({ ok: false })
  })

  it('purges what is old, and says what would go before', async () => {
    const { server, admin } = await administered()
    const config = await server.as('alice')
    for (let port = 1; port <= 5; port++) await config.update('server', { port })
    const plan = await admin.purge('default', { olderThan: 0, keep: 2, dryRun: true })
    expect(plan.versions).toBeGreaterThan(0)
    expect((await config.versions.list()).items).toHaveLength(6)
    expect(await admin.purge('default', { olderThan: 0, keep: 2 })).toMatchObject({ versions: plan.versions })
    expect((await config.versions.list()).items).toHaveLength(6 - plan.versions)
    const watching = (async () => {
      for await (const _ of config.watch({ since: 1 })) return
    })()
    await expect(watching).rejects.toMatchObject({ code: 'not-found' })
    await expect(admin.purge('default', { olderThan: -1 })).rejects.toMatchObject({ code: 'malformed' })
  })

  it('fetches a backup into a new file, checked', async () => {
    const { server, admin } = await administered()
    const config = await server.as('alice')
    await config.update('server', { port: 5050 })
    const file = join(folder(), 'copy.db')
    const report = await admin.backup(file)
    expect(report).toMatchObject({ file, versions: 2, heads: { default: config.version!.chainHash } })
    expect(statSync(file)).toMatchObject({ size: report.bytes })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await verifyBackup(file)).toMatchObject({ versions: 2, history: 1 })
    await expect(admin.backup(file)).rejects.toMatchObject({ code: 'exists' })
  })

  it('lists, makes and verifies the copies that the server keeps', async () => {
    const { admin } = await administered()
    expect(await admin.backups.list()).toEqual([])
    const made = await admin.backups.create()
    expect(await admin.backups.list()).toMatchObject([{ name: made.name, bytes: made.bytes }])
    expect(await admin.backups.verify(made.name)).toEqual({ ...made, ok: true, problems: [] })
    await expect(admin.backups.verify('nope.db')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('leaves no half of a backup', async () => {
    const { url } = await stranger({
      backups: (_, response) => json(response, { name: 'a.db', bytes: 1000, versions: 1, history: 0, heads: {} }, 201),
      'a.db': (_, response) => {
        response.writeHead(200, { 'content-type': 'application/vnd.sqlite3', 'content-length': '1000' })
        response.write('half', () => response.destroy())
      },
    })
    const admin = await connectAdmin({ url, token: 'hf_x' })
    onTestFinished(() => admin.close())
    const directory = folder()
    await expect(admin.backup(join(directory, 'copy.db'))).rejects.toMatchObject({ code: 'unavailable' })
    expect(readdirSync(directory)).toEqual([])
    writeFileSync(join(directory, 'there'), 'precious')
    expect((await refusal(admin.backup(join(directory, 'there')))).code).toBe('exists')
    expect(statSync(join(directory, 'there')).size).toBe(8)
  })

  it('makes, lists, rotates and revokes tokens, which work until then', async () => {
    const { server, admin } = await administered()
    const grants = [{ actions: ['config:read'] as const, namespaces: ['default'] }]
    const { text, token } = await admin.tokens.create({ name: 'reader', grants })
    expect(token).toMatchObject({ name: 'reader', state: 'active', grants })
    expect((await admin.tokens.list()).map(({ name }) => name)).toContain('reader')
    const config = await connected({ url: server.url, token: text })
    await expect(config.update('server', { port: 1 })).rejects.toMatchObject({ code: 'forbidden' })
    const rotated = await admin.tokens.rotate('reader', { overlapSeconds: 0 })
    expect(rotated.text).not.toBe(text)
    await expect(config.history()).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(await admin.tokens.revoke('reader')).toMatchObject({ state: 'revoked' })
    await expect(connected({ url: server.url, token: rotated.text })).rejects.toMatchObject({
      code: 'unauthenticated',
      details: { reason: 'revoked' },
    })
  })

  it('manages webhooks, schedules and sizes', async () => {
    const { admin } = await administered()
    const { webhook, secret } = await admin.webhooks.create({ name: 'chat', url: 'https://hooks.example.com/x' })
    expect(secret).toMatch(/^whsec_/)
    expect(await admin.webhooks.list()).toEqual([webhook])
    expect(await admin.webhooks.update(webhook.id, { isEnabled: false })).toMatchObject({ isEnabled: false })
    expect((await admin.webhooks.rotateSecret(webhook.id)).secret).not.toBe(secret)
    expect(await admin.webhooks.deliveries(webhook.id)).toEqual({ items: [], nextCursor: null })
    await admin.webhooks.delete(webhook.id)
    expect(await admin.webhooks.list()).toEqual([])
    expect(await admin.schedules.list()).toEqual([])
    await expect(admin.schedules.run('none')).rejects.toMatchObject({ code: 'not-found' })
    expect(await admin.stats()).toMatchObject({
      namespaces: [{ namespace: 'default', versions: 1 }],
      growth: { hour: expect.any(Number), day: expect.any(Number) },
    })
  })

  it('says who asks, and who was refused', async () => {
    const { server, admin } = await administered()
    expect(await admin.whoami()).toMatchObject({ grants: [{ namespaces: ['*'] }], expiresAt: null })
    const text = await server.token('reader', [{ actions: ['config:read'], namespaces: ['default'] }])
    const reader = await connectAdmin({ url: server.url, token: text })
    onTestFinished(() => reader.close())
    await expect(reader.stats()).rejects.toMatchObject({ code: 'forbidden' })
    await expect
      .poll(async () => (await admin.audit({ event: 'refused', who: 'reader' })).items.length, { timeout: 10_000 })
      .toBe(1)
  })

  it('closed does nothing more', async () => {
    const { admin } = await administered()
    await admin.close()
    await expect(admin.stats()).rejects.toMatchObject({ code: 'closed' })
  })
})
