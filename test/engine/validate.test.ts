import { describe, expect, it } from 'vitest'
import { compileSchema } from '../../src/engine/validate.ts'
import { LIMITS } from '../../src/model/limits.ts'
import type { Tree, Value } from '../../src/model/value.ts'

/** The keyword `then`, which the linter takes for a promise’s method. */
const outcome = (schema: Tree): Tree => Object.fromEntries([['then', schema]])

const compile = (schema: unknown) => compileSchema(schema, { limits: LIMITS })
const check = async (schema: Tree, tree: Tree) => (await compile(schema)).check(tree)

/** The one issue of `value` at the key `k`. */
async function issue(schema: Tree, value: Value) {
  const issues = await check({ properties: { k: schema } }, { k: value })
  expect(issues).toHaveLength(1)
  return issues[0]!
}

describe('an issue', () => {
  const cases: [Tree, Value, string, string][] = [
    [{ type: 'integer' }, 'abc', 'type', 'must be an integer, not text'],
    [{ type: 'integer' }, 1.5, 'type', 'must be an integer, not a fraction'],
    [{ type: ['integer', 'null'] }, {}, 'type', 'must be an integer or null, not an object'],
    [{ type: 'boolean' }, 'maybe', 'type', 'must be true or false, not text'],
    [{ type: 'string' }, true, 'type', 'must be text, not a boolean'],
    [{ type: 'string' }, [], 'type', 'must be text, not a list'],
    [{ enum: ['INFO', 'DEBUG'] }, 'x', 'enum', 'must be one of INFO, DEBUG'],
    [{ const: 'a b' }, 'x', 'const', 'must be "a b"'],
    [{ minimum: 1 }, 0, 'minimum', 'must be at least 1'],
    [{ maximum: 65535 }, 70_000, 'maximum', 'must be at most 65535'],
    [{ exclusiveMinimum: 0 }, 0, 'exclusiveMinimum', 'must be more than 0'],
    [{ exclusiveMaximum: 9 }, 9, 'exclusiveMaximum', 'must be less than 9'],
    [{ multipleOf: 0.1 }, 0.35, 'multipleOf', 'must be a multiple of 0.1'],
    [{ minLength: 2 }, 'é', 'minLength', 'must have at least 2 characters'],
    [{ maxLength: 1 }, 'ab', 'maxLength', 'must have at most 1 character'],
    [{ pattern: '^[a-z]+$' }, 'A', 'pattern', 'must match ^[a-z]+$'],
    [{ format: 'ipv4' }, '1.2.3', 'format', 'must be an IPv4 address'],
    [{ minItems: 1 }, [], 'minItems', 'must have at least 1 item'],
    [{ maxItems: 1 }, [1, 2], 'maxItems', 'must have at most 1 item'],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      'uniqueItems',
      'must not hold the same item twice',
    ],
    [
      { contains: { type: 'integer' } },
      ['a', 'b'],
      'contains',
      'must hold at least 1 item of the kind the schema asks for',
    ],
    [
      { contains: { const: 1 }, maxContains: 1 },
      [1, 2, 1, 3],
      'contains',
      'must hold 1 to 1 item of the kind the schema asks for',
    ],
    [
      { minContains: 2, contains: { const: 1 } },
      [1, 2],
      'contains',
      'must hold at least 2 items of the kind the schema asks for',
    ],
    [{ prefixItems: [{}], items: false }, [1, 2], 'items', 'must have at most 1 item'],
    [{ minProperties: 1 }, {}, 'minProperties', 'must have at least 1 key'],
    [{ maxProperties: 0 }, { a: 1 }, 'maxProperties', 'must have at most 0 keys'],
    [{ not: { const: 0 } }, 0, 'not', 'must not be 0'],
    [{ not: { required: ['a', 'b'] } }, { a: 1, b: 1 }, 'not', 'must not have a together with b'],
    [
      { oneOf: [{ minimum: 1 }, {}, { maximum: 5 }] },
      3,
      'oneOf',
      'must fit one alternative of the schema only, but fits number 1 and 2',
    ],
  ]
  it.each(cases)('of %j for %j has the code %s and says: %s', async (schema, value, code, message) => {
    expect(await issue(schema, value)).toMatchObject({ path: 'k', code, message })
  })

  it('stands at the path of the key that is missing, unknown or refused', async () => {
    const schema = {
      properties: {
        a: { required: ['b c'] },
        closed: { properties: { port: {}, gone: false }, additionalProperties: false },
        open: { properties: { port: {} }, unevaluatedProperties: false },
        named: { propertyNames: { pattern: '^[a-z]+$' } },
        tls: { dependentRequired: { cert: ['key'] } },
        list: { items: { properties: { port: { type: 'integer' } } } },
        tuple: { prefixItems: [{}], unevaluatedItems: false },
        rest: { properties: { a: {} }, unevaluatedProperties: { type: 'integer' } },
      },
    }
    const tree = {
      ...{ a: {}, closed: { prot: 1, gone: 1 }, open: { prt: 1 }, named: { 'A/~B': 1 }, tls: { cert: 'x' } },
      ...{ list: [{}, { port: 'x' }], tuple: [1, 2], rest: { a: 'x', b: 'x' } },
    }
    expect(await check(schema, tree)).toEqual([
      { path: 'a."b c"', code: 'required', message: 'is required' },
      {
        path: 'closed.prot',
        code: 'unknown-key',
        message: 'is not a key the schema knows; did you mean closed.port?',
        didYouMean: 'closed.port',
      },
      { path: 'closed.gone', code: 'not-allowed', message: 'is not allowed' },
      {
        path: 'open.prt',
        code: 'unknown-key',
        message: 'is not a key the schema knows; did you mean open.port?',
        didYouMean: 'open.port',
      },
      { path: 'named."A/~B"', code: 'unknown-key', message: 'is not a name the schema allows: it must match ^[a-z]+$' },
      { path: 'tls.key', code: 'dependentRequired', message: 'is required where tls.cert is set' },
      { path: 'list.1.port', code: 'type', message: 'must be an integer, not text' },
      { path: 'tuple.1', code: 'unevaluatedItems', message: 'is not an item the schema allows' },
      { path: 'rest.b', code: 'type', message: 'must be an integer, not text' },
    ])
  })

  it('lists what is allowed where that can be listed', async () => {
    expect(await issue({ enum: ['a', 1] }, 2)).toMatchObject({ allowed: ['a', 1] })
    expect(await issue({ const: 'a' }, 2)).toMatchObject({ allowed: ['a'] })
    expect(await issue({ type: 'boolean' }, 2)).toMatchObject({ allowed: [true, false] })
    expect(await issue({ type: 'integer' }, 'x')).not.toHaveProperty('allowed')
  })

  it('is told once, and at most a hundred with a count of the rest', async () => {
    expect(await check({ allOf: [{ required: ['a'] }, { required: ['a'] }] }, {})).toHaveLength(1)
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`k${i}`, 'x']))
    const issues = await check({ additionalProperties: { type: 'integer' } }, many)
    expect(issues).toHaveLength(101)
    expect(issues.at(-1)).toEqual({ path: '', code: 'more', message: '150 more issues are not listed' })
  })
})

