import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/model/limits.ts'
import { env, inline, openSource } from '../../src/source/open.ts'
import { loaded, options } from './helpers.ts'

const fromEnv = (environment: Record<string, string | undefined>, more: { separator?: string } = {}) =>
  openSource(env({ prefix: 'X_', ...more }), options({ environment }))

describe('environment variables', () => {
  it('are cut at the separator, lower-cased, and left as text', async () => {
    const environment = {
      X_SERVER__PORT: '5050',
      X_Server__LOG_LEVEL: 'DEBUG',
      X_DEBUG: '',
      OTHER: '1',
      x_server__port: '9',
    }
    expect(await loaded(fromEnv(environment))).toMatchObject({
      tree: { server: { port: '5050', log_level: 'DEBUG' }, debug: '' },
      isText: true,
      positions: new Map(),
    })
  })

  it('are cut at another separator where the source has one', async () => {
    const { tree } = await loaded(fromEnv({ 'X_A.B__C': '1' }, { separator: '.' }))
    expect(tree).toEqual({ a: { b__c: '1' } })
  })

  it('leave an empty tree where none has the prefix', async () => {
    expect((await loaded(fromEnv({ Y: '1', X_GONE: undefined }))).tree).toEqual({})
  })

  it.each([
    [{ X_A: '1', X_A__B: '2' }, 'X_A', 'X_A__B'],
    [{ X_A__B: '2', X_a: '1' }, 'X_A__B', 'X_a'],
    [{ X_A__B: '1', X_a__b: '2' }, 'X_A__B', 'X_a__b'],
    [{ X_A__B__C: '1', X_A__B: '2' }, 'X_A__B', 'X_A__B__C'],
  ])('are refused where two want one place: %j', async (environment, one, other) => {
    const refused = fromEnv(environment).load()
    await expect(refused).rejects.toMatchObject({ code: 'source', details: { source: 'env:X_' } })
    await expect(refused).rejects.toThrow(new RegExp(`variables (${one} and ${other}|${other} and ${one}) want`))
  })

  it.each(['X_', 'X___A', 'X_A__', 'X_A____B'])('are refused where a segment is empty: %s', async (name) => {
    await expect(fromEnv({ [name]: '1' }).load()).rejects.toThrow(`the variable ${name} leaves an empty segment`)
  })

  it('say unchanged until one of them changes', async () => {
    const environment: Record<string, string> = { X_A: '1', OTHER: '1' }
    const source = fromEnv(environment)
    const { fingerprint } = await loaded(source)
    environment['OTHER'] = '2'
    expect(await source.load(fingerprint)).toBe('unchanged')
    environment['X_A'] = '2'
    expect((await loaded(source, fingerprint)).tree).toEqual({ a: '2' })
  })

  it('keep to the limits', async () => {
    const limits = { ...LIMITS, depth: 2, keyLength: 10, sourceBytes: 200 }
    const load = (environment: Record<string, string>) =>
      openSource(env({ prefix: 'X_' }), options({ environment, limits })).load()
    await expect(load({ X_A__B__C: '1' })).rejects.toMatchObject({ code: 'too-large', details: { limit: 'depth' } })
    await expect(load({ X_ABCDEFGHIJK: '1' })).rejects.toMatchObject({ details: { limit: 'keyLength' } })
    await expect(load({ X_A: 'x'.repeat(300) })).rejects.toMatchObject({ details: { limit: 'sourceBytes' } })
  })

  it('never put a value into a refusal', async () => {
    const refused = fromEnv({ X_A: 's3cr3t\ud800' }).load()
    await expect(refused).rejects.toThrow('surrogate')
    await expect(refused).rejects.not.toThrow('s3cr3t')
  })
})

describe('names that once reached a prototype', () => {
  const names = ['__proto__', 'constructor', 'prototype']

  it.each(names)('are ordinary keys in the environment: %s', async (name) => {
    const environment = { [`X_A.${name}.POLLUTED`]: 'yes', [`X_${name}.POLLUTED`]: 'yes' }
    const { tree } = await loaded(fromEnv(environment, { separator: '.' }))
    expect(Object.keys(tree).sort()).toEqual([name, 'a'].sort())
    expect(JSON.parse(JSON.stringify(tree))).toEqual(tree)
    expect(Object.hasOwn(tree['a'] as object, name)).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it.each(names)('are ordinary keys in inline values: %s', async (name) => {
    const values = JSON.parse(`{"${name}": {"polluted": 1}, "a": {"${name}": {"polluted": 1}}}`)
    const source = openSource(inline('site', values), options())
    const { tree } = await loaded(source)
    expect(JSON.stringify(tree)).toBe(JSON.stringify(values))
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('inline values', () => {
  it('keep their types and say unchanged for ever', async () => {
    const source = openSource(inline('site', { a: { b: [1, null, true] } }), options())
    const { tree, isText, fingerprint } = await loaded(source)
    expect({ tree, isText }).toEqual({ tree: { a: { b: [1, null, true] } }, isText: false })
    expect(await source.load(fingerprint)).toBe('unchanged')
  })

  it('keep to the limits in force', async () => {
    const source = openSource(inline('site', { a: { b: { c: 1 } } }), options({ limits: { ...LIMITS, depth: 2 } }))
    await expect(source.load()).rejects.toMatchObject({ code: 'too-large', details: { limit: 'depth', allowed: 2 } })
  })
})
