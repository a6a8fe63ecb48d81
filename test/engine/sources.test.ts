// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is tested
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ChangeEvent, env, file, inline, type SourceStatus, type Tree } from '../../src/index.ts'
import { folder, open, query, refusal, tamper, until, write } from './helpers.ts'

const INI = '[server]\nport = 4949\nlog_level = INFO\n'
const SCHEMA: Tree = {
  properties: {
    server: {
      properties: {
        port: { type: 'integer', maximum: 65535 },
        log_level: { enum: ['DEBUG', 'INFO', 'WARNING'] },
        workers: { type: 'integer', default: 4 },
      },
    },
  },
}

const once = { follow: false }

describe('the base', () => {
  it('of several sources is merged, later ones winning, and makes one version', async () => {
    const directory = folder()
    const sources = [
      write(directory, 'a.ini', INI),
      write(directory, 'b.yaml', 'server:\n  port: 1\n  extra: [1, 2]\n'),
      inline('c', { server: { log_level: 'DEBUG' } }),
    ]
    const config = await open(directory, { sources, ...once })
    expect(config.items('server')).toEqual({ port: 1, log_level: 'DEBUG', extra: [1, 2] })
    expect(config.version).toMatchObject({ id: 1, cause: 'source', description: 'the base as found' })
    expect((await config.history()).items).toEqual([])
    expect((await config.explain('server.port')).beaten).toMatchObject([
      { layer: 'a.ini', value: 4949, position: { line: 2 } },
    ])
    expect(config.sources.map(({ name, kind, state }) => [name, kind, state])).toEqual([
      ['a.ini', 'file', 'ok'],
      ['b.yaml', 'file', 'ok'],
      ['inline:c', 'inline', 'ok'],
    ])
  })

  it('makes no version when it is opened again unchanged, also with sources that have options', async () => {
    const directory = folder()
    const sources = [
      file(write(directory, 'a.conf', INI), { format: 'ini', pinned: true, interpolate: true }),
      env({ separator: '_', prefix: 'X_' }),
      inline('z', { z: { b: 1, a: 2 } }, { pinned: true }),
    ]
    const environment = { X_SERVER_EXTRA: '1' }
    const first = await open(directory, { sources, environment, schema: SCHEMA, ...once })
    await first.close()
    for (let i = 0; i < 2; i++) {
      const again = await open(directory, { sources, environment, schema: SCHEMA, ...once })
      expect(again.version).toEqual(first.version)
      await again.close()
    }
    expect((await open(directory, { schema: SCHEMA, ...once })).version).toEqual(first.version)
  })

  it('that changed between two runs makes a version with rows of the layer base', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    await (await open(directory, { sources, ...once })).close()
    write(directory, 'a.ini', '[server]\nport = 4950\nnew = x\n')
    const config = await open(directory, { sources, ...once })
    expect(config.version).toMatchObject({
      id: 2,
      cause: 'source',
      createdBy: 'source:a.ini',
      description: 'changed: a.ini',
    })
    const rows = (await config.history()).items
    expect(
      rows.map(({ operation, key, oldValue, newValue, layer }) => [operation, key, oldValue, newValue, layer]),
    ).toEqual(
      expect.arrayContaining([
        ['UPDATE', 'port', 4949, 4950, 'base'],
        ['CREATE', 'new', null, 'x', 'base'],
        ['DELETE', 'log_level', 'INFO', null, 'base'],
      ]),
    )
    expect(rows).toHaveLength(3)
    expect(await config.explain('server.log_level', { at: 1 })).toMatchObject({
      value: 'INFO',
      winner: { position: { line: 3 } },
    })
  })

  it('under an override is told in the history, though nothing in effect moves', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    const config = await open(directory, { sources, ...once })
    await config.update('server', { port: 5050 })
    const { hash } = config.version!
    write(directory, 'a.ini', INI.replace('4949', '4950'))
    await config.reload()
    expect(config.version).toMatchObject({ id: 3, hash })
    expect(config.detectDrift()).toEqual({ server: { port: [4950, 5050] } })
    expect((await config.history({ limit: 1 })).items[0]).toMatchObject({
      layer: 'base',
      oldValue: 4949,
      newValue: 4950,
    })
  })

  it('whose lines move makes no version, and explain tells the new line', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    const config = await open(directory, { sources, ...once })
    write(directory, 'a.ini', `# a comment\n\n${INI}`)
    await config.reload()
    expect(config.version?.id).toBe(1)
    expect((await config.explain('server.port')).winner?.position).toMatchObject({ line: 4 })
    await config.close()
    const other = await open(directory, once)
    expect((await other.explain('server.port')).winner?.position).toMatchObject({ line: 4 })
  })

  it('has the schema’s defaults below it, also those of another schema', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    const config = await open(directory, { sources, schema: SCHEMA, ...once })
    expect(config.get('server.workers')).toBe(4)
    await config.update('server', { workers: 9 })
    await config.close()
    const schema = JSON.parse(JSON.stringify(SCHEMA).replace('"default":4', '"default":8'))
    const other = await open(directory, { schema, ...once })
    expect(other.detectDrift()).toEqual({ server: { workers: [8, 9] } })
    expect((await other.history({ limit: 1 })).items[0]).toMatchObject({
      layer: 'base',
      key: 'workers',
      oldValue: 4,
      newValue: 8,
    })
  })
})