describe('alternatives', () => {
  const BACKEND: Tree = {
    oneOf: [
      {
        properties: { type: { const: 'ldap' }, url: { type: 'string' }, port: { type: 'integer' } },
        required: ['url'],
      },
      { properties: { type: { const: 'local' }, file: { type: 'string' } }, required: ['file'] },
    ],
  }

  it('are told as the one the value was meant for', async () => {
    const issues = await check({ properties: { k: BACKEND } }, { k: { type: 'ldap', port: 'x' } })
    expect(issues.map(({ path, code }) => [path, code])).toEqual([
      ['k.url', 'required'],
      ['k.port', 'type'],
    ])
  })

  it('are told by the key that tells them apart', async () => {
    expect(await issue(BACKEND, { type: 'radius' })).toEqual({
      path: 'k.type',
      code: 'enum',
      message: 'must be one of ldap, local',
      allowed: ['ldap', 'local'],
    })
  })

  it('of types and values are one sentence', async () => {
    expect(await issue({ anyOf: [{ type: 'integer' }, { type: 'null' }] }, 'x')).toMatchObject({
      code: 'type',
      message: 'must be an integer or null, not text',
    })
    expect(await issue({ anyOf: [{ type: 'integer' }, { const: 'auto' }] }, 'x')).toMatchObject({
      code: 'anyOf',
      message: 'must be an integer or auto',
    })
    expect(await issue({ anyOf: [{ const: 'a' }, { enum: ['b', 'c'] }] }, 'x')).toMatchObject({
      code: 'enum',
      allowed: ['a', 'b', 'c'],
    })
  })

  it('of one type are told by that one', async () => {
    expect(await issue({ anyOf: [{ type: 'null' }, { type: 'integer', maximum: 9 }] }, 10)).toMatchObject({
      code: 'maximum',
      message: 'must be at most 9',
    })
  })

  it('inside alternatives, lists and references leave no stray findings', async () => {
    const schema: Tree = {
      $defs: { port: { anyOf: [{ type: 'integer', maximum: 9 }, { type: 'null' }] } },
      properties: {
        a: { anyOf: [{ $ref: '#/$defs/port' }, { type: 'object', properties: { p: { $ref: '#/$defs/port' } } }] },
        names: { propertyNames: { $ref: '#/$defs/name' } },
        list: { contains: { $ref: '#/$defs/port' }, items: { $ref: '#/$defs/text' } },
      },
    }
    const full = {
      ...schema,
      $defs: { ...(schema['$defs'] as Tree), name: { pattern: '^a' }, text: { type: 'string' } },
    }
    const issues = await check(full, { a: { p: 10 }, names: { b: 1, a: 1 }, list: ['x', 99] })
    expect(issues.map(({ path, code }) => [path, code])).toEqual([
      ['a.p', 'maximum'],
      ['names.b', 'unknown-key'],
      ['list.1', 'type'],
      ['list', 'contains'],
    ])
  })
})

