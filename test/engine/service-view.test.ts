import { describe, expect, it } from 'vitest'
import type { Service } from '../../src/engine/service.ts'
import { CONCEALED, type Config, file, type Tree } from '../../src/index.ts'
import type { Grant, Principal } from '../../src/model/principal.ts'
import type { Version } from '../../src/model/version.ts'
import { folder, refusal, write } from './helpers.ts'
import { bearer, everyCall, ROOT, serve, told } from './service-helpers.ts'

const HIDDEN = 'canary-of-the-vault'
const SECRET = 'canary-of-a-secret'

/** The linter takes it for a promise's. */
const THEN = 'then'

const SCHEMA: Tree = {
  type: 'object',
  properties: {
    server: {
      type: 'object',
      properties: {
        port: { type: 'integer', 'x-restart': true },
        password: { type: 'string', writeOnly: true },
        url: { type: 'string' },
      },
    },
    vault: {
      type: 'object',
      properties: { token: { type: 'string', writeOnly: true }, count: { type: 'integer' } },
      additionalProperties: { type: 'string' },
    },
  },
  if: { properties: { vault: { not: { properties: { count: { const: 0 } } } } } },
  [THEN]: {
    properties: { server: { properties: { port: { maximum: 9000 } } } },
    description: `the vault has ${HIDDEN}`,
  },
}

const BASE = `outside = "${HIDDEN}-outside"
[server]
port = 1
password = "${SECRET}-1"
url = "http://me:\${server.password}@host"
far = "http://x:\${vault.token}@host"
[vault]
plain = "${HIDDEN}-1"
token = "${SECRET}-2"
count = 1
${HIDDEN}-key = "x"
`

/** A namespace with something of everything in two sections, told of nowhere but in them. */
async function filled(): Promise<{ readonly service: Service; readonly directory: string }> {
  const directory = folder()
  write(directory, 'base.toml', BASE)
  const sources = [file('base.toml', { interpolate: true })]
  const service = await serve(directory, { namespaces: { default: { sources, schema: SCHEMA } } })
  const root = await service.config(ROOT, 'default')
  const why = { reason: `${HIDDEN} in the reason`, comment: `${HIDDEN} in the comment` }
  await root.change({ set: { vault: { plain: `${HIDDEN}-2`, count: 2, token: `${SECRET}-3` } }, ...why })
  await root.change({ set: { server: { port: 2 }, vault: { plain: `${HIDDEN}-3` } } })
  await root.change({ set: { server: { password: `${SECRET}-4` } } })
  await root.change({ set: { '': { outside: `${HIDDEN}-outside-2` } }, ...why })
  await root.versions.create({ description: `${HIDDEN} in the description`, tags: ['release'], baseline: true })
  await root.change({ mask: [`vault.${HIDDEN}-key`], ...why })
  await root.change({ set: { vault: { plain: `${HIDDEN}-4`, count: 3 } }, ...why })
  await root.report({ id: 'one', host: 'h', version: 1, startVersion: 1, startedAt: '2026-11-01T00:00:00.000Z' })
  write(directory, 'base.toml', BASE.replace('count = 1', `count = "${HIDDEN}"`))
  await root.reload()
  return { service, directory }
}

const PATHS = ['server.port', 'server.password', 'vault.plain', 'vault.token', 'vault.none', 'none.none']
const inServer = (...actions: Grant['actions']): Grant => ({ actions, namespaces: ['default'], sections: ['server'] })

async function allTold(config: Config): Promise<readonly (readonly [string, string])[]> {
  const answers: (readonly [string, string])[] = []
  for (const [name, call] of everyCall(config, PATHS)) answers.push([name, JSON.stringify(await told(call)) ?? ''])
  return answers
}

const leaks = (answers: readonly (readonly [string, string])[], canary: string) =>
  answers.filter(([, text]) => text.includes(canary) || text.includes('holdfast:secret'))