describe('a source that fails', () => {
  const broken = '[server\nport = 1\n'

  it.each<[string, (directory: string) => void, string]>([
    ['does not parse', (directory) => void write(directory, 'a.ini', broken), 'a.ini'],
    ['vanished', (directory) => rmSync(join(directory, 'a.ini')), 'no such file'],
    [
      'would make the configuration invalid',
      (directory) => void write(directory, 'a.ini', INI.replace('4949', '99999')),
      'server.port',
    ],
    ['holds bytes that are no text', (directory) => void write(directory, 'a.ini', 'x\0y'), 'a.ini'],
  ])('because it %s keeps its last good content, is shown as stale, and recovers', async (_, damage, told) => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    const logged: string[] = []
    const log = { info: () => undefined, warn: (_details: object, message: string) => void logged.push(message) }
    const config = await open(directory, { sources, schema: SCHEMA, log, ...once })
    const told_: SourceStatus[] = []
    config.on('source', (status) => told_.push(status))
    damage(directory)
    const [status] = await config.reload()
    expect(status).toMatchObject({ name: 'a.ini', state: 'stale', error: expect.stringContaining(told) })
    expect(config.sources).toEqual([status])
    expect(config.get('server.port')).toBe(4949)
    expect((await config.explain('server.port')).stale).toEqual(['a.ini'])
    expect((await config.explain('server.workers')).stale).toEqual([])
    expect(told_).toEqual([status])
    expect(logged.join()).toContain('last good')
    await config.reload()
    expect(told_).toHaveLength(1)
    await config.update('server', { log_level: 'DEBUG' })
    await config.close()

    const again = await open(directory, { sources, schema: SCHEMA, ...once })
    expect(again.sources).toMatchObject([{ state: 'stale' }])
    expect(again.get('server.port')).toBe(4949)
    again.on('source', (status) => told_.push(status))
    write(directory, 'a.ini', INI)
    expect(await again.reload()).toMatchObject([{ state: 'ok', error: null }])
    expect((await again.explain('server.port')).stale).toEqual([])
    expect(told_).toMatchObject([{ state: 'stale' }, { state: 'ok' }])
    expect(again.version?.id).toBe(2)
  })

  it('the first time is refused, with file, line and column', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI), write(directory, 'b.ini', broken)]
    await expect(open(directory, { sources, ...once })).rejects.toMatchObject({
      code: 'syntax',
      details: { file: 'b.ini', line: 1 },
    })
    await expect(open(directory, { sources: ['none.ini'], ...once })).rejects.toMatchObject({ code: 'source' })
    const config = await open(directory, { sources: ['a.ini'], ...once })
    expect(config.version?.id).toBe(1)
  })

  it('does not hold back a good one', async () => {
    const directory = folder()
    const sources = [
      write(directory, 'a.ini', INI),
      write(directory, 'b.ini', '[auth]\nttl = 1\n'),
      write(directory, 'c.ini', '[other]\nx = 1\n'),
    ]
    const config = await open(directory, { sources, schema: SCHEMA, ...once })
    write(directory, 'a.ini', INI.replace('INFO', 'LOUD'))
    write(directory, 'b.ini', '[auth]\nttl = 2\n')
    write(directory, 'c.ini', broken)
    expect((await config.reload()).map(({ state }) => state)).toEqual(['stale', 'ok', 'stale'])
    expect([config.get('server.log_level'), config.get('auth.ttl'), config.get('other.x')]).toEqual(['INFO', 2, 1])
  })

  it('is not failing where it is valid together with another that changed', async () => {
    const directory = folder()
    const schema: Tree = {
      properties: { a: { properties: { mode: { enum: ['one', 'two'] } } } },
      if: { properties: { a: { properties: { mode: { const: 'two' } } } } },
      ...Object.fromEntries([['then', { properties: { b: { properties: { mode: { const: 'two' } } } } }]]),
      else: { properties: { b: { properties: { mode: { const: 'one' } } } } },
    }
    const sources = [write(directory, 'a.ini', '[a]\nmode = one\n'), write(directory, 'b.ini', '[b]\nmode = one\n')]
    const config = await open(directory, { sources, schema, ...once })
    write(directory, 'a.ini', '[a]\nmode = two\n')
    write(directory, 'b.ini', '[b]\nmode = two\n')
    expect((await config.reload()).map(({ state }) => state)).toEqual(['ok', 'ok'])
    expect([config.get('a.mode'), config.get('b.mode'), config.version?.id]).toEqual(['two', 'two', 2])
    write(directory, 'a.ini', '[a]\nmode = one\n')
    expect((await config.reload()).map(({ state }) => state)).toEqual(['stale', 'ok'])
    expect(config.get('a.mode')).toBe('two')
  })

  it('of a value that only an encrypted secret may have', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.yaml', 'a:\n  b: 1\n')]
    const config = await open(directory, { sources, ...once })
    write(directory, 'a.yaml', 'a:\n  b: [holdfast:secret:1:k:v]\n')
    expect(await config.reload()).toMatchObject([{ state: 'stale' }])
    write(directory, 'a.yaml', '"":\n  b: 1\n')
    expect(await config.reload()).toMatchObject([{ state: 'stale' }])
  })
})

