import { describe, expect, it } from 'vitest'
import type { ChangeEvent, Config, HistoryEntry, Tree } from '../../src/index.ts'
import { HoldfastError } from '../../src/index.ts'
import { repeatContract } from './repeat-contract.ts'

/** The schema every `Config` under test has. */
export const SCHEMA: Tree = {
  type: 'object',
  properties: {
    banner: { type: 'string' },
    server: {
      type: 'object',
      additionalProperties: false,
      properties: {
        port: { type: 'integer', minimum: 1, maximum: 65535, 'x-restart': true },
        log_level: { type: 'string', enum: ['DEBUG', 'INFO', 'WARNING'] },
        ratio: { type: 'number' },
        workers: { type: 'integer', default: 4 },
      },
    },
    auth: {
      type: 'object',
      properties: {
        backends: { type: 'string' },
        cache_ttl: { type: 'integer' },
        enabled: { type: 'boolean' },
        secret: { type: 'string', writeOnly: true, minLength: 4 },
        hosts: { type: 'array', items: { type: 'string' } },
      },
    },
    upstreams: {
      type: 'object',
      additionalProperties: { type: 'object', properties: { weight: { type: 'integer' } } },
    },
  },
}

/** The base file every `Config` under test has, as `base.ini`. */
export const BASE = `[server]
port = 4949
log_level = INFO

[auth]
backends = local
cache_ttl = 60
enabled = true

[upstreams]
`

export interface Opened {
  readonly config: Config
  /** Rewrites the base file; the next `reload` sees it. */
  writeBase(text: string): void
  /** The same configuration as somebody else has it, where a call cannot say who asks. */
  as?(actor: string, sourceIp?: string): Promise<Config>
}

