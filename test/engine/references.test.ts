// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is tested
import { describe, expect, it } from 'vitest'
import { inline, type Value } from '../../src/index.ts'
import { folder, open } from './helpers.ts'

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
