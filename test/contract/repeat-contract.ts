import { describe, expect, it } from 'vitest'
import type { Config, InstanceReport } from '../../src/index.ts'

/** What every `Config` does with a request that comes twice, and with what processes say of themselves. `opened` gives a new one as for `configContract`. */
export function repeatContract(name: string, opened: () => Promise<Config>): void {
  const secret = 'pa55word-of-the-test'

  describe(`${name} answers a request that comes again`, () => {
    it('as it did the first time, and applies nothing', async () => {
      const config = await opened()
      const request = { set: { server: { port: 5050 } }, reason: 'r', idempotencyKey: 'key 1' }
      const first = await config.change(request)
      await config.update('server', { port: 6060 })
      expect(await config.change(request)).toEqual(first)
      expect(first).toMatchObject({ version: { id: 2 }, restartRequired: ['server.port'] })
      expect([config.version?.id, config.get('server.port')]).toEqual([3, 6060])
    })

    it('also where it was made for a version that is no longer the current one', async () => {
      const config = await opened()
      const request = { set: { server: { port: 5050 } }, ifVersion: 1, idempotencyKey: 'k' }
      const first = await config.change(request)
      expect(await config.change(request)).toEqual(first)
      await expect(config.change({ ...request, idempotencyKey: 'l' })).rejects.toMatchObject({ code: 'conflict' })
    })

    it('also where the first changed nothing', async () => {
      const config = await opened()
      const request = { unset: ['server.port'], idempotencyKey: 'k' }
      expect(await config.change(request)).toMatchObject({ version: null, changes: [] })
      await config.update('server', { port: 5050 })
      expect(await config.change(request)).toMatchObject({ version: null, changes: [] })
      expect(config.get('server.port')).toBe(5050)
    })

    it('once, however many come at the same time', async () => {
      const config = await opened()
      const request = { set: { server: { port: 5050 } }, idempotencyKey: 'k' }
      const answers = await Promise.all(Array.from({ length: 5 }, () => config.change(request)))
      for (const answer of answers) expect(answer).toEqual(answers[0])
      expect(answers[0]?.version?.id).toBe(2)
      expect((await config.versions.list()).items).toHaveLength(2)
    })

    it('with a refusal where the key stood for something else', async () => {
      const config = await opened()
      await config.change({ set: { server: { port: 5050 } }, idempotencyKey: 'k' })
      for (const other of [
        () => config.change({ set: { server: { port: 5051 } }, idempotencyKey: 'k' }),
        () => config.change({ set: { server: { port: 5050 } }, reason: 'other', idempotencyKey: 'k' }),
        () => config.versions.restore(1, { idempotencyKey: 'k' }),
        () => config.versions.create({ idempotencyKey: 'k' }),
      ])
        await expect(other()).rejects.toMatchObject({ code: 'key-reused', details: { key: 'k' } })
      expect(config.version?.id).toBe(2)
    })

    it('by trying again where it was refused or only tried', async () => {
      const config = await opened()
      const request = { set: { server: { port: 70000 } }, idempotencyKey: 'k' }
      await expect(config.change(request)).rejects.toMatchObject({ code: 'invalid' })
      const right = { set: { server: { port: 5050 } }, idempotencyKey: 'k' }
      await config.change({ ...right, dryRun: true })
      expect((await config.change(right)).version?.id).toBe(2)
    })

    it('of a restore, a revert and a new version alike', async () => {
      const config = await opened()
      await config.update('server', { port: 5050 })
      const restored = await config.versions.restore(1, { idempotencyKey: 'restore' })
      expect(await config.versions.restore(1, { idempotencyKey: 'restore' })).toEqual(restored)
      const reverted = await config.versions.revert(3, { idempotencyKey: 'revert' })
      expect(await config.versions.revert(3, { idempotencyKey: 'revert' })).toEqual(reverted)
      const made = await config.versions.create({ description: 'd', idempotencyKey: 'create' })
      expect(await config.versions.create({ description: 'd', idempotencyKey: 'create' })).toEqual(made)
      expect(config.version?.id).toBe(made.id)
      expect([restored.version?.id, reverted.version?.id, made.id]).toEqual([3, 4, 5])
    })

    it('without the secrets that were in it', async () => {
      const config = await opened()
      const request = { set: { auth: { secret } }, idempotencyKey: 'k' }
      await config.change(request)
      expect(JSON.stringify(await config.change(request))).not.toContain(secret)
      const other = { set: { auth: { secret: 'another-one' } }, idempotencyKey: 'k' }
      await expect(config.change(other)).rejects.toMatchObject({ code: 'key-reused' })
      expect(config.get('auth.secret')).toBe(secret)
    })

    it('only by keys that a header can carry', async () => {
      const config = await opened()
      for (const idempotencyKey of ['', 'x'.repeat(256), 'a\nb', 'schlüssel'])
        await expect(config.change({ set: { server: { port: 1 } }, idempotencyKey })).rejects.toMatchObject({
          code: 'malformed',
        })
      expect(config.version?.id).toBe(1)
    })
  })

  describe(`${name} knows the processes that use it`, () => {
    const startedAt = '2026-11-01T11:00:00.000Z'
    const report = (more: Partial<InstanceReport> = {}): InstanceReport => ({
      id: 'web-1',
      host: 'host-a',
      version: 1,
      startVersion: 1,
      startedAt,
      ...more,
    })
    const of = async (config: Config, id: string) => (await config.instances()).find((one) => one.id === id)

    it('as they described themselves, and whether they run what is in effect', async () => {
      const config = await opened()
      expect(await config.report(report())).toMatchObject({ ...report(), state: 'current', behindSince: null })
      const { version } = await config.update('auth', { cache_ttl: 5 })
      await config.update('auth', { cache_ttl: 6 })
      expect(await of(config, 'web-1')).toMatchObject({
        ...report(),
        state: 'behind',
        behindSince: version?.createdAt,
        pendingRestart: null,
      })
      await config.report(report({ version: 3 }))
      expect(await of(config, 'web-1')).toMatchObject({ state: 'current', version: 3, behindSince: null })
    })

    it('and which of their keys wait for a restart, and since when', async () => {
      const config = await opened()
      await config.update('auth', { cache_ttl: 5 })
      const { version } = await config.update('server', { port: 5050 })
      await config.update('server', { port: 5051 })
      expect(await config.report(report({ version: 4, startVersion: 2 }))).toMatchObject({
        state: 'current',
        pendingRestart: { since: version?.createdAt, paths: ['server.port'] },
      })
      expect(await config.report(report({ version: 4, startVersion: 4 }))).toMatchObject({ pendingRestart: null })
      await config.change({ unset: ['server.port'] })
      expect(await config.report(report({ version: 5, startVersion: 2 }))).toMatchObject({ pendingRestart: null })
    })

    it('and which keys they run with another value than the one in effect', async () => {
      const config = await opened()
      const { version } = await config.change({
        set: { server: { port: 5050 }, auth: { cache_ttl: 5 } },
        reason: 'why not',
      })
      await config.report(report())
      await config.report(report({ id: 'web-2', version: 2 }))
      const drift = await config.drift({ kind: 'instance' })
      const who = { version: version?.id, who: 'alice', when: version?.createdAt, why: 'why not' }
      expect(drift.filter(({ instance }) => instance === 'web-1')).toEqual([
        {
          ...{ kind: 'instance', path: 'auth.cache_ttl', section: 'auth', key: 'cache_ttl', instance: 'web-1' },
          ...{ expected: 5, actual: 60, needsRestart: false, ...who },
        },
        {
          ...{ kind: 'instance', path: 'server.port', section: 'server', key: 'port', instance: 'web-1' },
          ...{ expected: 5050, actual: 4949, needsRestart: true, ...who },
        },
      ])
      expect(drift.filter(({ instance }) => instance === 'web-2')).toMatchObject([
        { path: 'server.port', needsRestart: true },
      ])
      const inAuth = await config.drift({ kind: 'instance', section: 'auth' })
      expect(inAuth.filter(({ instance }) => instance?.startsWith('web-')).map(({ path }) => path)).toEqual([
        'auth.cache_ttl',
      ])
    })

    it('without the secrets that they run', async () => {
      const config = await opened()
      await config.update('auth', { secret })
      await config.update('auth', { secret: 'another-one' })
      await config.report(report({ version: 2 }))
      const drift = await config.drift({ kind: 'instance' })
      expect(drift.find(({ instance }) => instance === 'web-1')).toMatchObject({ path: 'auth.secret' })
      expect(JSON.stringify(drift)).not.toMatch(/pa55word|another-one|holdfast:secret/)
    })

    it('and refuses what no process would say', async () => {
      const config = await opened()
      const wrong: readonly Partial<Record<keyof InstanceReport, unknown>>[] = [
        ...['x'.repeat(129), 'a\nb', ' ', 'ä'].map((id) => ({ id })),
        ...['', 'x'.repeat(256), 'a\0b'].map((host) => ({ host })),
        ...[0, -1, 1.5, 2 ** 53].flatMap((version) => [{ version }, { startVersion: version }]),
        ...['', 'yesterday', '2026-13-01'].map((startedAt) => ({ startedAt })),
      ]
      for (const one of wrong)
        await expect(config.report(report(one as Partial<InstanceReport>)), JSON.stringify(one)).rejects.toMatchObject({
          code: 'malformed',
        })
      expect((await config.instances()).filter(({ host }) => host === 'host-a')).toEqual([])
    })
  })
}
