import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialised, type Workspace } from './harness.ts'

let at: Workspace
beforeAll(async () => {
  at = await initialised()
  await at.run(['set', 'server.port=5050', '--reason', 'load balancer', '--actor', 'bob', '--comment', 'ticket 7'])
  await at.run(['set', 'auth.cache_ttl=60', '--actor', 'carol'])
})
afterAll(() => at.remove())

describe('holdfast get', () => {
  it('prints a value alone, a section as lines, and the whole with concealed secrets', async () => {
    expect((await at.run('get server.host')).out).toBe('0.0.0.0\n')
    expect((await at.run('get server')).out).toBe(
      'server.host = 0.0.0.0\nserver.log_level = INFO\nserver.port = 5050\n',
    )
    expect(await at.json('get server')).toEqual({ host: '0.0.0.0', port: 5050, log_level: 'INFO' })
    const whole = await at.json('get')
    expect(Object.keys(whole)).toEqual(['auth', 'ldap', 'server'])
    expect(whole.ldap.bind_password).toBe('••••••••')
    expect(await at.json('get ldap.bind_password --reveal')).toBe('changeme')
  })

  it('answers for the past', async () => {
    expect((await at.run('get server.port --at baseline')).out).toBe('4949\n')
    expect((await at.run('get server.port --at latest~1')).out).toBe('5050\n')
    expect(await at.run('get server.port --at 99')).toMatchObject({ status: 5 })
  })

  it('prints as a file of another format', async () => {
    expect((await at.run('get server --format ini')).out).toBe(
      '[server]\nhost = 0.0.0.0\nlog_level = INFO\nport = 5050\n',
    )
    expect((await at.run('get server --format toml')).out).toContain('[server]\n')
    expect((await at.run('get server --format yaml')).out).toContain('port: 5050\n')
    expect((await at.run('get server --format json')).out).toBe((await at.run('get server --json')).out)
    expect((await at.run('get server --format properties')).out).toMatch(/server\.port ?= ?5050/)
    expect((await at.run('get server.port --format yaml')).out).toBe('5050\n')
    expect((await at.run('get server.port --format toml')).out).toContain('port = 5050')
  })

  it('says what was probably meant where there is nothing, with status 5', async () => {
    expect(await at.run('get server.prt')).toMatchObject({
      status: 5,
      err: expect.stringContaining('Did you mean server.port?'),
    })
    expect(await at.run('get servr')).toMatchObject({ status: 5, err: expect.stringContaining('Did you mean server?') })
    expect(await at.run('get auth.port')).toMatchObject({
      status: 5,
      err: expect.stringContaining('Did you mean server.port?'),
    })
    const { status, out, err } = await at.run('get server.prt --json')
    expect({ status, out }).toEqual({ status: 5, out: '' })
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'not-found', details: { what: 'server.prt' } } })
  })
})

describe('holdfast explain', () => {
  it('tells value, place, what it beat, who, when, why, and the rules', async () => {
    const { out } = await at.run('explain server.port')
    expect(out).toContain('server.port = 5050  (integer)')
    expect(out).toMatch(/from +override/)
    expect(out).toMatch(/comment +ticket 7/)
    expect(out).toMatch(/set by +bob, just now \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\), version 2/)
    expect(out).toMatch(/because +load balancer/)
    expect(out).toMatch(/meaning +TCP port to listen on/)
    expect(out).toMatch(/over\n +config\/tacacs\.ini:4 +4949/)
  })

  it('tells the story as it was at a version', async () => {
    expect((await at.run('explain server.port --at 1')).out).toMatch(
      /server\.port = 4949[\s\S]*from +config\/tacacs\.ini:4/,
    )
    expect(await at.json('explain server.port --at 1')).toMatchObject({ version: 1, value: 4949, override: null })
  })

  it('refuses a key nobody knows, with what was probably meant', async () => {
    expect(await at.run('explain server.prot')).toMatchObject({
      status: 5,
      err: expect.stringContaining('did you mean server.port?'),
    })
  })
})

describe('holdfast drift', () => {
  it('gives pairs by section and key, or the list of entries', async () => {
    expect(await at.json('drift')).toEqual({ server: { port: [4949, 5050] } })
    expect(await at.json('drift auth')).toEqual({})
    expect(await at.json('drift --detail')).toMatchObject([
      { path: 'auth.cache_ttl', state: 'redundant', who: 'carol' },
      { path: 'server.port', state: 'intentional', who: 'bob', why: 'load balancer', expected: 4949, actual: 5050 },
    ])
    expect(await at.json('drift --kind baseline')).toEqual({ server: { port: [4949, 5050] } })
  })

  it('gives null for a side that is missing', async () => {
    await at.run('mask auth.fallback')
    await at.run(['set', 'auth.extra=1'])
    expect(await at.json('drift auth')).toEqual({ auth: { fallback: [true, null], extra: [null, 1] } })
    expect((await at.run('drift auth')).out).toMatch(/fallback +true +\(masked\)/)
    await at.run('unset auth.fallback auth.extra')
  })

  it('shows people a table with the state of each override', async () => {
    const { out, err } = await at.run('drift')
    expect(out).toMatch(/^SECTION +KEY +BASE +OVERRIDE +STATE +AGE +WHO\n/)
    expect(out).toMatch(/server +port +4949 +5050 +intentional +\S+ +bob/)
    expect(err).toBe('2 overrides: 1 redundant, 1 intentional.\n')
    expect((await at.run('drift --kind baseline')).out).toMatch(/^SECTION +KEY +BASELINE +ACTUAL +AGE +WHO\n/)
    expect((await at.run('drift --detail')).out).toContain('load balancer')
  })

  it('exits with 2 where something differs and was asked to', async () => {
    expect(await at.run('drift --exit-code -q')).toMatchObject({ status: 2, err: '' })
    expect(await at.run('drift auth --exit-code')).toMatchObject({ status: 0 })
    expect(await at.run('drift')).toMatchObject({ status: 0 })
  })
})