describe('the list of sources', () => {
  it('is kept, so that opening without it uses what the store has and loads nothing', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    await (await open(directory, { sources, ...once })).close()
    write(directory, 'a.ini', INI.replace('4949', '1'))
    for (const options of [once, {}]) {
      const config = await open(directory, options)
      expect(config.get('server.port')).toBe(4949)
      expect(config.version?.id).toBe(1)
      await config.close()
    }
    renameSync(join(directory, 'a.ini'), join(directory, 'gone.ini'))
    const config = await open(directory, once)
    await config.update('server', { log_level: 'DEBUG' })
    expect(config.items('server')).toEqual({ port: 4949, log_level: 'DEBUG' })
  })

  it('that differs is refused, naming both, unless it is to be replaced', async () => {
    const directory = folder()
    write(directory, 'a.ini', INI)
    write(directory, 'b.ini', '[server]\nport = 1\n')
    await (await open(directory, { sources: ['a.ini'], ...once })).close()
    for (const sources of [['b.ini'], ['a.ini', 'b.ini'], []])
      await expect(open(directory, { sources, ...once })).rejects.toMatchObject({
        code: 'sources-differ',
        details: { given: sources, stored: ['a.ini'] },
      })
    const config = await open(directory, { sources: ['b.ini'], replaceSources: true, ...once })
    expect(config.items('server')).toEqual({ port: 1 })
    expect(config.version).toMatchObject({ id: 2, cause: 'source', createdBy: 'alice' })
    expect(
      (await config.history()).items.map(({ key, oldValue, newValue }) => [key, oldValue, newValue]).sort(),
    ).toEqual([
      ['log_level', 'INFO', null],
      ['port', 4949, 1],
    ])
    expect((await config.explain('server.port', { at: 1 })).winner).toMatchObject({ layer: 'a.ini', value: 4949 })
  })

  it('replaced by none leaves the overrides alone', async () => {
    const directory = folder()
    const config = await open(directory, { sources: [write(directory, 'a.ini', INI)], ...once })
    await config.update('server', { port: 1 })
    await config.close()
    const other = await open(directory, { sources: [], replaceSources: true, ...once })
    expect(other.toJSON()).toEqual({ server: { port: 1 } })
    expect(other.sources).toEqual([])
    expect((await other.drift()).map(({ state }) => state)).toEqual(['orphaned'])
  })

  it('has no source twice', async () => {
    const directory = folder()
    write(directory, 'a.ini', INI)
    await expect(open(directory, { sources: ['a.ini', 'a.ini'], ...once })).rejects.toMatchObject({ code: 'malformed' })
  })

  it('in another order or with other options is another base', async () => {
    const directory = folder()
    write(directory, 'a.ini', INI)
    await (await open(directory, { sources: ['a.ini'], ...once })).close()
    const config = await open(directory, { sources: [file('a.ini', { pinned: true })], ...once })
    expect(config.version?.id).toBe(2)
    expect(config.sources).toMatchObject([{ isPinned: true }])
    await expect(config.update('server', { port: 1 })).rejects.toMatchObject({ code: 'invalid' })
  })

  it('keeps no value of an inline source apart from its layer', async () => {
    const directory = folder()
    const sources = [inline('site', { server: { port: 4949 } })]
    const config = await open(directory, { sources, ...once })
    await config.close()
    const rows = query<{ content: string }>(directory, `SELECT content FROM config_documents WHERE layer = '$sources'`)
    expect(rows.map(({ content }) => content).join()).not.toContain('4949')
    const other = await open(directory, once)
    await other.reload()
    expect(other.get('server.port')).toBe(4949)
    await other.close()
    const changed = await open(directory, { sources: [inline('site', { server: { port: 1 } })], ...once })
    expect([changed.get('server.port'), changed.version?.id]).toEqual([1, 2])
  })
})