describe('a rule across keys', () => {
  it('says why, in the words of the schema', async () => {
    const schema: Tree = {
      allOf: [
        {
          if: { properties: { tls: { const: true } }, required: ['tls'] },
          ...outcome({ description: 'TLS needs a certificate', required: ['cert'] }),
        },
        {
          description: 'a replica must have a primary',
          if: { required: ['replica'] },
          ...outcome({ required: ['primary'] }),
        },
      ],
      dependentSchemas: { proxy: { title: 'behind a proxy', properties: { port: { minimum: 1024 } } } },
    }
    expect(await check(schema, { tls: true, replica: 1, proxy: 1, port: 80 })).toEqual([
      { path: 'cert', code: 'required', message: 'is required (TLS needs a certificate)' },
      { path: 'primary', code: 'required', message: 'is required (a replica must have a primary)' },
      { path: 'port', code: 'minimum', message: 'must be at least 1024 (behind a proxy)' },
    ])
    expect(await check(schema, { tls: false, port: 80 })).toEqual([])
  })
})

describe('what a secret is', () => {
  it('never stands in an issue, nor what would narrow it down', async () => {
    const CANARY = 'canary-7f3a'
    const secret = (rule: Tree): Tree => ({ ...rule, writeOnly: true })
    const schema: Tree = {
      properties: {
        a: secret({ enum: ['allowed-secret', 'other-secret'] }),
        b: secret({ const: 'allowed-secret' }),
        c: secret({ pattern: '^allowed-secret$' }),
        d: secret({ anyOf: [{ const: 'allowed-secret' }, { type: 'integer' }] }),
        e: secret({ not: { const: CANARY } }),
        f: secret({ type: 'integer', default: 'allowed-secret' }),
        g: { writeOnly: true, properties: { h: { const: 'allowed-secret' } } },
        i: { const: { key: 'allowed-secret' }, properties: { key: { writeOnly: true } } },
        j: { items: secret({ format: 'uuid', minLength: 99 }) },
        k: { type: 'integer' },
      },
    }
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'k']
    const tree = {
      ...Object.fromEntries(keys.map((key) => [key, CANARY])),
      g: { h: CANARY },
      i: { key: CANARY },
      j: [CANARY],
    }
    const issues = await check(schema, tree)
    expect(issues.map((found) => found.path)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g.h', 'i', 'j.0', 'j.0', 'k'])
    expect(JSON.stringify(issues)).not.toMatch(/canary|allowed-secret|other-secret/)
  })
})