describe('somebody who may read one section', () => {
  const limited: readonly Principal[] = [
    bearer('reader', inServer('config:read')),
    bearer('writer', inServer('config:read', 'config:write')),
    bearer('opener', inServer('config:read', 'secrets:read')),
    bearer('blind writer', inServer('config:read'), { actions: ['config:write'], namespaces: ['default'] }),
    bearer('opener of all', inServer('config:read'), { actions: ['secrets:read'], namespaces: ['*'] }),
    bearer('only writer', { actions: ['config:write'], namespaces: ['default'] }),
  ]

  for (const who of limited)
    it(`is told nothing of another by any call: ${who.name}`, async () => {
      const { service } = await filled()
      const answers = await allTold(await service.config(who, 'default'))
      expect(leaks(answers, HIDDEN)).toEqual([])
      if (who.name !== 'opener' && who.name !== 'opener of all') expect(leaks(answers, SECRET)).toEqual([])
    })

  it('hears nothing of another either, while every version is told', async () => {
    const { service } = await filled()
    const config = await service.config(bearer('reader', inServer('config:read')), 'default')
    const heard: unknown[] = []
    config.on('change', (event) => heard.push(event))
    config.on('source', (status) => heard.push(status))
    const root = await service.config(ROOT, 'default')
    const before = root.version!.id
    await root.change({ set: { vault: { plain: `${HIDDEN}-9` } }, reason: HIDDEN })
    await root.change({ set: { server: { port: 99 } }, reason: HIDDEN })
    await root.reload()
    expect(JSON.stringify(heard)).not.toContain(HIDDEN)
    expect(heard).toMatchObject([
      { version: { id: before + 1, description: null }, changes: [], restartRequired: [], reason: null },
      {
        version: { id: before + 2 },
        changes: [{ section: 'server', key: 'port', newValue: 99 }],
        restartRequired: ['server.port'],
      },
    ])
    const { isWhole, events } = await service.resume(bearer('r', inServer('config:read')), 'default', 0)
    expect([isWhole, events.length]).toEqual([true, before + 2])
    expect(JSON.stringify(events)).not.toContain(HIDDEN)
  })

  it('is told hashes by which nothing hidden can be tried: other ones, equal where those are, and no way to a version', async () => {
    const { service } = await filled()
    const root = await service.config(ROOT, 'default')
    const writer = await service.config(limited[1]!, 'default')
    expect((await writer.versions.get('release~1')).id).toBe((await root.versions.get('release~1')).id)
    for (const who of limited.filter(({ name }) => name !== 'only writer')) {
      const config = await service.config(who, 'default')
      const [whole, items] = [(await root.versions.list()).items, (await config.versions.list()).items]
      const pairs = whole.map(({ hash }, i) => `${hash} ${items[i]?.hash}`)
      expect(new Set(pairs).size).toBe(new Set(whole.map(({ hash }) => hash)).size)
      const said = JSON.stringify(await allTold(config))
      for (const { hash, chainHash } of whole) {
        expect(said).not.toContain(hash.slice(0, 8))
        expect(said).not.toContain(chainHash.slice(0, 8))
        for (const name of [hash, hash.slice(0, 8), `${hash}~1`, items[0]!.hash])
          expect(await refusal(config.versions.get(name))).toMatchObject({ code: 'not-found' })
      }
    }
  })

  it('goes on after a version by what it was told of its chain, and not by the chain', async () => {
    const { service } = await filled()
    const [root, who] = [await service.config(ROOT, 'default'), limited[0]!]
    const config = await service.config(who, 'default')
    const since = async (by: Principal, { id, chainHash }: Version) =>
      (await service.resume(by, 'default', id, { chain: chainHash.slice(0, 16) })).isWhole
    const [told, real] = [await config.versions.get(3), await root.versions.get(3)]
    expect([await since(who, told), await since(ROOT, real)]).toEqual([true, true])
    expect([await since(who, real), await since(ROOT, told)]).toEqual([false, false])
  })

  it('may not compare with another namespace either', async () => {
    const { service } = await filled()
    await service.admin(ROOT).createNamespace('other')
    await service.admin(ROOT).createNamespace('third')
    const both = bearer('both', { actions: ['config:read'], namespaces: ['*'], sections: ['server'] })
    const hashOf = async (who: Principal, name: string) => (await service.config(who, name)).version?.hash
    expect(await hashOf(ROOT, 'other')).toBe(await hashOf(ROOT, 'third'))
    expect(await hashOf(both, 'other')).not.toBe(await hashOf(both, 'third'))
  })

  it('is told the same hashes after a restart', async () => {
    const { service, directory } = await filled()
    const before = (await service.config(limited[0]!, 'default')).version
    await service[Symbol.asyncDispose]()
    const again = await serve(directory)
    expect((await again.config(limited[0]!, 'default')).version).toEqual(before)
  })

  it('is refused alike whether what it asks for is there or not', async () => {
    const { service } = await filled()
    const config = await service.config(bearer('writer', inServer('config:read', 'config:write')), 'default')
    const asked = async (section: string): Promise<string> => {
      const calls = everyCall(config, [`${section}.key`]).filter(([name]) => name.includes(section))
      const answers = []
      for (const [name, call] of calls) answers.push([name, await told(call)])
      return JSON.stringify(answers).replaceAll(section, '?')
    }
    expect(await asked('vault')).toBe(await asked('nothing'))
  })

  it('sees what it may see', async () => {
    const { service } = await filled()
    const config = await service.config(bearer('reader', inServer('config:read')), 'default')
    expect(config.sections()).toEqual(['server'])
    expect(config.toJSON()).toEqual({
      server: {
        port: 2,
        password: CONCEALED,
        url: `http://me:${CONCEALED}@host`,
        far: `http://x:${CONCEALED}@host`,
      },
    })
    expect(config.detectDrift()).toEqual({ server: { password: [CONCEALED, CONCEALED], port: [1, 2] } })
    expect((await config.history()).items.map(({ key }) => key)).toEqual(['password', 'port'])
    expect((await config.versions.compare(1, 'latest')).changes.map(({ path }) => path)).toEqual([
      'server.password',
      'server.port',
    ])
    expect((await config.drift({ kind: 'instance' })).map(({ path }) => path)).toEqual([
      'server.password',
      'server.port',
    ])
    expect((await config.instances())[0]?.pendingRestart?.paths).toEqual(['server.port'])
    expect(await config.validate()).toEqual({ valid: true, issues: [] })
  })

  it('opens the secrets that it may open, also inside a text, and no others', async () => {
    const { service } = await filled()
    const config = await service.config(bearer('opener', inServer('config:read', 'secrets:read')), 'default')
    expect(config.items('server')).toMatchObject({
      password: `${SECRET}-4`,
      url: `http://me:${SECRET}-4@host`,
      far: `http://x:${CONCEALED}@host`,
    })
    expect(config.toJSON({ reveal: false })).toMatchObject({
      server: { password: CONCEALED, url: `http://me:${CONCEALED}@host` },
    })
    expect((await config.explain('server.password', { reveal: true })).value).toBe(`${SECRET}-4`)
    expect((await config.at(1)).get('server.password')).toBe(`${SECRET}-1`)
  })

  it('is told that something elsewhere is wrong, and not what', async () => {
    const { service } = await filled()
    const config = await service.config(bearer('writer', inServer('config:read', 'config:write')), 'default')
    expect(await told(() => config.update('server', { port: 9999 }))).toMatchObject({
      code: 'invalid',
      details: { issues: [{ path: 'server.port', code: 'maximum', message: 'must be at most 9000' }] },
    })
  })

  it('pages through its rows of the history however many others lie between', async () => {
    const { service } = await filled()
    const root = await service.config(ROOT, 'default')
    for (let i = 0; i < 30; i++) {
      await root.change({
        set: Object.fromEntries([
          ['vault', Object.fromEntries(Array.from({ length: 90 }, (_, k) => [`k${k}`, `${i}`]))],
        ]),
      })
      if (i % 10 === 0) await root.update('server', { port: 100 + i })
    }
    const config = await service.config(bearer('reader', inServer('config:read')), 'default')
    const ports: unknown[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<Config['history']>> = await config.history({
        key: 'port',
        limit: 2,
        ...(cursor !== null && { cursor }),
      })
      ports.push(...page.items.map(({ newValue }) => newValue))
      cursor = page.nextCursor
      await root.update('server', { url: `u${ports.length}` })
    } while (cursor !== null)
    expect(ports).toEqual([120, 110, 100, 2])
  })
})

describe('somebody who may read everything but secrets', () => {
  const who = bearer('reader', { actions: ['config:read'], namespaces: ['*'] })

  it('is told no secret by any call', async () => {
    const { service } = await filled()
    const answers = await allTold(await service.config(who, 'default'))
    expect(leaks(answers, SECRET)).toEqual([])
    expect(leaks(answers, HIDDEN).length).toBeGreaterThan(10)
  })

  it('does not read as a plain value what was one before it became secret', async () => {
    const directory = folder()
    const sources = [write(directory, 'base.ini', `[server]\npassword = ${SECRET}\n`)]
    const service = await serve(directory, { namespaces: { default: { sources } } })
    await service[Symbol.asyncDispose]()
    const again = await serve(directory, { namespaces: { default: { sources, schema: SCHEMA } } })
    const past = await (await again.config(who, 'default')).at(1)
    expect(JSON.stringify([past.get('server.password'), past.items('server'), past.toJSON()])).not.toContain(SECRET)
    expect((await (await again.config(ROOT, 'default')).at(1)).get('server.password')).toBe(SECRET)
  })
})
