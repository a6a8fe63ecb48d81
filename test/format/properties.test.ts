import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { properties } from '../../src/format/properties.ts'
import type { Tree, Value } from '../../src/model/value.ts'
import { options, plainKey, read, refusal, text } from './support.ts'

describe('properties', () => {
  it('reads what the Java documentation shows', () => {
    const some = [
      'Truth = Beauty',
      ' Truth2:Beauty',
      'Truth3                    :Beauty',
      'fruits                           apple, banana, pear, \\',
      '                                 cantaloupe, watermelon, \\',
      '                                 kiwi, mango',
      'cheeses',
      '! a comment that does not go on \\',
      '# another',
      '\\:\\= = \\u0041\\t\\z',
      'trailing = kept  ',
    ].join('\n')
    expect(read(properties, some)).toEqual({
      Truth: 'Beauty',
      Truth2: 'Beauty',
      Truth3: 'Beauty',
      fruits: 'apple, banana, pear, cantaloupe, watermelon, kiwi, mango',
      cheeses: '',
      ':=': 'A\tz',
      trailing: 'kept  ',
    })
  })

  it('splits keys at dots, but not at escaped ones', () => {
    expect(read(properties, 'server.port=1\nserver.hosts.a\\.example\\.com=2\n')).toEqual({
      server: { port: '1', hosts: { 'a.example.com': '2' } },
    })
  })

  it.each([
    ['a.b=1\n\na.b=2\n', '3:1: duplicate key "a.b" (first at line 1)'],
    ['a=1\na.b=2\n', '2:1: a.b and the key at line 1 cannot both be'],
    ['a.b=1\na=2\n', '2:1: a and the key at line 1 cannot both be'],
    ['a=\\u00g0\n', '1:3: expected 4 hexadecimal digits'],
    ['a=\\u0000\n', '1:3: a NUL character'],
  ])('refuses %j with line and column', (some, message) => {
    expect(refusal(() => read(properties, some)).message).toContain(`config/test.conf:${message}`)
  })

  it('reads back every tree of text', () => {
    const { tree } = fc.letrec<{ tree: Tree; value: Value }>((tie) => ({
      tree: fc.dictionary(
        fc.oneof(plainKey, fc.constantFrom('a.b', 'c=d', 'e:f', ' g', '#h', '!i', 'j\\k', '', 'é')),
        tie('value'),
        { minKeys: 1, maxKeys: 4 },
      ) as fc.Arbitrary<Tree>,
      value: fc.oneof({ maxDepth: 3 }, text, tie('tree')),
    }))
    fc.assert(
      fc.property(tree, (some) => {
        expect(read(properties, properties.render(some))).toEqual(some)
      }),
      { numRuns: 500 },
    )
  })

  it('refuses what a property cannot say, naming the path', () => {
    expect(refusal(() => properties.render({ a: { b: null } }))).toMatchObject({
      code: 'unsupported',
      details: { what: 'a.b' },
    })
    expect(refusal(() => properties.render({ a: {} }))).toMatchObject({ code: 'unsupported', details: { what: 'a' } })
  })

  it('puts a new key beside its kin', () => {
    const some = 'a.x=1\r\na.y=2\r\nb.z=3'
    expect(properties.edit!(some, [{ path: ['a', 'n'], value: ' v' }], options)).toBe(
      'a.x=1\r\na.y=2\r\na.n=\\ v\r\nb.z=3',
    )
    expect(properties.edit!(some, [{ path: ['c'], value: { d: 1, e: 2 } }], options)).toBe(`${some}\r\nc.d=1\r\nc.e=2`)
    expect(properties.edit!(some, [{ path: ['a'] }], options)).toBe('b.z=3')
  })
})
