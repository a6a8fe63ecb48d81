import { describe, expect, it, onTestFinished } from 'vitest'
import { openService, type Service, type ServiceOptions } from '../../src/engine/service.ts'
import { openAdmin } from '../../src/index.ts'
import { folder, open, quiet, STORE, until, write } from './helpers.ts'
import { alice, receiver } from './webhook-helpers.ts'

async function served(directory: string, options: ServiceOptions = {}): Promise<Service> {
  const service = await openService({
    directory,
    store: STORE,
    environment: {},
    log: quiet,
    webhookHosts: ['localhost'],
    ...options,
  })
  onTestFinished(() => service[Symbol.asyncDispose]())
  return service
}

describe('webhooks of a service', () => {
  it('are told of changes by callers, by other processes, and in namespaces that nobody here has opened', async () => {
    const directory = folder()
    const service = await served(directory)
    const to = await receiver()
    await service.admin(alice).webhooks.create({ name: 'pager', url: to.url })
    await service.admin(alice).createNamespace('mine')
    await (await service.config(alice, 'mine')).update('a', { n: 1 })
    await (await open(directory, { namespace: 'theirs' })).update('b', { n: 1 })
    await until(() => to.received.length === 3)
    const told = to.messages().map(({ data }) => [data['namespace'], data.version.id] as const)
    expect(told.toSorted(([, a], [, b]) => a - b)).toEqual([
      ['mine', 1],
      ['mine', 2],
      ['theirs', 3],
    ])
  })

  it('may be made and tested from a command line, and the service sends', async () => {
    const directory = folder()
    await served(directory)
    const to = await receiver()
    await using admin = await openAdmin({
      directory,
      store: STORE,
      environment: {},
      log: quiet,
      webhookHosts: ['localhost'],
    })
    const { webhook } = await admin.webhooks.create({ name: 'pager', url: to.url })
    const { id } = await admin.webhooks.test(webhook.id)
    await until(async () => (await admin.webhooks.deliveries(webhook.id)).items[0]?.state === 'delivered')
    expect(to.received.map(({ headers }) => headers['webhook-id'])).toEqual([id])
  })

  it('are told of drift that a schedule found, and of a source that went stale', async () => {
    const directory = folder()
    const source = write(directory, 'base.toml', '[server]\nport = 1')
    const service = await served(directory, {
      namespaces: { default: { sources: [source] } },
      schedules: [{ name: 'look', task: 'check-drift', cron: '0 0 1 1 *' }],
    })
    const to = await receiver()
    const { webhooks, schedules } = service.admin(alice)
    await webhooks.create({ name: 'ops', url: to.url, kinds: ['drift', 'source-stale'] })
    await (await service.config(alice, 'default')).update('server', { port: 2 })
    expect(await schedules.run('look')).toMatchObject({ outcome: 'done', detail: 'default: drift: 1 override' })
    write(directory, 'base.toml', '[server')
    await until(() => to.received.length === 2)
    expect(to.messages()).toMatchObject([
      { type: 'holdfast.drift', data: { drift: [{ kind: 'override', path: 'server.port' }] } },
      { type: 'holdfast.source-stale', data: { source: { name: 'base.toml' } } },
    ])
  })

  it('stand beside timed work, whose acts are in the audit log under its name', async () => {
    const directory = folder()
    const service = await served(directory, {
      schedules: [{ name: 'nightly', task: 'backup', cron: '0 3 * * *' }],
    })
    await service.admin(alice).createNamespace('default')
    const run = await service.admin(alice).schedules.run('nightly')
    expect(run).toMatchObject({
      outcome: 'done',
      detail: expect.stringMatching(/^holdfast-nightly-.+\.db: 1 versions, verified$/),
    })
    await until(async () => (await service.admin(alice).audit({ event: 'backup' })).items.length === 1)
    expect((await service.admin(alice).audit({ event: 'backup' })).items[0]).toMatchObject({ who: 'schedule:nightly' })
  })
})