describe('holdfast history, versions and blame', () => {
  it('list the columns of the store in camelCase, newest first', async () => {
    const entries = await at.json('history --section server')
    expect(entries[0]).toEqual({
      id: expect.any(Number),
      namespace: 'default',
      operation: 'CREATE',
      layer: 'override',
      section: 'server',
      key: 'port',
      oldValue: 4949,
      newValue: 5050,
      changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      changedBy: 'bob',
      sourceIp: null,
      reason: 'load balancer',
      comment: 'ticket 7',
      versionId: 2,
    })
    expect(await at.json('history --since 1h --until 2000-01-01')).toEqual([])
    expect(await at.json('history --key port --by bob --since 1h')).toHaveLength(1)
  })

  it('go on where a page ends', async () => {
    const first = await at.run('history --limit 1')
    const [, cursor = ''] = /--cursor (\S+)/.exec(first.err) ?? []
    const [one] = await at.json('history --limit 1')
    const [two] = await at.json(['history', '--limit', '1', '--cursor', cursor])
    expect(two.id).toBeLessThan(one.id)
    expect((await at.run('versions --limit 1')).err).toMatch(/^There is more: --cursor \S+\n$/)
  })

  it('are shown by version, with who, when and why said once', async () => {
    const { out } = await at.run('history --section server')
    expect(out).toMatch(
      /^version 2 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(just now\) {2}bob\n {4}load balancer\n {4}ticket 7\n {2}~ server\.port {2}4949 → 5050\n/,
    )
    expect((await at.run('versions')).out).toMatch(/^VERSION +WHEN +WHO +CAUSE +NAMES +DESCRIPTION\n/)
    expect((await at.run('versions')).out).toMatch(/ 1 .* source +baseline/)
  })

  it('tell who set each key last', async () => {
    const entries = await at.json('blame server')
    expect(entries.find((entry: { key: string }) => entry.key === 'port')).toMatchObject({
      path: 'server.port',
      layer: 'override',
      who: 'bob',
      version: 2,
    })
    expect((await at.run('blame server')).out).toMatch(/server\.host +0\.0\.0\.0 +config\/tacacs\.ini:3/)
  })
})

describe('holdfast compare and show', () => {
  it('tell what changed from one version to another', async () => {
    const { from, to, changes } = await at.json('compare 1 2')
    expect([from.id, to.id]).toEqual([1, 2])
    expect(changes).toEqual([{ path: 'server.port', section: 'server', key: 'port', before: 4949, after: 5050 }])
    expect(await at.run('compare 1 2')).toMatchObject({
      out: '~ server.port  4949 → 5050\n',
      err: '1 difference between version 1 and version 2.\n',
    })
    expect(await at.run('compare 1 2 --exit-code')).toMatchObject({ status: 2 })
    expect(await at.run('compare 1 1 --exit-code')).toMatchObject({ status: 0, out: '' })
    const patch = JSON.parse((await at.run('compare 1 2 --format json-patch')).out)
    expect(patch).toEqual([{ op: 'replace', path: '/server/port', value: 5050 }])
  })

  it('print a version with its configuration', async () => {
    expect(await at.json('show 1')).toMatchObject({ id: 1, isBaseline: true, config: { server: { port: 4949 } } })
    expect((await at.run('show 1')).out).toMatch(/^version +1 \(baseline\)\n[\s\S]*\nserver\.port = 4949\n/)
    expect((await at.run('show 1 --format ini')).out).toContain('[server]')
    expect(await at.run('show 77')).toMatchObject({ status: 5 })
  })
})

describe('holdfast snapshot, tag and baseline', () => {
  it('name versions', async () => {
    const made = await at.json(['snapshot', '-m', 'before LDAP', '--tag', 'pre-ldap', '--actor', 'dave'])
    expect(made).toMatchObject({
      description: 'before LDAP',
      tags: ['pre-ldap'],
      createdBy: 'dave',
      cause: 'snapshot',
      isBaseline: false,
    })
    expect(await at.json('tag pre-ldap release-7')).toMatchObject({
      id: made.id,
      tags: expect.arrayContaining(['pre-ldap', 'release-7']),
    })
    expect(await at.run('tag latest 42')).toMatchObject({ status: 64 })
    expect(await at.run('tag 1 release-7 --delete')).toMatchObject({ status: 5 })
    expect(await at.run('tag release-7 release-7 --delete')).toMatchObject({ status: 0 })
    expect(await at.run('show release-7')).toMatchObject({ status: 5 })
    expect(await at.json('baseline pre-ldap')).toMatchObject({ id: made.id, isBaseline: true })
    expect(await at.json('drift --kind baseline')).toEqual({})
    await at.run('baseline 1')
  })
})