describe('a schema is refused when it is set', () => {
  const refused: [unknown, RegExp][] = [
    ['text', /a schema is an object/],
    [[], /a schema is an object/],
    [
      { properties: { a: { writeonly: true } } },
      /at #\/properties\/a: "writeonly" is not a keyword.*did you mean writeOnly\?/,
    ],
    [{ properties: { a: { writeOnly: 'yes' } } }, /"writeOnly" must be true or false/],
    [{ $defs: { 'a/b': { typ: 'integer' } } }, /at #\/\$defs\/a~1b: "typ".*did you mean type/],
    [{ type: 'float' }, /"type" must be one or more of null, boolean/],
    [{ items: [{}] }, /"items" must be a schema/],
    [{ dependencies: {} }, /dependentRequired or dependentSchemas/],
    [{ nullable: true }, /\[\.\.\., "null"\]/],
    [{ minimum: '5' }, /"minimum" must be a number/],
    [{ minLength: -1 }, /"minLength" must be a whole number/],
    [{ required: 'a' }, /"required" must be a list of names/],
    [{ pattern: '(?=a)' }, /at #: "pattern" cannot be used: .*look-ahead/],
    [{ properties: { a: { pattern: '(a)\\1' } } }, /at #\/properties\/a: "pattern" cannot be used/],
    [{ patternProperties: { '(?<!a)b': {} } }, /"patternProperties" cannot be used/],
    [{ pattern: `(?:${'x{0,900}'}){1}y{900}(z{900}|w{900})v{900}u{900}` }, /too large/],
    [{ format: 'iri' }, /names no format that Holdfast knows: "iri"/],
    [{ format: 'constructor' }, /names no format/],
    [{ constructor: 1 }, /"constructor" is not a keyword/],
    [JSON.parse('{"__proto__":{"type":"string"}}'), /"__proto__" is not a keyword/],
    [
      { $schema: 'http://json-schema.org/draft-07/schema#' },
      /must be https:\/\/json-schema.org\/draft\/2020-12\/schema/,
    ],
    [{ $ref: 'https://example.com/other.json' }, /not in this document; nothing is fetched/],
    [{ $ref: '#/$defs/constructor', $defs: {} }, /not in this document/],
    [{ $ref: '#' }, /refers to itself for the same value/],
    [{ allOf: [{ $ref: '#/$defs/a' }], $defs: { a: { anyOf: [{ $ref: '#' }] } } }, /refers to itself/],
    [{ not: { $ref: '#' } }, /refers to itself/],
    [{ $async: true }, /"\$async" is not a keyword/],
    [{ maximum: { $data: '1/a' } }, /"maximum" must be a number/],
    [{ default: () => 1 }, /a function/],
  ]
  it.each(refused)('%j', async (schema, message) => {
    await expect(compile(schema)).rejects.toThrow(message)
    await expect(compile(schema)).rejects.toMatchObject({ code: 'malformed' })
  })

  it('too deep or with too many schemas', async () => {
    let deep: Tree = {}
    for (let i = 0; i < 300; i++) deep = { items: deep }
    await expect(compile(deep)).rejects.toMatchObject({ code: 'too-large' })
    const chain = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a${i}`, { $ref: `#/$defs/a${i + 1}` }]))
    await expect(compile({ $defs: { ...chain, a100: {} } })).rejects.toThrow(/more than 64 schemas follow one another/)
    const wide = Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`k${i}`, {}]))
    await expect(compile({ properties: wide })).rejects.toThrow(/20002 schemas, allowed 20000/)
  })
})

describe('a schema', () => {
  it('may hold words of its own, be a boolean, and is compiled once', async () => {
    expect((await compile({ 'x-mine': 1, properties: { a: { 'x-restart': true } } })).check({ a: 1 })).toEqual([])
    expect((await compile(true)).check({ a: 1 })).toEqual([])
    expect((await compile(false)).check({})).toHaveLength(1)
    expect(await compile({ title: 'same' })).toBe(await compile({ title: 'same' }))
  })

  it('is kept as it was given, frozen', async () => {
    const given = { $id: 'https://example.com/s', properties: { a: { default: 1 } } }
    const validator = await compile(given)
    expect(validator.schema).toEqual(given)
    expect(Object.isFrozen(validator.schema['properties'])).toBe(true)
    expect(validator.hasCode).toBe(false)
    expect(await validator.validate({ a: 1 })).toEqual([])
  })

  it('never changes what it checks', async () => {
    const tree = Object.freeze({ a: Object.freeze({}) })
    expect(await check({ properties: { a: { properties: { b: { default: 1, type: 'integer' } } } } }, tree)).toEqual([])
    expect(tree).toEqual({ a: {} })
  })
})