describe('environment variables', () => {
  const sources = [env({ prefix: 'TACACS_' })]

  it('are read as the types of the schema, and again by the service at each start', async () => {
    const directory = folder()
    const environment = { TACACS_SERVER__PORT: '5050', TACACS_SERVER__LOG_LEVEL: 'DEBUG', OTHER: 'x' }
    const config = await open(directory, { sources, environment, schema: SCHEMA, ...once })
    expect(config.items('server')).toEqual({ port: 5050, log_level: 'DEBUG', workers: 4 })
    expect((await config.explain('server.port')).winner).toMatchObject({ layer: 'env:TACACS_', kind: 'env' })
    await config.close()
    const again = await open(directory, { sources, environment: { TACACS_SERVER__PORT: '6060' }, ...once })
    expect(again.items('server')).toEqual({ port: 6060, workers: 4 })
  })

  it('are left as they were recorded by a command that is not the service', async () => {
    const directory = folder()
    await (await open(directory, { sources, environment: { TACACS_SERVER__PORT: '5050' }, ...once })).close()
    const command = await open(directory, {
      sources,
      environment: { TACACS_SERVER__PORT: '1' },
      loadEnvironment: false,
      ...once,
    })
    expect(command.get('server.port')).toBe(5050)
    await command.reload()
    expect(command.get('server.port')).toBe(5050)
    expect(command.version?.id).toBe(1)
  })

  it('that are pinned beat overrides, and an override that cannot take effect is refused', async () => {
    const directory = folder()
    const config = await open(directory, {
      sources: [env({ prefix: 'TACACS_', pinned: true }), write(directory, 'a.ini', INI)],
      environment: { TACACS_SERVER__PORT: '5050', TACACS_PINNED__ONLY: 'x' },
      ...once,
    })
    expect(config.get('server.port')).toBe(5050)
    const refused = await refusal(config.update('server', { port: 1 }))
    expect(refused).toMatchObject({ code: 'invalid', details: { issues: [{ path: 'server.port', code: 'shadowed' }] } })
    expect(refused.message).toContain('env:TACACS_')
    await expect(config.change({ mask: ['server.port'] })).rejects.toMatchObject({ code: 'invalid' })
    await expect(config.change({ mask: ['pinned.only'] })).rejects.toMatchObject({ code: 'invalid' })
    await expect(config.change({ set: { server: { port: { deep: 1 } } } })).rejects.toMatchObject({ code: 'invalid' })
    expect(await config.validateChange('server', 'port', 1)).toMatchObject({
      valid: false,
      issues: [{ code: 'shadowed' }],
    })
    await config.update('server', { log_level: 'DEBUG' })
    expect(await config.explain('server.port')).toMatchObject({
      winner: { layer: 'env:TACACS_', isPinned: true, value: 5050 },
      beaten: [{ layer: 'a.ini', value: 4949 }],
    })
  })

  it('that come to be pinned over an override leave it known, beaten', async () => {
    const directory = folder()
    write(directory, 'a.ini', INI)
    const config = await open(directory, { sources: ['a.ini'], ...once })
    await config.update('server', { port: 1 })
    await config.close()
    const pinned = await open(directory, {
      sources: ['a.ini', env({ prefix: 'X_', pinned: true })],
      replaceSources: true,
      environment: { X_SERVER__PORT: '2' },
      ...once,
    })
    expect(pinned.get('server.port')).toBe(2)
    expect(await pinned.explain('server.port')).toMatchObject({
      winner: { layer: 'env:X_' },
      beaten: [{ layer: 'override', value: 1 }, { layer: 'a.ini' }],
    })
  })

  it('that are pinned keep a version from being restored, and nothing is changed', async () => {
    const directory = folder()
    write(directory, 'a.ini', INI)
    await (await open(directory, { sources: ['a.ini'], ...once })).close()
    const environment = { X_SERVER__PORT: '2' }
    const config = await open(directory, {
      sources: ['a.ini', env({ prefix: 'X_', pinned: true })],
      replaceSources: true,
      environment,
      ...once,
    })
    await config.update('server', { log_level: 'DEBUG' })
    const refused = await refusal(config.versions.restore(1))
    expect(refused).toMatchObject({ code: 'invalid', details: { issues: [{ path: 'server.port', code: 'shadowed' }] } })
    expect(config.version?.id).toBe(3)
    await config.versions.restore(1, { mode: 'overrides' })
    expect(config.items('server')).toEqual({ port: 2, log_level: 'INFO' })
  })
})