/** What every `Config` does, whatever stands behind it. `open` gives a new one on a new store with `SCHEMA` and `BASE`, by `alice`, its clock ticking. */
export function configContract(name: string, open: () => Promise<Opened>): void {
  const opened = async (): Promise<Config> => (await open()).config
  const openedAs = async (actor: string, sourceIp?: string): Promise<Config> => {
    const { config, as } = await open()
    return (await as?.(actor, sourceIp)) ?? config
  }
  const secret = 'pa55word-of-the-test'

  async function everyPage(config: Config, limit: number): Promise<HistoryEntry[]> {
    const rows: HistoryEntry[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<Config['history']>> = await config.history({
        limit,
        ...(cursor !== null && { cursor }),
      })
      expect(page.items.length).toBeLessThanOrEqual(limit)
      rows.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== null)
    return rows
  }

  /** Gathers events of `watch` until there are `count`. */
  async function gather(config: Config, since: number | undefined, count: number): Promise<ChangeEvent[]> {
    const events: ChangeEvent[] = []
    const stop = new AbortController()
    for await (const event of config.watch({ ...(since !== undefined && { since }), signal: stop.signal })) {
      events.push(event)
      if (events.length === count) stop.abort()
    }
    return events
  }

  describe(`${name} reads`, () => {
    it('values, sections and items of the base, typed by the schema, with its defaults', async () => {
      const config = await opened()
      expect(config.namespace).toBe('default')
      expect(config.sections()).toEqual(['auth', 'server', 'upstreams'])
      expect(config.get('server.port')).toBe(4949)
      expect(config.get('auth.enabled')).toBe(true)
      expect(config.get('server')).toEqual({ port: 4949, log_level: 'INFO', workers: 4 })
      expect(config.items('server')).toEqual({ port: 4949, log_level: 'INFO', workers: 4 })
      expect(config.items('upstreams')).toEqual({})
      expect(config.get('server.none')).toBeUndefined()
      expect(config.items('none')).toEqual({})
      expect([config.has('server.port'), config.has('server.none'), config.has('server')]).toEqual([true, false, true])
    })

    it('only what is frozen', async () => {
      const config = await opened()
      await config.update('auth', { hosts: ['a', 'b'] })
      const given = [
        config.items('server'),
        config.get('server'),
        config.toJSON(),
        config.toJSON()['auth'],
        config.get('auth.hosts'),
        (await config.at(1)).get('auth'),
        config.items(''),
      ]
      for (const value of given) expect(Object.isFrozen(value)).toBe(true)
    })

    it('and refuses what is no path', async () => {
      const config = await opened()
      expect(() => config.get('server..port')).toThrow(expect.objectContaining({ code: 'malformed' }))
      expect(() => config.has('')).toThrow(expect.objectContaining({ code: 'malformed' }))
    })

    it('the first version: the base as found, without a row for each key', async () => {
      const config = await opened()
      expect(config.version).toMatchObject({
        id: 1,
        cause: 'source',
        createdBy: expect.any(String),
        isBaseline: false,
        tags: [],
      })
      expect(config.version?.hash).toMatch(/^[0-9a-f]{64}$/)
      expect(config.version?.chainHash).toMatch(/^[0-9a-f]{64}$/)
      expect(config.version?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(await config.history()).toEqual({ items: [], nextCursor: null })
      expect((await config.versions.list()).items).toEqual([config.version])
    })

    it('how its sources fare', async () => {
      const config = await opened()
      expect(config.sources).toEqual([
        {
          name: 'base.ini',
          kind: 'file',
          isPinned: false,
          state: 'ok',
          error: null,
          loadedAt: expect.any(String),
          checkedAt: expect.any(String),
        },
      ])
    })
  })

  describe(`${name} changes`, () => {
    it('a key with reason, actor and address, makes a version and tells what was done', async () => {
      const config = await openedAs('bob', '192.168.1.100')
      const why = { reason: 'port for the load balancer', comment: 'ticket 7', actor: 'bob', sourceIp: '192.168.1.100' }
      const result = await config.update('server', { port: 5050 }, why)
      expect(result).toEqual({
        version: config.version,
        changes: [{ operation: 'CREATE', section: 'server', key: 'port', oldValue: 4949, newValue: 5050 }],
        restartRequired: ['server.port'],
      })
      expect(config.version).toMatchObject({ id: 2, cause: 'change', createdBy: 'bob' })
      expect(config.get('server.port')).toBe(5050)
      expect(config.isOverridden('server', 'port')).toBe(true)
      expect(config.isOverridden('server', 'log_level')).toBe(false)
      const [row] = (await config.history()).items
      expect(row).toEqual({
        id: 1,
        namespace: 'default',
        operation: 'CREATE',
        layer: 'override',
        section: 'server',
        key: 'port',
        oldValue: 4949,
        newValue: 5050,
        changedAt: config.version?.createdAt,
        changedBy: 'bob',
        sourceIp: '192.168.1.100',
        reason: 'port for the load balancer',
        comment: 'ticket 7',
        versionId: 2,
      })
    })

    it('many keys at once: set, unset and mask in one version', async () => {
      const config = await opened()
      await config.update('server', { log_level: 'DEBUG' })
      const { version, changes } = await config.change({
        set: {
          auth: { backends: 'ldap,local', cache_ttl: 300 },
          '': { banner: 'hello' },
          upstreams: { 'api.example.com': { weight: 3 } },
        },
        unset: ['server.log_level'],
        mask: ['auth.enabled'],
        reason: 'all of it',
      })
      expect(version?.id).toBe(3)
      const rows = changes.map(({ operation, section, key, newValue }) => [operation, section, key, newValue])
      expect(rows).toHaveLength(6)
      expect(rows).toEqual(
        expect.arrayContaining([
          ['CREATE', 'auth', 'backends', 'ldap,local'],
          ['CREATE', 'auth', 'cache_ttl', 300],
          ['CREATE', 'auth', 'enabled', undefined],
          ['CREATE', '', 'banner', 'hello'],
          ['CREATE', 'upstreams', '"api.example.com".weight', 3],
          ['DELETE', 'server', 'log_level', 'INFO'],
        ]),
      )
      expect(config.get('upstreams."api.example.com".weight')).toBe(3)
      expect(config.get('banner')).toBe('hello')
      expect(config.sections()).toEqual(['', 'auth', 'server', 'upstreams'])
      expect(config.items('')).toEqual({ banner: 'hello' })
      expect(config.has('auth.enabled')).toBe(false)
      expect((await config.history({ limit: 10 })).items.filter((row) => row.versionId === 3)).toHaveLength(6)
    })

    it('nothing where nothing would change, and then makes no version', async () => {
      const config = await opened()
      await config.update('server', { port: 5050 })
      const nothing = { version: null, changes: [], restartRequired: [] }
      expect(await config.update('server', { port: 5050 })).toEqual(nothing)
      expect(await config.update('server', { port: '5050' })).toEqual(nothing)
      expect(await config.change({ unset: ['auth.backends'] })).toEqual(nothing)
      expect(await config.change({ mask: ['auth.none'] })).toEqual(nothing)
      expect(await config.change({})).toEqual(nothing)
      expect(config.version?.id).toBe(2)
    })

    it('text to the type of the schema where that loses nothing', async () => {
      const config = await opened()
      await config.update('server', { port: '5050' })
      expect(config.get('server.port')).toBe(5050)
      await config.change({ set: { auth: { enabled: 'no', hosts: '["a"]', backends: '123' } }, isText: true })
      expect([config.get('auth.enabled'), config.get('auth.hosts'), config.get('auth.backends')]).toEqual([
        false,
        ['a'],
        '123',
      ])
    })

    it('nothing when it is refused, and says each issue with path, code and message', async () => {
      const config = await opened()
      const refused = config.change({ set: { server: { port: 'abc', log_level: 'LOUD' }, auth: { cache_ttl: 1 } } })
      await expect(refused).rejects.toBeInstanceOf(HoldfastError)
      await expect(refused).rejects.toMatchObject({
        code: 'invalid',
        details: {
          issues: expect.arrayContaining([
            expect.objectContaining({ path: 'server.port', code: 'type', message: expect.any(String) }),
            expect.objectContaining({ path: 'server.log_level', code: 'enum', allowed: ['DEBUG', 'INFO', 'WARNING'] }),
          ]),
        },
      })
      expect(config.version?.id).toBe(1)
      expect(config.get('auth.cache_ttl')).toBe(60)
      expect((await config.history()).items).toEqual([])
    })

    it('nothing at a key that a closed section does not know, and says which was meant', async () => {
      const config = await opened()
      const refused = config.update('server', { prot: 5050 })
      await expect(refused).rejects.toMatchObject({
        code: 'invalid',
        details: { issues: [{ path: 'server.prot', didYouMean: expect.stringContaining('port') }] },
      })
    })

    it('nothing that is malformed or too large', async () => {
      const config = await opened()
      const code = (request: Parameters<Config['change']>[0]) =>
        config.change(request).then(
          () => 'taken',
          (error) => error.code,
        )
      expect(await code({ unset: ['a..b'] })).toBe('malformed')
      expect(await code({ set: { auth: { backends: undefined } } })).toBe('malformed')
      expect(await code({ set: { auth: { backends: () => 1 } } })).toBe('malformed')
      expect(await code({ set: { auth: { backends: 'x\0' } } })).toBe('malformed')
      expect(await code({ set: { auth: { extra: 'holdfast:secret:1:k:v' } } })).toBe('malformed')
      expect(await code({ set: { auth: { extra: { deep: 'holdfast:secret:1:k:v' } } } })).toBe('malformed')
      expect(await code({ set: { '': { '': { x: 1 } } } })).toBe('malformed')
      expect(await code({ set: { auth: { backends: 'x'.repeat(300_000) } } })).toBe('too-large')
      expect(await code({ set: { auth: { ['k'.repeat(300)]: 1 } } })).toBe('too-large')
      expect(await code({ unset: Array.from({ length: 10_001 }, (_, i) => `auth.k${i}`) })).toBe('too-large')
      expect(config.version?.id).toBe(1)
    })

    it('only the version it was made for', async () => {
      const config = await opened()
      await config.change({ set: { server: { port: 1 } }, ifVersion: 1 })
      const late = config.change({ set: { server: { port: 2 } }, ifVersion: 1 })
      await expect(late).rejects.toMatchObject({ code: 'conflict', details: { expected: 1, found: 2 } })
      expect(config.get('server.port')).toBe(1)
    })

    it('nothing in a dry run, which answers like a change', async () => {
      const config = await opened()
      const dry = await config.change({ set: { server: { port: 5050 } }, dryRun: true })
      expect(dry).toEqual({
        version: null,
        changes: [{ operation: 'CREATE', section: 'server', key: 'port', oldValue: 4949, newValue: 5050 }],
        restartRequired: ['server.port'],
      })
      expect(config.get('server.port')).toBe(4949)
      expect(config.version?.id).toBe(1)
      await expect(config.change({ set: { server: { port: 0 } }, dryRun: true })).rejects.toMatchObject({
        code: 'invalid',
      })
    })

    it('a whole subtree key by key, and ends all overrides of a section at once', async () => {
      const config = await opened()
      await config.update('upstreams', { a: { weight: 1 }, b: { weight: 2 } })
      await config.update('upstreams', { a: { weight: 5 } })
      expect(config.items('upstreams')).toEqual({ a: { weight: 5 }, b: { weight: 2 } })
      const { changes } = await config.change({ unset: ['upstreams'] })
      expect(changes.map(({ operation }) => operation)).toEqual(['DELETE', 'DELETE'])
      expect(config.items('upstreams')).toEqual({})
    })

    it('under a mask, and brings the base back when the mask ends', async () => {
      const config = await opened()
      await config.change({ mask: ['auth'] })
      expect(config.has('auth')).toBe(false)
      await config.update('auth', { cache_ttl: 5 })
      expect(config.get('auth')).toEqual({ cache_ttl: 5 })
      await config.change({ unset: ['auth'] })
      expect(config.get('auth')).toEqual({ backends: 'local', cache_ttl: 60, enabled: true })
    })
  })

  describe(`${name} validates`, () => {
    it('a change without making it', async () => {
      const config = await opened()
      expect(await config.validateChange('server', 'port', '5050')).toEqual({ valid: true, issues: [] })
      const wrong = await config.validateChange('server', 'port', 'abc')
      expect(wrong).toMatchObject({ valid: false, issues: [{ path: 'server.port', code: 'type' }] })
      expect(await config.validate()).toEqual({ valid: true, issues: [] })
      expect(config.get('server.port')).toBe(4949)
    })
  })

  describe(`${name} explains`, () => {
    it('a value of the base with file and line', async () => {
      const config = await opened()
      expect(await config.explain('server.port')).toEqual({
        path: 'server.port',
        section: 'server',
        key: 'port',
        version: 1,
        value: 4949,
        type: 'integer',
        winner: { layer: 'base.ini', kind: 'file', value: 4949, position: { line: 2, column: expect.any(Number) } },
        beaten: [],
        override: null,
        lastChange: null,
        schema: { types: ['integer'], limits: { minimum: 1, maximum: 65535 }, isSecret: false, needsRestart: true },
        stale: [],
      })
    })

    it('an override with what it beat, and who set it, when and why', async () => {
      const config = await opened()
      await config.update('server', { workers: 8 }, { reason: 'load', comment: 'c' })
      expect(await config.explain('server.workers')).toMatchObject({
        value: 8,
        winner: { layer: 'override', kind: 'override', value: 8 },
        beaten: [{ layer: 'schema', kind: 'default', value: 4 }],
        override: { state: 'intentional', baseAtSet: 4, comment: 'c' },
        lastChange: { version: 2, who: 'alice', when: config.version?.createdAt, why: 'load', operation: 'CREATE' },
      })
    })

    it('a masked key', async () => {
      const config = await opened()
      await config.change({ mask: ['auth.backends'], reason: 'gone' })
      const found = await config.explain('auth.backends')
      expect(found).toMatchObject({
        type: null,
        winner: { layer: 'override', isMask: true },
        beaten: [{ layer: 'base.ini', value: 'local' }],
        lastChange: { why: 'gone' },
      })
      expect(found).not.toHaveProperty('value')
    })

    it('a key that an override of what holds it has taken away', async () => {
      const config = await opened()
      await config.change({ set: { auth: {} } })
      const found = await config.explain('auth.backends')
      expect(found).toMatchObject({
        type: null,
        winner: { layer: 'override', kind: 'override' },
        beaten: [{ layer: 'base.ini', value: 'local' }],
      })
      expect(found).not.toHaveProperty('value')
      expect(found.winner).not.toHaveProperty('value')
    })

    it('the past', async () => {
      const config = await opened()
      await config.update('server', { port: 5050 }, { reason: 'one' })
      await config.update('server', { port: 6060 }, { reason: 'two' })
      await config.change({ unset: ['server.port'], reason: 'three' })
      expect(await config.explain('server.port', { at: 1 })).toMatchObject({
        version: 1,
        value: 4949,
        winner: { layer: 'base.ini', position: { line: 2 } },
        lastChange: null,
      })
      expect(await config.explain('server.port', { at: 'latest~2' })).toMatchObject({
        version: 2,
        value: 5050,
        lastChange: { version: 2, why: 'one' },
      })
      expect(await config.explain('server.port', { at: 3 })).toMatchObject({
        value: 6060,
        beaten: [{ value: 4949 }],
        lastChange: { why: 'two' },
      })
      expect(await config.explain('server.port')).toMatchObject({
        value: 4949,
        override: null,
        lastChange: { version: 4, why: 'three', operation: 'DELETE' },
      })
    })

    it('nothing of a key that is not there, and says which was meant', async () => {
      const config = await opened()
      await expect(config.explain('server.prot')).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringContaining('server.port'),
      })
      await expect(config.explain('server.port', { at: 99 })).rejects.toMatchObject({ code: 'not-found' })
    })

    it('who set each key last', async () => {
      const config = await openedAs('bob')
      await config.update('server', { port: 5050 }, { actor: 'bob', reason: 'why not' })
      const entries = await config.blame('server')
      expect(
        entries.map(({ path, value, layer, who, version, why }) => [path, value, layer, who, version, why]),
      ).toEqual(
        expect.arrayContaining([
          ['server.port', 5050, 'override', 'bob', 2, 'why not'],
          ['server.log_level', 'INFO', 'base.ini', null, null, null],
          ['server.workers', 4, 'schema', null, null, null],
        ]),
      )
      expect(entries).toHaveLength(3)
      expect(entries.find(({ path }) => path === 'server.log_level')?.position).toMatchObject({ line: 3 })
      expect((await config.blame()).length).toBeGreaterThan(3)
    })
  })

  describe(`${name} remembers`, () => {
    it('history newest first, filtered by section, key, author and time', async () => {
      const { config, as } = await open()
      const bobs = (await as?.('bob')) ?? config
      await bobs.update('server', { port: 1 }, { actor: 'bob' })
      const second = await config.update('server', { port: 2 })
      await config.update('auth', { cache_ttl: 3, backends: 'x' })
      const rows = async (query: Parameters<Config['history']>[0]) =>
        (await config.history(query)).items.map((row) => [row.key, row.newValue])
      expect(await rows({})).toEqual(expect.arrayContaining([['port', 1]]))
      expect((await config.history()).items.map((row) => row.versionId)).toEqual([4, 4, 3, 2])
      expect(await rows({ section: 'server' })).toEqual([
        ['port', 2],
        ['port', 1],
      ])
      expect(await rows({ section: 'auth', key: 'cache_ttl' })).toEqual([['cache_ttl', 3]])
      expect(await rows({ by: 'bob' })).toEqual([['port', 1]])
      const { createdAt } = second.version!
      expect(await rows({ until: createdAt })).toEqual([['port', 1]])
      expect((await config.history({ since: createdAt })).items).toHaveLength(3)
      expect(await rows({ by: 'nobody' })).toEqual([])
      for (const query of [{ limit: 0 }, { limit: 1001 }, { cursor: 'x' }, { since: 'yesterday' }])
        await expect(config.history(query)).rejects.toMatchObject({ code: 'malformed' })
    })

    it('pages that hold each row once, also while rows are added', async () => {
      const config = await opened()
      for (let i = 1; i <= 12; i++) await config.update('server', { port: i })
      const first = await config.history({ limit: 5 })
      await config.update('server', { port: 99 })
      const second = await config.history({ limit: 5, cursor: first.nextCursor! })
      const third = await config.history({ limit: 5, cursor: second.nextCursor! })
      const values = [first, second, third].flatMap((page) => page.items.map((row) => row.newValue))
      expect(values).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
      expect(third.nextCursor).toBeNull()
      expect((await everyPage(config, 4)).map((row) => row.id)).toEqual(Array.from({ length: 13 }, (_, i) => 13 - i))
      for (const limit of [13, 1000])
        expect(await config.history({ limit })).toMatchObject({ nextCursor: null, items: { length: 13 } })
      expect((await config.versions.list({ limit: 1000 })).items).toHaveLength(14)
    })

    it('the base that moved, with a row for each key', async () => {
      const { config, writeBase } = await open()
      writeBase(
        BASE.replace('4949', '4950').replace('backends = local\n', '').replace('[upstreams]', '[upstreams.x]\n'),
      )
      await config.reload()
      expect(config.version).toMatchObject({ id: 2, cause: 'source', createdBy: 'source:base.ini' })
      const rows = (await config.history()).items.map(({ layer, operation, section, key, oldValue, newValue }) => [
        layer,
        operation,
        section,
        key,
        oldValue,
        newValue,
      ])
      expect(rows).toEqual(
        expect.arrayContaining([
          ['base', 'UPDATE', 'server', 'port', 4949, 4950],
          ['base', 'DELETE', 'auth', 'backends', 'local', null],
        ]),
      )
    })
  })

  describe(`${name} shows drift`, () => {
    it('as base and override', async () => {
      const config = await opened()
      expect(config.detectDrift()).toEqual({})
      await config.change({ set: { server: { port: 5050 }, upstreams: { x: { weight: 1 } } }, mask: ['auth.backends'] })
      expect(config.detectDrift()).toEqual({
        server: { port: [4949, 5050] },
        upstreams: { 'x.weight': [undefined, 1] },
        auth: { backends: ['local', undefined] },
      })
      expect(config.detectDrift('server')).toEqual({ server: { port: [4949, 5050] } })
    })

    it('with the state of each override: intentional, stale, redundant, orphaned', async () => {
      const { config, writeBase } = await open()
      await config.change({
        set: { server: { port: 5050, log_level: 'DEBUG' }, auth: { cache_ttl: 61, backends: 'ldap' } },
        reason: 'r',
      })
      writeBase(
        BASE.replace('INFO', 'WARNING').replace('cache_ttl = 60', 'cache_ttl = 61').replace('backends = local\n', ''),
      )
      await config.reload()
      const entries = await config.drift()
      expect(Object.fromEntries(entries.map(({ path, state }) => [path, state]))).toEqual({
        'server.port': 'intentional',
        'server.log_level': 'stale',
        'auth.cache_ttl': 'redundant',
        'auth.backends': 'orphaned',
      })
      expect(entries.find(({ path }) => path === 'server.log_level')).toEqual({
        kind: 'override',
        path: 'server.log_level',
        section: 'server',
        key: 'log_level',
        expected: 'WARNING',
        actual: 'DEBUG',
        state: 'stale',
        isMask: false,
        version: 2,
        who: 'alice',
        when: expect.any(String),
        why: 'r',
      })
      expect((await config.drift({ section: 'auth' })).map(({ path }) => path).sort()).toEqual([
        'auth.backends',
        'auth.cache_ttl',
      ])
      expect(config.detectDrift()['auth']).toEqual({ backends: [undefined, 'ldap'] })
    })

    it('of the baseline', async () => {
      const config = await opened()
      await expect(config.drift({ kind: 'baseline' })).rejects.toMatchObject({ code: 'not-found' })
      await config.update('server', { port: 5050 })
      await config.versions.baseline('latest')
      expect(await config.drift({ kind: 'baseline' })).toEqual([])
      await config.change({ unset: ['server.port'], set: { auth: { cache_ttl: 5 } }, reason: 'r' })
      const entries = await config.drift({ kind: 'baseline' })
      expect(
        entries.map(({ path, expected, actual, version, who, why }) => [path, expected, actual, version, who, why]),
      ).toEqual([
        ['auth.cache_ttl', 60, 5, 3, 'alice', 'r'],
        ['server.port', 5050, 4949, 3, 'alice', 'r'],
      ])
    })
  })

  describe(`${name} keeps versions`, () => {
    it('made on purpose, with description, tags and as baseline', async () => {
      const config = await openedAs('bob')
      const made = await config.versions.create({
        description: 'before enabling X',
        tags: ['pre-x', 'a'],
        baseline: true,
        actor: 'bob',
      })
      expect(made).toMatchObject({
        id: 2,
        description: 'before enabling X',
        cause: 'snapshot',
        tags: ['a', 'pre-x'],
        isBaseline: true,
        createdBy: 'bob',
      })
      expect(made.hash).toBe((await config.versions.get(1)).hash)
      expect(config.version).toEqual(made)
      for (const ref of ['pre-x', 'baseline', 'latest', 2, '2', made.hash.slice(0, 8)])
        expect((await config.versions.get(ref)).id).toBe(2)
      await expect(config.versions.create({ tags: ['pre-x'] })).rejects.toMatchObject({ code: 'exists' })
      await expect(config.versions.create({ tags: ['no tag'] })).rejects.toMatchObject({ code: 'malformed' })
      expect(config.version?.id).toBe(2)
    })

    it('tagged and untagged, one of them the baseline', async () => {
      const config = await opened()
      await config.update('server', { port: 1 })
      expect(await config.versions.tag(1, 'first')).toMatchObject({ id: 1, tags: ['first'] })
      expect(await config.versions.tag('first', 'again')).toMatchObject({ id: 1, tags: ['again', 'first'] })
      await expect(config.versions.tag(2, 'first')).rejects.toMatchObject({ code: 'exists' })
      await config.versions.untag('first')
      await expect(config.versions.get('first')).rejects.toMatchObject({ code: 'not-found' })
      await expect(config.versions.untag('first')).rejects.toMatchObject({ code: 'not-found' })
      await expect(config.versions.tag(1, 'latest')).rejects.toMatchObject({ code: 'malformed' })
      expect(await config.versions.baseline('again')).toMatchObject({ id: 1, isBaseline: true })
      expect(await config.versions.baseline(2)).toMatchObject({ id: 2, isBaseline: true })
      expect(await config.versions.get(1)).toMatchObject({ isBaseline: false })
    })

    it('and the current one shows its tags', async () => {
      const config = await opened()
      await config.versions.tag('latest', 'now')
      await config.versions.baseline('latest')
      expect(config.version).toMatchObject({ id: 1, tags: ['now'], isBaseline: true })
      await config.versions.untag('now')
      expect(config.version?.tags).toEqual([])
    })

    it('listed newest first, in pages', async () => {
      const config = await opened()
      for (let i = 1; i <= 4; i++) await config.update('server', { port: i })
      const first = await config.versions.list({ limit: 2 })
      expect(first.items.map(({ id }) => id)).toEqual([5, 4])
      const second = await config.versions.list({ limit: 2, cursor: first.nextCursor! })
      expect(second.items.map(({ id }) => id)).toEqual([3, 2])
      expect((await config.versions.list({ limit: 5 })).nextCursor).toBeNull()
    })

    it('found by number, step back and time', async () => {
      const config = await opened()
      const { version } = await config.update('server', { port: 1 })
      await config.update('server', { port: 2 })
      expect((await config.versions.get('latest~1')).id).toBe(2)
      expect((await config.versions.get(`@${version?.createdAt}`)).id).toBe(2)
      for (const ref of ['latest~9', 99, 'unknown', '@2001-01-01T00:00:00Z', 'baseline'])
        await expect(config.versions.get(ref)).rejects.toMatchObject({ code: 'not-found' })
      await expect(config.versions.get('no version')).rejects.toMatchObject({ code: 'malformed' })
    })

    it('whose values can be read', async () => {
      const config = await opened()
      await config.update('server', { port: 5050 })
      const past = await config.at(1)
      expect([past.version, past.hash]).toEqual([1, (await config.versions.get(1)).hash])
      expect(past.get('server.port')).toBe(4949)
      expect(past.items('server')).toEqual({ port: 4949, log_level: 'INFO', workers: 4 })
      expect([past.isOverridden('server', 'port'), (await config.at(2)).isOverridden('server', 'port')]).toEqual([
        false,
        true,
      ])
      expect(past.sections()).toEqual(['auth', 'server', 'upstreams'])
      expect(past.has('server.none')).toBe(false)
      expect((await config.at('latest')).toJSON()).toEqual(config.toJSON())
    })

    it('compared key by key', async () => {
      const config = await opened()
      await config.change({ set: { server: { port: 5050 }, upstreams: { x: { weight: 1 } } }, mask: ['auth.backends'] })
      const { from, to, changes } = await config.versions.compare(1, 'latest')
      expect([from.id, to.id]).toEqual([1, 2])
      expect(changes).toEqual([
        { path: 'auth.backends', section: 'auth', key: 'backends', before: 'local' },
        { path: 'server.port', section: 'server', key: 'port', before: 4949, after: 5050 },
        { path: 'upstreams.x.weight', section: 'upstreams', key: 'x.weight', after: 1 },
      ])
      expect((await config.versions.compare('latest', 'latest')).changes).toEqual([])
    })
  })

  describe(`${name} restores`, () => {
    it('a version so that the configuration has its hash, also where the base has gained keys', async () => {
      const { config, writeBase } = await open()
      await config.update('server', { port: 5050 })
      const { hash } = config.version!
      writeBase(`${BASE}\n[extra]\nkey = x\n`.replace('cache_ttl = 60', 'cache_ttl = 61\nnew = 1'))
      await config.reload()
      await config.change({ unset: ['server.port'], set: { auth: { enabled: false } } })
      expect(config.has('extra.key')).toBe(true)
      const result = await config.versions.restore(2, { reason: 'back' })
      expect(result.version).toMatchObject({ hash, cause: 'restore', id: 5 })
      expect(config.has('extra')).toBe(false)
      expect(config.has('auth.new')).toBe(false)
      expect(config.get('auth')).toEqual({ backends: 'local', cache_ttl: 60, enabled: true })
      expect(config.get('server.port')).toBe(5050)
      expect((await config.history({ limit: 1 })).items[0]).toMatchObject({ reason: 'back', changedBy: 'alice' })
    })

    it('also a version newer than the one restored before', async () => {
      const config = await opened()
      await config.update('server', { port: 2 })
      await config.update('server', { port: 3 })
      const hashes = await Promise.all([1, 2, 3].map(async (id) => (await config.versions.get(id)).hash))
      await config.versions.restore(1)
      expect(config.version?.hash).toBe(hashes[0])
      expect(config.detectDrift()).toEqual({})
      await config.versions.restore(3)
      expect(config.version?.hash).toBe(hashes[2])
      await config.versions.restore(2)
      expect(config.version?.hash).toBe(hashes[1])
    })

    it('only the overrides where that was asked', async () => {
      const { config, writeBase } = await open()
      await config.update('server', { port: 5050 })
      writeBase(BASE.replace('INFO', 'DEBUG'))
      await config.reload()
      await config.change({ unset: ['server.port'], set: { auth: { cache_ttl: 5 } } })
      await config.versions.restore(2, { mode: 'overrides' })
      expect(config.get('server')).toMatchObject({ port: 5050, log_level: 'DEBUG' })
      expect(config.get('auth.cache_ttl')).toBe(60)
      expect(config.detectDrift()).toEqual({ server: { port: [4949, 5050] } })
    })

    it('only some sections where that was asked', async () => {
      const config = await opened()
      await config.change({ set: { server: { port: 5050 }, auth: { cache_ttl: 5 } } })
      await config.versions.restore(1, { sections: ['server'] })
      expect([config.get('server.port'), config.get('auth.cache_ttl')]).toEqual([4949, 5])
      await expect(config.versions.restore(1, { sections: ['nothing'] })).rejects.toMatchObject({ code: 'not-found' })
    })

    it('only some keys where that was asked, and leaves the overrides beside them', async () => {
      const { config, writeBase } = await open()
      await config.change({ set: { server: { port: 5050, log_level: 'WARNING' }, auth: { cache_ttl: 5 } } })
      await config.change({ set: { server: { port: 6060, log_level: 'DEBUG' } }, unset: ['auth.cache_ttl'] })
      writeBase(BASE.replace('4949', '4950'))
      await config.reload()
      const paths = ['server.port', 'auth.cache_ttl']
      const { changes, version } = await config.versions.restore(2, { paths })
      expect(changes.map(({ section, key }) => `${section}.${key}`).sort()).toEqual(paths.toSorted())
      expect(version?.description).toBe('restore of version 2 (server.port, auth.cache_ttl)')
      expect(config.get('server')).toMatchObject({ port: 5050, log_level: 'DEBUG' })
      expect(config.get('auth.cache_ttl')).toBe(5)
      await config.versions.restore(1, { paths: ['server.port'] })
      expect([config.get('server.port'), config.isOverridden('server', 'port')]).toEqual([4949, true])
      await expect(config.versions.restore(1, { paths: ['server.nothing'] })).rejects.toMatchObject({
        code: 'not-found',
      })
    })

    it('nothing in a dry run, for another version than meant, or where there is nothing to do', async () => {
      const config = await opened()
      await config.update('server', { port: 5050 })
      const dry = await config.versions.restore(1, { dryRun: true })
      expect(dry).toMatchObject({
        version: null,
        changes: [{ operation: 'DELETE', key: 'port', oldValue: 5050, newValue: 4949 }],
      })
      await expect(config.versions.restore(1, { ifVersion: 1 })).rejects.toMatchObject({ code: 'conflict' })
      expect(await config.versions.restore('latest')).toMatchObject({ version: null, changes: [] })
      await expect(config.versions.restore(99)).rejects.toMatchObject({ code: 'not-found' })
      expect(config.version?.id).toBe(2)
    })

    it('masks and subtrees exactly', async () => {
      const config = await opened()
      await config.change({ mask: ['auth'], set: { upstreams: { a: { weight: 1 } } } })
      const { hash } = config.version!
      await config.change({ unset: ['auth', 'upstreams'], set: { server: { ratio: 0.5 } } })
      await config.versions.restore(2)
      expect(config.version?.hash).toBe(hash)
      expect(config.has('auth')).toBe(false)
    })
  })

  describe(`${name} reverts`, () => {
    it('one version and keeps later ones', async () => {
      const config = await opened()
      await config.change({ set: { server: { port: 5050 }, auth: { cache_ttl: 5 } } })
      await config.update('server', { log_level: 'DEBUG' })
      const result = await config.versions.revert(2, { reason: 'undo' })
      expect(result.version).toMatchObject({ cause: 'restore' })
      expect(config.get('server')).toMatchObject({ port: 4949, log_level: 'DEBUG' })
      expect(config.get('auth.cache_ttl')).toBe(60)
      expect(config.isOverridden('server', 'port')).toBe(false)
    })

    it('nothing where a later version touched the same key, and names it', async () => {
      const config = await opened()
      await config.change({ set: { server: { port: 5050, log_level: 'DEBUG' } } })
      await config.update('server', { port: 6060 })
      await expect(config.versions.revert(2)).rejects.toMatchObject({
        code: 'conflict',
        details: { expected: 2, found: 3, paths: ['server.port'] },
      })
      expect(config.version?.id).toBe(3)
      await config.versions.revert(3)
      expect(config.get('server.port')).toBe(5050)
      await config.versions.revert(2)
      expect(config.get('server.port')).toBe(4949)
    })

    it('a revert, a mask and a change of the base', async () => {
      const { config, writeBase } = await open()
      await config.change({ mask: ['auth.backends'] })
      await config.versions.revert(2)
      expect(config.get('auth.backends')).toBe('local')
      await config.versions.revert(3)
      expect(config.has('auth.backends')).toBe(false)
      writeBase(BASE.replace('4949', '4950'))
      await config.reload()
      await config.versions.revert('latest')
      expect(config.get('server.port')).toBe(4949)
      expect(config.detectDrift('server')).toEqual({ server: { port: [4950, 4949] } })
    })

    it('a plain value in the place of a subtree, and the other way', async () => {
      const { config, writeBase } = await open()
      writeBase(`${BASE}\n[free]\nkey = x\n`)
      await config.reload()
      const { hash } = config.version!
      await config.change({ set: { '': { free: 'plain' } } })
      await config.versions.revert('latest')
      expect(config.version?.hash).toBe(hash)
      await config.change({ set: { free: { key: { deep: 1 } } } })
      await config.versions.revert('latest')
      expect(config.version?.hash).toBe(hash)
      expect(config.detectDrift()).toEqual({})
    })

    it('a subtree that came, and keeps what came into it later', async () => {
      const config = await opened()
      await config.update('upstreams', { a: { weight: 1 } })
      await config.update('upstreams', { b: { weight: 2 } })
      await config.versions.revert(2)
      expect(config.get('upstreams')).toEqual({ b: { weight: 2 } })
    })

    it('never the first version, and a version that changed nothing to nothing', async () => {
      const config = await opened()
      await expect(config.versions.revert(1)).rejects.toMatchObject({ code: 'unsupported' })
      await config.versions.create()
      expect(await config.versions.revert(2)).toMatchObject({ version: null })
      await expect(config.versions.revert(9)).rejects.toMatchObject({ code: 'not-found' })
    })
  })

  describe(`${name} keeps secrets`, () => {
    it('to those who read values, and shows them nowhere else', async () => {
      const config = await opened()
      const { changes } = await config.update('auth', { secret })
      expect(config.get('auth.secret')).toBe(secret)
      expect(changes[0]).toMatchObject({ key: 'secret', newValue: '••••••••' })
      expect((await config.explain('auth.secret')).value).toBe('••••••••')
      expect((await config.explain('auth.secret')).type).toBe('secret')
      expect((await config.explain('auth.secret', { reveal: true })).value).toBe(secret)
      expect(config.toJSON()).toMatchObject({ auth: { secret } })
      const shown = JSON.stringify([
        config.toJSON({ reveal: false }),
        (await config.at('latest')).toJSON({ reveal: false }),
        config.detectDrift(),
        await config.drift(),
        await config.history(),
        await config.blame(),
        await config.versions.compare(1, 2),
        await config.versions.list(),
      ])
      expect(shown).not.toContain(secret)
      expect(shown).not.toContain('holdfast:secret')
    })

    it('unchanged without a new version, and restores them with the same hash', async () => {
      const config = await opened()
      const { version } = await config.update('auth', { secret })
      expect(await config.update('auth', { secret })).toMatchObject({ version: null })
      await config.update('auth', { secret: 'another-one' })
      await config.versions.restore(version!.id)
      expect(config.version?.hash).toBe(version?.hash)
      expect(config.get('auth.secret')).toBe(secret)
    })
  })

  describe(`${name} tells`, () => {
    it('listeners of each version after its commit, in order', async () => {
      const config = await opened()
      const events: ChangeEvent[] = []
      const stop = config.on('change', (event) => {
        expect(config.version?.id).toBeGreaterThanOrEqual(event.version.id)
        events.push(event)
      })
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => config.update('server', { port: i + 1 }, { reason: `r${i}` })),
      )
      expect(events.map(({ version }) => version.id)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2))
      expect(events[0]).toEqual({
        version: expect.objectContaining({ id: 2 }),
        changes: [{ operation: 'CREATE', section: 'server', key: 'port', oldValue: 4949, newValue: 1 }],
        restartRequired: ['server.port'],
        reason: 'r0',
      })
      stop()
      await config.update('server', { port: 99 })
      expect(events).toHaveLength(20)
    })

    it('a watcher every version since one it knows, once and in order, then live ones', async () => {
      const config = await opened()
      for (let i = 1; i <= 3; i++) await config.update('server', { port: i })
      const gathered = gather(config, 2, 5)
      for (let i = 4; i <= 6; i++) await config.update('server', { port: i })
      const events = await gathered
      expect(events.map(({ version }) => version.id)).toEqual([3, 4, 5, 6, 7])
      expect(events.map(({ changes }) => changes[0]?.newValue)).toEqual([2, 3, 4, 5, 6])
      expect(events[0]).toMatchObject({ restartRequired: ['server.port'] })
    })

    it('a watcher without a start only what comes after', async () => {
      const config = await opened()
      await config.update('server', { port: 1 })
      const gathered = gather(config, undefined, 1)
      await config.update('server', { port: 2 })
      expect((await gathered)[0]?.version.id).toBe(3)
    })

    it('a watcher that nothing more comes when its signal aborts or the config closes', async () => {
      const config = await opened()
      expect(await gather(config, 0, 1)).toHaveLength(1)
      const ended = gather(config, undefined, 99)
      await config.close()
      expect(await ended).toEqual([])
    })
  })

  describe(`${name} closes`, () => {
    it('at the end of its block, and then refuses to write', async () => {
      let kept: Config
      {
        await using config = await opened()
        kept = config
      }
      await expect(kept.update('server', { port: 1 })).rejects.toMatchObject({ code: 'closed' })
      await expect(kept.history()).rejects.toMatchObject({ code: 'closed' })
      await kept.close()
    })
  })

  repeatContract(name, opened)
}
