import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coerceText, coerceTree, coerceValue, inferText } from '../../src/model/coerce.ts'
import { SchemaReader } from '../../src/model/schema.ts'
import type { Tree } from '../../src/model/value.ts'

const read = (schema: Tree) => new SchemaReader({ properties: { k: schema } })
const coerce = (schema: Tree, text: string) => coerceText(read(schema), ['k'], text)

describe('text without a schema', () => {
  it('is a number or a boolean only where writing it back gives the same text', () => {
    for (const [text, value] of [
      ['5050', 5050],
      ['-3', -3],
      ['2.5', 2.5],
      ['0', 0],
      ['true', true],
      ['false', false],
    ] as const) {
      expect(inferText(text)).toBe(value)
    }
    const kept = [
      '2.0',
      '010',
      '1e3',
      '1e-7',
      '-0',
      '+5',
      '.5',
      '5.',
      'True',
      'yes',
      '',
      ' 5',
      '0x10',
      'NaN',
      'Infinity',
      '9007199254740992',
      '0.1000000000000000055',
    ]
    for (const text of kept) expect(inferText(text)).toBe(text)
  })

  it('can always be written back', () => {
    const numeral = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.stringMatching(/^-?\d{0,20}\.?\d{0,20}$/),
    )
    fc.assert(fc.property(numeral, (text) => String(inferText(text)) === text))
  })
})

describe('text with a schema', () => {
  it('becomes a number where the decimal is exactly that number', () => {
    for (const [text, value] of [
      ['2.0', 2],
      [' 7 ', 7],
      ['010', 10],
      ['+5', 5],
      ['-0', 0],
      ['0.10', 0.1],
      ['.5', 0.5],
      ['1e3', 1000],
    ] as const) {
      expect(coerce({ type: 'number' }, text)).toBe(value)
    }
    for (const text of [
      '0x10',
      '1_000',
      '',
      'abc',
      'NaN',
      'Infinity',
      '9007199254740993',
      '0.1000000000000000055',
      '1e999',
      '1e',
      '--1',
    ]) {
      expect(coerce({ type: 'number' }, text)).toBe(text)
    }
    expect(coerce({ type: 'integer' }, '2.0')).toBe(2)
    expect(coerce({ type: 'integer' }, '2.5')).toBe('2.5')
    expect(coerce({ type: 'integer' }, '1e3')).toBe('1e3')
  })

  it('becomes a boolean by the words configparser takes', () => {
    for (const text of ['true', 'Yes', 'ON', '1']) expect(coerce({ type: 'boolean' }, text)).toBe(true)
    for (const text of ['false', 'No', 'off', '0']) expect(coerce({ type: 'boolean' }, text)).toBe(false)
    for (const text of ['t', 'enabled', '2', '']) expect(coerce({ type: 'boolean' }, text)).toBe(text)
  })

  it('becomes a list or an object only as JSON, whose numbers are exact', () => {
    expect(coerce({ type: 'array' }, '["a", 1]')).toEqual(['a', 1])
    expect(coerce({ type: 'object' }, '{"a": {"b": 1.0}}')).toEqual({ a: { b: 1 } })
    for (const text of ['a,b', '[1', '{"a": 1}', '[9007199254740993]', `${'['.repeat(100_000)}`]) {
      expect(coerce({ type: 'array' }, text)).toBe(text)
    }
    const odd = coerce({ type: 'object' }, '{"__proto__": {"x": 1}, "constructor": 2}') as Tree
    expect(Object.keys(odd)).toEqual(['__proto__', 'constructor'])
    expect(() => coerce({ type: 'array' }, `${'['.repeat(40)}${']'.repeat(40)}`)).toThrow(/depth/)
  })

  it('stays text where the schema takes text', () => {
    expect(coerce({ type: 'string' }, '5050')).toBe('5050')
    expect(coerce({ type: ['integer', 'string'] }, '5050')).toBe('5050')
    expect(coerce({ enum: ['1', 1] }, '1')).toBe('1')
    expect(coerce({ type: 'integer' }, 'abc')).toBe('abc')
  })

  it('becomes the value of a list that it says', () => {
    expect(coerce({ enum: [1, 2, 'auto'] }, '2.0')).toBe(2)
    expect(coerce({ enum: [1, 2, 'auto'] }, 'auto')).toBe('auto')
    expect(coerce({ enum: [1, 2, 'auto'] }, '3')).toBe('3')
    expect(coerce({ const: false }, 'off')).toBe(false)
    expect(coerce({ anyOf: [{ type: 'integer' }, { const: 'auto' }] }, '5')).toBe(5)
    expect(coerce({ anyOf: [{ type: 'integer' }, { const: 'auto' }] }, 'auto')).toBe('auto')
    expect(coerce({ type: ['null', 'integer'] }, 'null')).toBe(null)
  })

  it('is read as without a schema where the schema says no type, unless it is a secret', () => {
    expect(coerce({}, '5050')).toBe(5050)
    expect(coerce({ writeOnly: true }, '5050')).toBe('5050')
    expect(coerceText(read({}), ['elsewhere'], 'true')).toBe(true)
  })
})

describe('trees and values', () => {
  const reader = new SchemaReader({
    properties: {
      server: { properties: { port: { type: 'integer' }, debug: { type: 'boolean' }, name: { type: 'string' } } },
    },
  })

  it('coerces each text of a layer, and leaves a key without a value alone', () => {
    const tree = coerceTree(reader, {
      server: { port: '5050', debug: null, name: '7' },
      other: { n: '7', list: ['7'] },
    })
    expect(tree).toEqual({ server: { port: 5050, debug: null, name: '7' }, other: { n: 7, list: ['7'] } })
    expect(Object.isFrozen(tree) && Object.isFrozen(tree['server'])).toBe(true)
    expect(coerceTree(undefined, { a: { b: 'true' } })).toEqual({ a: { b: true } })
  })

  it('keeps __proto__ and constructor as keys', () => {
    const tree = coerceTree(reader, JSON.parse('{"__proto__": {"constructor": "1"}}'))
    expect(JSON.stringify(tree)).toBe('{"__proto__":{"constructor":1}}')
  })

  it('changes a caller’s text only where the schema asks for another type', () => {
    expect(coerceValue(reader, ['server'], { port: '5050', name: '7', extra: '7' })).toEqual({
      port: 5050,
      name: '7',
      extra: '7',
    })
    expect(coerceValue(reader, ['server', 'port'], 'abc')).toBe('abc')
    expect(coerceValue(reader, ['server', 'port'], true)).toBe(true)
    expect(coerceValue(undefined, ['a'], '5')).toBe('5')
  })

  it('changes nothing the second time', () => {
    const schema = fc.constantFrom<Tree>(
      ...['integer', 'number', 'boolean', 'null', 'array', 'string'].map((type) => ({ type })),
      ...[{}, { enum: [1, true, 'x'] }, { type: ['boolean', 'integer'] }],
    )
    const text = fc.oneof(fc.string(), fc.constantFrom('1', '0', 'yes', 'null', '[1]', '1.50'), fc.double().map(String))
    fc.assert(
      fc.property(schema, text, (some, input) => {
        const once = coerceTree(read(some), { k: input })
        expect(coerceTree(read(some), once)).toEqual(once)
      }),
    )
  })
})