describe('references', () => {
  const TEXT =
    '[server]\nhost = ${HOST}\nport = ${PORT:-4949}\nurl = http://${server.host}:${server.port}/\nliteral = $${HOST}\n'
  const environment = { HOST: 'resolved-by-the-test' }
  const schema: Tree = { properties: { server: { properties: { port: { type: 'integer' } } } } }

  it('are resolved when read, typed by the schema, and never stored', async () => {
    const directory = folder()
    const sources = [file(write(directory, 'a.ini', TEXT), { interpolate: true })]
    const config = await open(directory, { sources, environment, schema, ...once })
    expect(config.items('server')).toEqual({
      host: 'resolved-by-the-test',
      port: 4949,
      url: 'http://resolved-by-the-test:4949/',
      literal: '${HOST}',
    })
    expect(config.toJSON({ reveal: false })).toMatchObject({ server: { host: '${HOST}' } })
    expect((await config.explain('server.host')).value).toBe('${HOST}')
    expect((await config.explain('server.host', { reveal: true })).value).toBe('resolved-by-the-test')
    await config.update('server', { url: 'x' })
    await config.close()
    const stored =
      JSON.stringify(query(directory, 'SELECT * FROM config_documents')) +
      JSON.stringify(query(directory, 'SELECT * FROM override_log'))
    expect(stored).not.toContain('resolved-by-the-test')
    expect(stored).toContain('${HOST}')
    const other = await open(directory, { environment: { HOST: 'elsewhere', PORT: '1' }, ...once })
    expect(other.items('server')).toMatchObject({ host: 'elsewhere', port: 1 })
    expect(other.version).toMatchObject({ id: 2 })
  })

  it('follow the keys they name, also when these are overridden', async () => {
    const directory = folder()
    const sources = [file(write(directory, 'a.ini', TEXT), { interpolate: true })]
    const config = await open(directory, { sources, environment, schema, ...once })
    await config.update('server', { host: 'db', port: 5 })
    expect(config.get('server.url')).toBe('http://db:5/')
  })

  it('are plain text where the source does not ask for them, and in overrides', async () => {
    const directory = folder()
    const sources = [
      write(directory, 'a.ini', TEXT.replace('port = ${PORT:-4949}\n', '')),
      file(write(directory, 'b.ini', '[b]\nx = ${HOST}\n'), { interpolate: true }),
    ]
    const config = await open(directory, { sources, environment, ...once })
    expect(config.get('server.host')).toBe('${HOST}')
    expect(config.get('b.x')).toBe('resolved-by-the-test')
    await config.update('b', { x: '${HOST}' })
    expect(config.get('b.x')).toBe('${HOST}')
  })

  it('without an answer, or in a circle, make the layer stale', async () => {
    const directory = folder()
    const sources = [file(write(directory, 'a.ini', TEXT), { interpolate: true })]
    const config = await open(directory, { sources, environment, schema, ...once })
    for (const bad of ['x = ${NOT_SET}', 'x = ${server.x}', 'x = ${server.none}', 'x = ${server..x}']) {
      write(directory, 'a.ini', `${TEXT}${bad}\n`)
      expect(await config.reload()).toMatchObject([{ state: 'stale' }])
      expect(config.has('server.x')).toBe(false)
    }
  })
})

