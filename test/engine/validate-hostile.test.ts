import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadFormats } from '../../src/engine/formats.ts'
import { openReader } from '../../src/engine/patterns.ts'
import { compileSchema } from '../../src/engine/validate.ts'
import { LIMITS } from '../../src/model/limits.ts'
import type { Tree } from '../../src/model/value.ts'

const compile = (schema: unknown) => compileSchema(schema, { limits: LIMITS })
const parse = (text: string) => JSON.parse(text) as Tree
const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty']

/** ajv counts what a failed condition, and items that `contains` passed over, as evaluated. */
const isMistakenByAjv = (schema: string) =>
  /"unevaluated/.test(schema) && /"(if|contains|dependentSchemas)"/.test(schema)

/** What ajv says by itself; nothing where it fails. */
function verdict(validate: (data: unknown) => boolean, data: Tree): boolean | undefined {
  try {
    return validate(data)
  } catch {
    return undefined
  }
}

describe('names of the prototype', () => {
  it.each(NAMES)('%s is an ordinary key of schema and data at every depth', async (name) => {
    const key = JSON.stringify(name)
    const schema = parse(
      `{"properties":{"a":{"properties":{${key}:{"type":"object","properties":{${key}:{"type":"integer"}}}}}}}`,
    )
    const validator = await compile(schema)
    expect(validator.check(parse(`{"a":{${key}:{${key}:1}}}`))).toEqual([])
    expect(validator.check(parse(`{"a":{${key}:{${key}:"x"}}}`))).toMatchObject([
      { path: `a.${name}.${name}`, code: 'type' },
    ])
    expect(validator.check(parse(`{"a":{${key}:5}}`))).toMatchObject([{ path: `a.${name}`, code: 'type' }])
    expect(validator.check({ a: {} })).toEqual([])
  })

  it.each(NAMES)('%s is unknown to a closed schema, and missing where it is required', async (name) => {
    const data = parse(`{${JSON.stringify(name)}:1}`)
    const unknown = [{ path: name, code: 'unknown-key' }]
    const branches = { anyOf: [{ properties: { a: {} } }, { patternProperties: { '^b': {} } }] }
    expect((await compile({ additionalProperties: false })).check(data)).toMatchObject(unknown)
    expect((await compile({ unevaluatedProperties: false })).check(data)).toMatchObject(unknown)
    expect((await compile({ ...branches, unevaluatedProperties: false })).check(data)).toMatchObject(unknown)
    expect((await compile({ required: [name] })).check({})).toMatchObject([{ path: name, code: 'required' }])
    expect((await compile({ required: [name] })).check(data)).toEqual([])
    const dependent = parse(`{"dependentRequired":{${JSON.stringify(name)}:["b"]}}`)
    expect((await compile(dependent)).check({})).toEqual([])
    expect((await compile(dependent)).check(data)).toMatchObject([{ path: 'b' }])
  })

  it.each(NAMES)('%s is known where a closed schema names it', async (name) => {
    const key = JSON.stringify(name)
    const schema = parse(`{"properties":{"a":{},${key}:{"type":"integer"}},"anyOf":[{"properties":{"b":{}}}]}`)
    for (const closed of ['additionalProperties', 'unevaluatedProperties']) {
      const validator = await compile({ ...schema, [closed]: false })
      expect(validator.check(parse(`{${key}:1,"a":1}`))).toEqual([])
      expect(validator.check(parse(`{${key}:"x"}`))).toMatchObject([{ path: name, code: 'type' }])
    }
  })

  it('are compared as ordinary keys', async () => {
    const validator = await compile(
      parse('{"properties":{"a":{"enum":[{"constructor":{}},{"valueOf":1}]},"b":{"uniqueItems":true}}}'),
    )
    expect(validator.check(parse('{"a":{"constructor":{}},"b":[{"valueOf":1},{"toString":1}]}'))).toEqual([])
    expect(validator.check(parse('{"a":{"valueOf":1}}'))).toEqual([])
    expect(validator.check(parse('{"a":{"valueOf":2},"b":[{"__proto__":1},{"__proto__":1}]}'))).toMatchObject([
      { path: 'a', code: 'enum' },
      { path: 'b', code: 'uniqueItems' },
    ])
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

describe('a hostile schema', () => {
  it('with a catastrophic pattern is answered, which backtracking would never end', async () => {
    const validator = await compile({
      properties: { p: { pattern: '^(a+)+$' } },
      patternProperties: { '^(b+)+$': { type: 'null' } },
    })
    const tree = { p: `${'a'.repeat(200_000)}!`, [`${'b'.repeat(250)}!`]: 1 }
    expect(validator.check(tree)).toMatchObject([{ path: 'p', code: 'pattern' }])
    const reader = await openReader({ patternProperties: { '^(b+)+$': { writeOnly: true } } })
    expect(reader.isSecret([`${'b'.repeat(250)}!`])).toBe(false)
    expect(reader.isSecret(['bbb'])).toBe(true)
  })

  it('with references that double at each step is stopped', async () => {
    const twice = (i: number) => ({ allOf: [{ $ref: `#/$defs/a${i + 1}` }, { $ref: `#/$defs/a${i + 1}` }] })
    const $defs = Object.fromEntries(Array.from({ length: 28 }, (_, i) => [`a${i}`, twice(i)]))
    const flat = await compile({ $defs: { ...$defs, a28: { type: 'object' } }, $ref: '#/$defs/a0' })
    expect(flat.check({})).toMatchObject([{ path: '', code: 'too-much-work' }])

    const deep = await compile({ properties: { a: { allOf: [{ $ref: '#' }, { $ref: '#' }] } } })
    let tree: Tree = {}
    for (let i = 0; i < 30; i++) tree = { a: tree }
    expect(deep.check(tree)).toMatchObject([{ code: 'too-much-work' }])
    expect(deep.check({ a: { a: {} } })).toEqual([])
  })

  it('with a pattern too costly for a long text is stopped', async () => {
    const validator = await compile({ properties: { p: { pattern: '(a?){300}a{300}$' } } })
    expect(validator.check({ p: `${'a'.repeat(250_000)}b` })).toMatchObject([{ code: 'too-much-work' }])
  })

  it('that refers to itself below is read and checked', async () => {
    const validator = await compile({
      properties: { child: { $ref: '#' }, port: { type: 'integer' } },
      additionalProperties: false,
    })
    expect(validator.check({ child: { child: { port: 'x', prt: 1 } } })).toMatchObject([
      { path: 'child.child.prt', didYouMean: 'child.child.port' },
      { path: 'child.child.port', code: 'type' },
    ])
  })
})

describe('formats', () => {
  it('answer whatever the text, where backtracking would never end', async () => {
    const size = 100_000
    const parts = [
      'a',
      '1',
      ':',
      '.',
      '-',
      '%',
      '/',
      '@',
      'a.',
      '1.',
      ':a',
      'a-',
      '%41',
      '{a}',
      '~1',
      'a:@',
      'P1D',
      'A=',
      'é',
    ]
    const texts = parts.flatMap((part) =>
      ['', 'http://', 'a@', 'P', '#/'].map((start) => `${start}${part.repeat(size / part.length)}\n`),
    )
    for (const [name, { type, validate }] of await loadFormats()) {
      if (type === 'number') continue
      for (const text of texts) {
        expect((validate as (text: string) => boolean)(text), `${name} on ${text.slice(0, 20)}`).toBeTypeOf('boolean')
      }
    }
  })

  it('tell right from wrong', async () => {
    const formats = await loadFormats()
    const cases: [string, string, string][] = [
      ['date-time', '2026-11-30T12:00:00Z', '2026-13-30T12:00:00Z'],
      ['duration', 'P1DT2H', '1 day'],
      ['uri', 'https://example.com/a', 'example'],
      ['url', 'https://example.com/a', 'ldap'],
      ['ipv6', '::1', ':1'],
      ['hostname', 'a.example', '-a'],
      ['email', 'a@b.example', 'a@'],
      ['uuid', '0190a5c0-0000-7000-8000-000000000000', '0190'],
      ['regex', '^a$', '('],
    ]
    for (const [name, right, wrong] of cases) {
      const check = formats.get(name)!.validate as (text: string) => boolean
      expect([name, check(right), check(wrong)]).toEqual([name, true, false])
    }
  })
})

describe('a large configuration', () => {
  it('is checked whatever its size, whether right or wrong', async () => {
    const validator = await compile({
      $defs: {
        port: {
          anyOf: [
            { type: 'integer', maximum: 9 },
            { type: 'string', pattern: '^a+$' },
          ],
        },
      },
      additionalProperties: { $ref: '#/$defs/port' },
    })
    const tree = (size: number, value: number) =>
      Object.fromEntries(Array.from({ length: size }, (_, i) => [`key_${i}`, value]))
    validator.check(tree(1_000, 10))
    expect(validator.check(tree(40_000, 5))).toEqual([])
    expect(validator.check(tree(40_000, 10)).at(-1)).toMatchObject({ code: 'more' })
    expect(validator.reader.secretPathsIn(tree(40_000, 5))).toEqual([])
  })

  it('may have as many keys named in its schema', async () => {
    const properties = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`key_${i}`, { type: 'integer' }]))
    const validator = await compile({ properties, additionalProperties: false })
    expect(validator.check({ key_7: 1, key_1999: 'x', kez_5: 1 })).toMatchObject([
      { path: 'key_1999' },
      { path: 'kez_5' },
    ])
  })
})

describe('the schema as rewritten for ajv', () => {
  const leaf = fc.constantFrom<Tree>(
    { type: 'integer' },
    { type: 'string' },
    { const: 1 },
    { enum: ['a', 2] },
    { minimum: 1 },
    { $ref: '#/$defs/d' },
    {},
  )
  const { node } = fc.letrec<{ node: Tree }>((tie) => {
    const key = fc.constantFrom('a', 'b', 'c')
    const one = tie('node')
    const list = fc.array(one, { minLength: 1, maxLength: 2 })
    const keyword = (name: string, holds: fc.Arbitrary<unknown>) => holds.map((held) => ({ [name]: held }))
    const part = fc.oneof(
      keyword('properties', fc.dictionary(key, one, { maxKeys: 2 })),
      keyword('patternProperties', fc.dictionary(fc.constantFrom('^a', 'b$'), one, { maxKeys: 1 })),
      keyword('required', fc.uniqueArray(key, { maxLength: 1 })),
      keyword('additionalProperties', fc.oneof(fc.boolean(), one)),
      keyword('unevaluatedProperties', fc.oneof(fc.constant(false), one)),
      keyword('unevaluatedItems', fc.oneof(fc.constant(false), one)),
      keyword('prefixItems', list),
      keyword('propertyNames', fc.constantFrom<Tree>({ enum: ['a', 'b'] }, { pattern: '^[ab]' })),
      keyword('dependentSchemas', fc.dictionary(key, one, { maxKeys: 1 })),
      keyword('dependentRequired', fc.dictionary(key, fc.array(key, { maxLength: 1 }), { maxKeys: 1 })),
      ...['allOf', 'anyOf', 'oneOf'].map((name) => keyword(name, list)),
      ...['not', 'items', 'contains'].map((name) => keyword(name, one)),
      keyword('uniqueItems', fc.boolean()),
      fc
        .tuple(one, one, one)
        .map(([a, b, c]) => Object.fromEntries([...Object.entries({ if: a, else: c }), ['then', b]])),
      fc
        .tuple(one, fc.constantFrom(0, 2))
        .map(([contains, minContains]) => ({ contains, minContains, maxContains: 2 })),
    )
    const parts = fc.array(part, { minLength: 1, maxLength: 3 }).map((some) => Object.assign({}, ...some) as Tree)
    return { node: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, parts) }
  })
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(0, 1, 2, 'a', 'b', true, null),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }))

  it('counts as evaluated only what the specification does', async () => {
    const failed: Tree = {
      if: { properties: { a: { const: 1 } }, required: ['a'] },
      else: {},
      unevaluatedProperties: false,
    }
    expect((await compile(failed)).check({ a: 2 })).toMatchObject([{ path: 'a', code: 'unknown-key' }])
    expect((await compile(failed)).check({ a: 1 })).toEqual([])
    const items: Tree = { properties: { a: { contains: { type: 'integer' }, unevaluatedItems: { type: 'string' } } } }
    expect((await compile(items)).check({ a: [1, 'x', true] })).toMatchObject([{ path: 'a.2', code: 'type' }])
    const nested: Tree = { allOf: [{ unevaluatedProperties: { type: 'integer' } }], unevaluatedProperties: false }
    expect((await compile(nested)).check({ a: 1 })).toEqual([])
    const dependent: Tree = {
      properties: { k: { dependentSchemas: { a: { properties: { b: {} } } }, unevaluatedProperties: false } },
    }
    expect((await compile(dependent)).check({ k: { b: 1 } })).toMatchObject([{ path: 'k.b' }])
    expect((await compile(dependent)).check({ k: 'text' })).toEqual([])
  })

  it('takes and refuses exactly what ajv does by itself, and never refuses without an issue', async () => {
    const tree = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 })
    await fc.assert(
      fc.asyncProperty(node, fc.array(tree, { minLength: 1, maxLength: 6 }), async (some, trees) => {
        const schema = JSON.parse(
          JSON.stringify({ ...some, $defs: { d: { properties: { a: { type: 'integer' } } } } }),
        ) as Tree
        fc.pre(!isMistakenByAjv(JSON.stringify(schema)))
        const theirs = new Ajv2020({
          strict: false,
          allErrors: true,
          logger: false,
          ownProperties: true,
          validateSchema: false,
          meta: false,
        }).compile(schema)
        const ours = await compile(schema)
        for (const one of trees) {
          const data = JSON.parse(JSON.stringify(one)) as Tree
          expect([schema, data, ours.check(data).length === 0]).toEqual([
            schema,
            data,
            verdict(theirs, data) ?? ours.check(data).length === 0,
          ])
        }
      }),
      { numRuns: 60 },
    )
  })
})
