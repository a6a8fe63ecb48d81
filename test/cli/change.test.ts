import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { INI, initialised, Workspace } from './harness.ts'

let at: Workspace
beforeEach(async () => {
  at = await initialised()
})
afterEach(() => at.remove())

const HASH = expect.stringMatching(/^[0-9a-f]{64}$/)

describe('holdfast set, unset and mask', () => {
  it('make one version of one change and tell what it did', async () => {
    const told = await at.json([
      'set',
      'server.port=5050',
      'auth.cache_ttl=300',
      '--reason',
      'load balancer',
      '--actor',
      'bob',
    ])
    expect(told).toEqual({
      version: { id: 2, hash: HASH },
      changes: expect.arrayContaining([
        { operation: 'CREATE', section: 'server', key: 'port', oldValue: 4949, newValue: 5050 },
        { operation: 'CREATE', section: 'auth', key: 'cache_ttl', oldValue: 60, newValue: 300 },
      ]),
      restartRequired: ['server.port'],
    })
    expect(await at.json('history --by bob --section server')).toMatchObject([
      { section: 'server', key: 'port', reason: 'load balancer', changedBy: 'bob', versionId: 2 },
    ])
    expect(await at.json('unset server auth.cache_ttl')).toMatchObject({ version: { id: 3 }, changes: [{}, {}] })
    expect(await at.json('mask auth.fallback')).toEqual({
      version: { id: 4, hash: HASH },
      changes: [{ operation: 'CREATE', section: 'auth', key: 'fallback', oldValue: true, newValue: null }],
      restartRequired: [],
    })
    expect(await at.run('get auth.fallback')).toMatchObject({ status: 5, err: expect.stringContaining('is masked') })
  })

  it('show people the version and what changed', async () => {
    const { out, err } = await at.run(['set', 'server.port=5050', '--reason', 'load balancer'])
    expect(out).toMatch(/^version 2 \([0-9a-f]{12}\): load balancer\n {2}~ server\.port {2}4949 → 5050\n$/)
    expect(err).toBe('Takes effect after a restart: server.port\n')
    expect((await at.run('set server.port=5050 -q')).err).toBe('')
  })

  it('say so where nothing changed, and make no version', async () => {
    await at.run('set server.port=5050')
    expect(await at.run('set server.port=5050')).toEqual({
      status: 0,
      out: '',
      err: 'Nothing changed: it has that value already.\n',
    })
    expect(await at.run('unset auth.backends')).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringContaining('Nothing changed'),
    })
    expect(await at.json('set server.port=5050')).toEqual({ version: null, changes: [], restartRequired: [] })
    expect(await at.json('versions')).toHaveLength(2)
  })

  it('change nothing in a dry run', async () => {
    expect(await at.json('set server.port=5050 --dry-run')).toMatchObject({
      version: null,
      changes: [{ newValue: 5050 }],
    })
    expect(await at.run('mask auth.fallback --dry-run')).toMatchObject({
      status: 0,
      out: '  − auth.fallback  true\n',
      err: expect.stringContaining('nothing was changed'),
    })
    expect(await at.json('versions')).toHaveLength(1)
  })

  it('are refused with status 3 where the result would not be valid, 4 where another version came first', async () => {
    expect(await at.run('set server.port=99999')).toMatchObject({
      status: 3,
      out: '',
      err: expect.stringContaining('65535'),
    })
    const unknown = await at.run('set server.prot=1')
    expect(unknown).toMatchObject({ status: 3, err: expect.stringContaining('did you mean server.port?') })
    const { status, err } = await at.run('set server.log_level=LOUD --json')
    expect(status).toBe(3)
    expect(JSON.parse(err)).toMatchObject({
      error: {
        code: 'invalid',
        details: { issues: [{ path: 'server.log_level', allowed: ['DEBUG', 'INFO', 'WARN'] }] },
      },
    })
    expect(await at.run('set server.port=5050 --if-version 7')).toMatchObject({ status: 4 })
    expect(await at.run('set server.port=5050 --if-version 1')).toMatchObject({ status: 0 })
  })

  it('take a secret from standard input, which is then seen nowhere', async () => {
    const set = await at.run(['set', 'ldap.bind_password=@-'], { input: 'canary-7731\n' })
    expect(set).toMatchObject({ status: 0 })
    const commands = [
      'get',
      'get ldap',
      'get ldap.bind_password',
      'explain ldap.bind_password',
      'history',
      'blame',
      'drift --detail',
      'show latest',
    ]
    const shown = [
      set,
      ...(await Promise.all([...commands, 'compare 1 2'].flatMap((argv) => [at.run(argv), at.run(`${argv} --json`)]))),
    ]
    for (const { out, err, status } of shown) {
      expect(status).toBe(0)
      expect(out + err).not.toContain('canary')
    }
    expect((await at.run('get ldap.bind_password --reveal')).out).toBe('canary-7731\n')
    expect(await at.json('explain ldap.bind_password --reveal')).toMatchObject({ value: 'canary-7731' })
    expect(
      (await at.run(['set', 'ldap.bind_password=@-', '--type', 'integer'], { input: 'canary-7731' })).err,
    ).not.toContain('canary')
  })

  it('set what --type says', async () => {
    at.remove()
    at = new Workspace({ 'a.json': '{"s": {"a": "x"}}' })
    await at.run('init --source a.json')
    await at.run(['set', 's.text=007', 's.b="true"', '--type', 'string'])
    await at.run(['set', 's.list=a,b', '--type', 'list'])
    await at.run(['set', 's.nothing=', '--type', 'null'])
    await at.run(['set', 's.deep={"x":{"y":1}}', 'top=[1]', '--type', 'json'])
    await at.run(['set', 's."odd key".n=5', 's.flag=true', 's.half=0.5', 's.zip=0123'])
    expect(await at.json('get')).toEqual({
      s: {
        a: 'x',
        text: '007',
        b: '"true"',
        list: ['a', 'b'],
        nothing: null,
        deep: { x: { y: 1 } },
        'odd key': { n: 5 },
        flag: true,
        half: 0.5,
        zip: '0123',
      },
      top: [1],
    })
    expect((await at.run(['get', 's.nothing'])).out).toBe('null\n')
    expect((await at.run(['get', 'top'])).out).toBe('[1]\n')
    expect((await at.run(['get', 's.deep.x'])).out).toBe('s.deep.x.y = 1\n')
  })

  it('never make a store by a slip: that is for init', async () => {
    at.remove()
    at = new Workspace()
    for (const argv of ['get', 'set a.b=1', 'snapshot']) {
      const { status, err } = await at.run(argv)
      expect(status).toBe(5)
      expect(err).toMatch(/there is no store at .*\nRun "holdfast init" to make one/)
    }
  })

  it('never begin a namespace by a slip', async () => {
    for (const argv of ['set a.b=1 -n defualt', 'get -n defualt', 'drift -n defualt']) {
      const ran = await at.run(argv)
      expect(ran).toMatchObject({ status: 5, out: '', err: expect.stringContaining('Did you mean default?') })
    }
    expect(await at.json('namespace list')).toHaveLength(1)
  })
})

