import { afterEach, describe, expect, it } from 'vitest'
import { type Config, env, inline, openAdmin, type Tree } from '../../src/index.ts'
import { folder, open, STORE, write } from './helpers.ts'

const NAMES = ['__proto__', 'constructor', 'prototype'] as const
const once = { follow: false }

/** `{ name: { name: … 'mark' } }` as JSON, so that `__proto__` is an own key. */
const nested = (...names: readonly string[]): Tree =>
  JSON.parse(names.reduceRight((inner, name) => `{${JSON.stringify(name)}:${inner}}`, '"mark"'))

/** What every object would show if a prototype had been reached. */
function expectClean(): void {
  const plain: Record<string, unknown> = {}
  expect(plain['mark']).toBeUndefined()
  expect(plain['polluted']).toBeUndefined()
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('mark')
  for (const shared of [Object, Array, Function, Map, String]) {
    expect(Object.keys(shared)).toEqual([])
    expect(Object.keys(shared.prototype as object)).toEqual([])
  }
}

/** Everything that reads, over the whole of a configuration with hostile names. */
async function readAll(config: Config): Promise<void> {
  config.toJSON()
  config.toJSON({ reveal: false })
  for (const section of config.sections()) config.items(section)
  config.detectDrift()
  await config.drift()
  await config.blame()
  await config.history()
  await config.validate()
  await config.versions.compare(1, 'latest')
  const ids = (await config.versions.list()).items.map(({ id }) => id)
  for (const id of ids) (await config.at(id)).toJSON()
}

afterEach(expectClean)

