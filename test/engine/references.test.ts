// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is tested
import { describe, expect, it } from 'vitest'
import { inline, type Value } from '../../src/index.ts'
import { folder, open, refusal, write } from './helpers.ts'

const environment = { HOLDFAST_KEY: Buffer.alloc(32, 7).toString('base64'), TOLD: 'told' }
const schema = { properties: { own: { properties: { secret: { type: 'string', writeOnly: true } } } } }

describe('a reference of a base', () => {
  const sources = [
    inline(
      'base',
      { own: { url: 'x ${own.given} ${TOLD}', open: '${own.secret:-none}', given: '${TOLD}' } },
      { interpolate: true },
    ),
  ]

  it('is resolved through values of the base, as far as they go', async () => {
    const config = await open(folder(), { sources, environment })
    expect(config.get('own.url')).toBe('x told told')
  })

  it('takes what an operator set as it is written, whatever its form', async () => {
    const config = await open(folder(), { sources, environment, schema })
    const texts = ['${HOLDFAST_KEY}', '$${HOLDFAST_KEY}', '${own.secret:-x}', '${none.none}', '${', 'a$$b']
    await config.update('own', { secret: 'open ${HOLDFAST_KEY} sesame' })
    for (const text of texts) {
      const forms: readonly Value[] = [text, [text], { [text]: 1 }, { a: { b: text } }, { a: [{ b: text }] }]
      for (const given of forms) {
        await config.change({ unset: ['own.given'], set: { own: { given } } })
        const written = typeof given === 'string' ? given : JSON.stringify(given)
        expect(config.get('own.given')).toEqual(given)
        expect(config.get('own.url')).toBe(`x ${written} told`)
        await config.change({ unset: ['own.given'] })
      }
    }
    expect(config.get('own.open')).toBe('open ${HOLDFAST_KEY} sesame')
  })
})

describe('a change that would leave a reference without its answer', () => {
  const base = { paths: { home: '/srv', log: '${paths.home}/log' }, outside: '${paths.home}' }
  const sources = [inline('base', base, { interpolate: true })]
  const broken = [
    { path: 'paths.log', code: 'reference', message: 'cannot be resolved: ${paths.home} has no answer: no such key' },
    { path: 'outside', code: 'reference', message: 'cannot be resolved: ${paths.home} has no answer: no such key' },
  ]

  it.each([
    ['with a schema', { properties: { paths: { properties: { log: { pattern: '^/' } } } } }],
    ['without one', undefined],
  ])('is refused as invalid, at the paths of the texts that refer, %s', async (_, schema) => {
    const config = await open(folder(), { sources, ...(schema && { schema }) })
    for (const dryRun of [true, false]) {
      const refused = await refusal(config.change({ mask: ['paths.home'], dryRun }))
      expect(refused.code).toBe('invalid')
      expect(refused.details).toEqual({ issues: expect.arrayContaining(broken) })
    }
    expect(config.get('paths.log')).toBe('/srv/log')
    await config.change({ mask: ['paths.home'], set: { paths: { log: '/log' }, '': { outside: 'x' } } })
    expect(await config.validate()).toEqual({ valid: true, issues: [] })
    const circle = await config.change({ unset: ['paths.home'], set: { paths: { home: '${paths.log}' } } })
    expect(circle.changes).toHaveLength(1) // what an operator sets is no reference
  })

  it('is found by asking too, and by the file and line where a source brings it', async () => {
    const directory = folder()
    const toml = '[paths]\nhome = { at = "/srv" }\nlog = "${paths.home.at}/log"\n'
    const config = await open(directory, { sources: [{ ...FILE, path: write(directory, 'a.toml', toml) }] })
    const issues = [{ path: 'paths.log', code: 'reference' }]
    expect(await config.validateChange('paths', 'home', 'text')).toMatchObject({ valid: false, issues })
    write(directory, 'a.toml', toml.replace('home', 'hoem').replace('log', 'logs'))
    const [status] = await config.reload()
    expect(status).toMatchObject({ state: 'stale', error: expect.stringContaining('a.toml:3:1: paths.logs cannot be') })
    expect(config.get('paths.log')).toBe('/srv/log')
  })

  it('is told together with what else is wrong, and nothing is said of the text that stands in for the answer', async () => {
    const schema = {
      properties: { paths: { properties: { log: { pattern: '^/' }, depth: { type: 'integer' } } } },
    }
    const config = await open(folder(), { sources, schema })
    const { details } = await refusal(config.change({ mask: ['paths.home'], set: { paths: { depth: 'x' } } }))
    expect((details as { issues: readonly { path: string; code: string }[] }).issues).toMatchObject([
      { path: 'paths.log', code: 'reference' },
      { path: 'outside', code: 'reference' },
      { path: 'paths.depth', code: 'type' },
    ])
  })

  it('is not one that only wants for a variable, which another process may have, unless a schema asks what the text is', async () => {
    const given = [inline('base', { a: { user: '${NOT_SET}', n: 1 } }, { interpolate: true })]
    const config = await open(folder(), { sources: given })
    await config.update('a', { n: 2 })
    const schema = { properties: { a: { properties: { user: { type: 'string' } } } } }
    expect(await refusal(open(folder(), { sources: given, schema }))).toMatchObject({
      code: 'invalid',
      details: { issues: [{ path: 'a.user', code: 'reference' }] },
    })
  })
})

const FILE = { kind: 'file', interpolate: true } as const