describe('the schema', () => {
  it('is kept, so that a process that was not given it validates too', async () => {
    const directory = folder()
    await (await open(directory, { sources: [write(directory, 'a.ini', INI)], schema: SCHEMA, ...once })).close()
    const config = await open(directory, once)
    await expect(config.update('server', { port: 'abc' })).rejects.toMatchObject({ code: 'invalid' })
    await config.update('server', { port: '5' })
    expect(config.get('server.port')).toBe(5)
  })

  it('that is another one is recorded where the configuration satisfies it', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    await (await open(directory, { sources, schema: SCHEMA, ...once })).close()
    const wider: Tree = { properties: { server: { properties: { port: { type: ['string', 'integer'] } } } } }
    const config = await open(directory, { schema: wider, actor: 'bob', ...once })
    expect(config.version).toMatchObject({
      id: 2,
      cause: 'source',
      createdBy: 'bob',
      description: expect.stringContaining('another schema'),
    })
    await config.update('server', { port: 'any' })
    await config.close()
    const again = await open(directory, { schema: wider, ...once })
    expect(again.version?.id).toBe(3)
  })

  it('that the configuration does not satisfy is refused, and says what does not', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', INI)]
    await (await open(directory, { sources, schema: SCHEMA, ...once })).close()
    const narrow: Tree = { properties: { server: { properties: { port: { type: 'integer', maximum: 10 } } } } }
    await expect(open(directory, { schema: narrow, ...once })).rejects.toMatchObject({
      code: 'invalid',
      details: { issues: [{ path: 'server.port', code: 'maximum' }] },
    })
    const config = await open(directory, once)
    expect(config.version?.id).toBe(1)
    await config.update('server', { port: 11 })
  })

  it('types text again when it changes', async () => {
    const directory = folder()
    const sources = [write(directory, 'a.ini', '[server]\nport = 4949\nname = 7\n')]
    await (await open(directory, { sources, ...once })).close()
    const schema: Tree = { properties: { server: { properties: { name: { type: 'string' } } } } }
    const config = await open(directory, { schema, ...once })
    expect(config.items('server')).toEqual({ port: 4949, name: '7' })
  })

  it('that is damaged in the store does not keep values from being read', async () => {
    const directory = folder()
    await (await open(directory, { sources: [write(directory, 'a.ini', INI)], schema: SCHEMA, ...once })).close()
    tamper(directory, `UPDATE config_documents SET content = '{"type":"nonsense"}' WHERE layer = '$schema'`)
    const config = await open(directory, once)
    expect(config.get('server.port')).toBe(4949)
    await expect(config.update('server', { port: 1 })).rejects.toMatchObject({ code: 'malformed' })
  })
})

describe('a running process', () => {
  it('makes a version of a watched file that changes, and tells of it', async () => {
    const directory = folder()
    const config = await open(directory, { sources: [write(directory, 'a.ini', INI)], schema: SCHEMA })
    const events: ChangeEvent[] = []
    config.on('change', (event) => events.push(event))
    write(directory, 'a.ini', INI.replace('4949', '4950'))
    await until(() => events.length > 0)
    expect(events).toMatchObject([
      {
        version: { id: 2, cause: 'source', createdBy: 'source:a.ini' },
        changes: [{ operation: 'UPDATE', section: 'server', key: 'port', oldValue: 4949, newValue: 4950 }],
      },
    ])
    expect(config.get('server.port')).toBe(4950)
  })

  it('shows a watched file that breaks as stale, and takes the next good one', async () => {
    const directory = folder()
    const config = await open(directory, { sources: [write(directory, 'a.ini', INI)] })
    const states: string[] = []
    config.on('source', ({ state }) => states.push(state))
    write(directory, 'a.ini', '[server\n')
    await until(() => states.length === 1)
    write(directory, 'a.ini', INI.replace('4949', '1'))
    await until(() => config.get('server.port') === 1)
    await until(() => states.length === 2)
    expect(states).toEqual(['stale', 'ok'])
  })

  it('stops watching when it is closed', async () => {
    const directory = folder()
    const config = await open(directory, { sources: [write(directory, 'a.ini', INI)] })
    await config.close()
    write(directory, 'a.ini', INI.replace('4949', '1'))
    const other = await open(directory, once)
    expect(other.get('server.port')).toBe(4949)
  })
})