describe.each(NAMES)('a key named %s', (name) => {
  const paths = [
    [name],
    [name, 'mark'],
    ['a', name],
    ['a', name, 'b'],
    [name, name],
    ['a', 'b', name],
    [name, 'a', name],
  ]
  const printed = (path: readonly string[]): string => path.join('.')

  it('is an ordinary key through change, unset, mask and restore, at every depth', async () => {
    const directory = folder()
    const config = await open(directory, { sources: [inline('base', nested('a', name, 'base'))], ...once })
    for (const path of paths) {
      const before = config.version!.id
      expect(config.get(printed(path))).toEqual(path.length === 2 && path[0] === 'a' ? nested('base') : undefined)
      await config.change({ set: path.length === 1 ? { '': nested(...path) } : nested(...path) })
      expect(config.get(printed(path))).toBe('mark')
      expect(config.has(printed(path))).toBe(true)
      expect(config.version!.id).toBe(before + 1)
      expect(await config.explain(printed(path))).toMatchObject({ value: 'mark', winner: { layer: 'override' } })
      await readAll(config)
      await config.change({ unset: [path[0]!] })
      await config.versions.restore(before + 1)
      expect(config.get(printed(path))).toBe('mark')
      await config.versions.revert('latest')
      await config.change({ unset: [path[0]!] })
      await config.versions.restore(1)
    }
    await config.change({ mask: [`a.${name}`] })
    expect(config.get('a')).toEqual({})
    await config.update('a', nested(name, name))
    await config.change({ unset: ['a'], mask: ['a'] })
    expect(config.get('a')).toBeUndefined()
    expectClean()
    await config.close()
    const again = await open(directory, once)
    await readAll(again)
    await using admin = await openAdmin({ directory, store: STORE })
    expect(await admin.verify()).toMatchObject({ ok: true, problems: [] })
    await admin.stats()
  })

  it('is a section like any other', async () => {
    const config = await open(folder(), once)
    await config.update(name, { mark: 1, [name === '__proto__' ? 'x' : name]: 2 })
    expect(config.sections()).toEqual([name])
    expect(config.get(`${name}.mark`)).toBe(1)
    expect(config.items(name)).toMatchObject({ mark: 1 })
    expect(config.isOverridden(name, 'mark')).toBe(true)
    expect(Object.keys(config.detectDrift())).toEqual([name])
    expect(config.detectDrift(name)).toBeTypeOf('object')
    expect((await config.history({ section: name })).items.length).toBe(2)
    expect((await config.drift({ section: name })).length).toBe(2)
    expect((await config.blame(name)).length).toBe(2)
    expect((await config.validateChange(name, name, 1)).valid).toBe(true)
  })

  it.each([
    ['a.json', `{"${name}":{"mark":1},"a":{"${name}":{"${name}":{"mark":2}}}}`],
    ['a.json5', `{"${name}":{mark:1},a:{"${name}":{"${name}":{mark:2}}}}`],
    ['a.yaml', `${name}:\n  mark: 1\na:\n  ${name}:\n    ${name}:\n      mark: 2\n`],
    ['a.toml', `[${name}]\nmark = 1\n[a.${name}.${name}]\nmark = 2\n`],
  ])('stands in %s like any other, also below an override', async (file, text) => {
    const directory = folder()
    const config = await open(directory, { sources: [write(directory, file, text)], ...once })
    expect(config.sections()).toEqual([name, 'a'].sort())
    expect(config.get(`${name}.mark`)).toBe(1)
    expect(config.get(`a.${name}.${name}.mark`)).toBe(2)
    expect((await config.explain(`a.${name}.${name}.mark`)).winner?.position?.line).toBeGreaterThan(0)
    await config.change({ set: nested('a', name, name, 'other'), mask: [name] })
    await readAll(config)
    await config.versions.restore(1)
    write(directory, file, text.replaceAll('2', '3'))
    await config.reload()
    expect(config.get(`a.${name}.${name}.mark`)).toBe(3)
  })

  it.each([
    ['a.ini', `[${name}]\nmark = 1\n${name} = 2\n[a]\n${name} = 3\n`],
    ['a.properties', `${name}.mark=1\n${name}.${name}=2\na.${name}=3\n`],
  ])('stands in %s like any other', async (file, text) => {
    const directory = folder()
    const config = await open(directory, { sources: [write(directory, file, text)], ...once })
    expect(config.get(`${name}.mark`)).toBe(1)
    expect(config.get(`${name}.${name}`)).toBe(2)
    expect(config.get(`a.${name}`)).toBe(3)
    await readAll(config)
  })

  it('comes from the environment like any other', async () => {
    const environment = { [`X_${name}ZZMARK`]: '1', [`X_AZZ${name}ZZ${name}`]: '2' }
    const config = await open(folder(), { sources: [env({ prefix: 'X_', separator: 'ZZ' })], environment, ...once })
    expect(config.get(`${name}.mark`)).toBe(1)
    expect(config.get(`a.${name}.${name}`)).toBe(2)
    await readAll(config)
  })

  it('gets defaults from a schema, and rules', async () => {
    const schema = JSON.parse(
      `{"properties":{"${name}":{"properties":{"mark":{"default":"d"},"${name}":{"type":"integer","default":7}}},"a":{"default":{"${name}":{"mark":"d"}}}}}`,
    ) as Tree
    const config = await open(folder(), { schema, sources: [inline('x', nested(name, 'own'))], ...once })
    expect(config.get(`${name}.mark`)).toBe('d')
    expect(config.get(`${name}.${name}`)).toBe(7)
    expect(config.get(`a.${name}.mark`)).toBe('d')
    await expect(config.update(name, nested(name))).rejects.toMatchObject({
      code: 'invalid',
      details: { issues: [{ path: `${name}.${name}` }] },
    })
    await config.update(name, JSON.parse(`{"${name}":8}`))
    expect(config.get(`${name}.${name}`)).toBe(8)
    await readAll(config)
  })

  it('holds a secret like any other', async () => {
    const schema = JSON.parse(
      `{"properties":{"a":{"properties":{"${name}":{"type":"string","writeOnly":true}}}}}`,
    ) as Tree
    const config = await open(folder(), { schema, ...once })
    await config.update('a', nested(name))
    expect(config.get(`a.${name}`)).toBe('mark')
    expect(JSON.stringify(config.toJSON({ reveal: false }))).not.toContain('mark')
    expect(await config.explain(`a.${name}`)).toMatchObject({ type: 'secret', value: '••••••••' })
  })
})

it('an object with another prototype is refused, wherever it stands', async () => {
  const config = await open(folder(), once)
  const polluting = Object.create({ mark: 1 })
  for (const values of [polluting, { a: polluting }, { a: [polluting] }, new (class Odd {})()])
    await expect(config.update('x', values)).rejects.toMatchObject({ code: 'malformed' })
})

it('names that objects inherit are absent until they are set', async () => {
  const config = await open(folder(), { sources: [inline('x', { a: { b: 1 } })], ...once })
  for (const name of [...NAMES, 'toString', 'hasOwnProperty', 'valueOf'])
    for (const path of [name, `a.${name}`, `a.b.${name}`, `a.${name}.${name}`]) {
      expect(config.get(path)).toBeUndefined()
      expect(config.has(path)).toBe(false)
    }
})