describe('holdfast validate', () => {
  it('tells whether what is in effect is valid, and what a change would break', async () => {
    expect(await at.json('validate')).toEqual({ valid: true, issues: [] })
    const argv = ['validate', 'server.port=0', 'server.log_level=LOUD']
    expect(await at.run(argv)).toMatchObject({
      status: 3,
      out: expect.stringMatching(/^Not valid: 2 issues\n {2}server/),
    })
    expect((await at.json(argv)).issues).toHaveLength(2)
    expect(await at.run('validate server.port=5051')).toMatchObject({ status: 0 })
    expect((await at.run('get server.port')).out).toBe('4949\n')
  })
})

describe('holdfast restore and revert', () => {
  it('make the hash equal, or undo one version and keep later ones', async () => {
    await at.run('set server.port=5050')
    await at.run('set auth.cache_ttl=300')
    expect(await at.json('revert 2')).toMatchObject({
      version: { id: 4 },
      changes: [{ section: 'server', newValue: 4949 }],
    })
    const [baseline] = (await at.json('versions')).slice(-1)
    expect(await at.json('restore baseline --dry-run')).toMatchObject({
      version: null,
      changes: [{ key: 'cache_ttl' }],
    })
    const restored = await at.json('restore baseline --reason rollback')
    expect(restored.version).toEqual({ id: 5, hash: baseline.hash })
    expect(await at.run('restore baseline')).toMatchObject({
      status: 0,
      err: 'Nothing changed: it is as it was at baseline.\n',
    })
    expect(await at.run('restore nowhere')).toMatchObject({ status: 5 })
  })

  it('refuse to revert what a later version changed again, with status 4', async () => {
    await at.run('set server.port=5050')
    await at.run('set server.port=6060')
    expect(await at.run('revert 2')).toMatchObject({ status: 4, err: expect.stringContaining('server.port') })
  })

  it('restore only the sections asked for', async () => {
    await at.run('set server.port=5050 auth.cache_ttl=300')
    expect(await at.json('restore 1 --section auth')).toMatchObject({ changes: [{ section: 'auth' }] })
    expect((await at.run('get server.port')).out).toBe('5050\n')
  })
})

it('an edited base file is a version of its own, and an override over it is stale then', async () => {
  await at.run('set server.port=5050')
  at.write('config/tacacs.ini', INI.replace('4949', '4950'))
  expect((await at.run('drift')).out).toMatch(/port +4950 +5050 +stale/)
  expect(await at.json('history --limit 1')).toMatchObject([{ layer: 'base', oldValue: 4949, newValue: 4950 }])
})

it('a base file that is broken or gone is told on standard error by every command, and its last good content stays', async () => {
  at.write('config/tacacs.ini', '[server\nport')
  for (const argv of ['get server.port', 'get server.port', 'get server.port --json']) {
    const { status, out, err } = await at.run(argv)
    expect({ status, out }).toEqual({ status: 0, out: '4949\n' })
    expect(err.match(/config\/tacacs\.ini keeps its last good content/g)).toHaveLength(1)
  }
  expect((await at.run('explain server.port')).out).toMatch(/stale +config\/tacacs\.ini failed to load/)
})
