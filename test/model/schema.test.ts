import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SchemaReader } from '../../src/model/schema.ts'
import { isPlainPattern } from '../../src/model/schema-patterns.ts'
import { suggest } from '../../src/model/suggest.ts'
import type { Tree } from '../../src/model/value.ts'

/** The keyword `then`, which the linter takes for a promise’s method. */
const outcome = (schema: Tree): Tree => Object.fromEntries([['then', schema]])

const TACACS: Tree = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { port: { type: 'integer', minimum: 1, maximum: 65535, default: 4949 } },
  properties: {
    server: {
      type: 'object',
      additionalProperties: false,
      properties: {
        port: { $ref: '#/$defs/port', 'x-restart': true, description: 'Where it listens' },
        log_level: { enum: ['INFO', 'DEBUG'], default: 'INFO' },
      },
    },
    auth: {
      properties: {
        password: { type: 'string', writeOnly: true },
        users: { type: 'array', items: { $ref: '#/$defs/user' } },
      },
    },
    vault: { writeOnly: true, 'x-restart': true },
  },
}
const USER: Tree = { properties: { name: { type: 'string' }, token: { type: 'string', writeOnly: true } } }
const reader = new SchemaReader({ ...TACACS, $defs: { ...(TACACS['$defs'] as Tree), user: USER } })

describe('what a schema says of a path', () => {
  it('is read through references, with the words beside them', () => {
    expect(reader.describe(['server', 'port'])).toEqual({
      types: ['integer'],
      description: 'Where it listens',
      default: 4949,
      minimum: 1,
      maximum: 65535,
      isSecret: false,
      needsRestart: true,
    })
    expect(reader.describe(['server', 'log_level'])).toMatchObject({ types: ['string'], enum: ['INFO', 'DEBUG'] })
  })

  it('is nothing for a path it does not know', () => {
    expect(reader.describe(['elsewhere', 'x'])).toEqual({ isSecret: false, needsRestart: false })
  })

  it('says of a secret neither its default nor what it may be', () => {
    const hidden = new SchemaReader({
      properties: { pin: { enum: ['1234', '9999'], default: '1234', pattern: '^1', writeOnly: true } },
    })
    expect(JSON.stringify(hidden.describe(['pin']))).not.toMatch(/1234|9999|\^1/)
  })

  it('takes types from all that must hold and from any that may', () => {
    const types = (schema: Tree) => new SchemaReader({ properties: { a: schema } }).describe(['a']).types
    expect(types({ allOf: [{ type: ['integer', 'string'] }, { type: ['number', 'null'] }] })).toEqual(['integer'])
    expect(types({ anyOf: [{ type: 'integer' }, { const: 'auto' }, { type: 'null' }] })).toEqual([
      'null',
      'integer',
      'string',
    ])
    expect(types({ type: 'number' })).toEqual(['number'])
    expect(types({ enum: [1, 'a', true] })).toEqual(['boolean', 'integer', 'string'])
    expect(types({})).toBeUndefined()
  })

  it('takes a type from a branch where nothing else says one, and never a condition’s limit', () => {
    const branches = new SchemaReader({
      properties: { kind: { type: 'string' }, port: { type: 'integer' } },
      oneOf: [
        { properties: { kind: { const: 'ldap' }, timeout: { type: 'integer' } } },
        { properties: { kind: { const: 'local' } } },
      ],
      if: { properties: { port: { const: 1 } } },
      ...outcome({ properties: { port: { const: 636 } } }),
    })
    expect(branches.describe(['timeout']).types).toEqual(['integer'])
    expect(branches.describe(['port'])).toEqual({ types: ['integer'], isSecret: false, needsRestart: false })
  })
})

describe('subschemas', () => {
  const at = (schema: Tree, ...path: string[]) => new SchemaReader(schema).subschemasAt(path)

  it('are found under properties, patterns and the rest', () => {
    const schema = {
      properties: { a: { title: 'a' } },
      patternProperties: { '^x-': { title: 'x' }, a$: { title: 'ends in a' } },
      additionalProperties: { title: 'rest' },
    }
    expect(at(schema, 'a')).toEqual([{ title: 'a' }, { title: 'ends in a' }])
    expect(at(schema, 'x-a')).toEqual([{ title: 'x' }, { title: 'ends in a' }])
    expect(at(schema, 'other')).toEqual([{ title: 'rest' }])
  })

  it('follow anchors, embedded documents, relative addresses and dynamic references', () => {
    const schema: Tree = {
      $id: 'https://example.com/root.json',
      $defs: {
        a: { $anchor: 'here', title: 'anchored' },
        b: { $id: 'lib/types.json', title: 'embedded', $defs: { c: { title: 'inner' }, d: { $ref: '#/$defs/c' } } },
        e: { $dynamicAnchor: 'node', title: 'dynamic' },
      },
      properties: {
        anchor: { $ref: '#here' },
        embedded: { $ref: 'lib/types.json' },
        deep: { $ref: 'https://example.com/lib/types.json#/$defs/d' },
        dynamic: { $dynamicRef: '#node' },
        lost: { $ref: 'https://elsewhere.example/x.json' },
      },
    }
    const titles = (key: string) => at(schema, key).flatMap((found) => found['title'] ?? [])
    expect(titles('anchor')).toEqual(['anchored'])
    expect(titles('embedded')).toEqual(['embedded'])
    expect(titles('deep')).toEqual(['inner'])
    expect(titles('dynamic')).toEqual(['dynamic'])
    expect(titles('lost')).toEqual([])
  })

  it('of a recursive schema cost bounded work at any depth', () => {
    const recursive = new SchemaReader({
      allOf: [{ $ref: '#' }, { $ref: '#/$defs/more' }],
      $defs: { more: { $ref: '#', patternProperties: { '^k': { $ref: '#' } } } },
      additionalProperties: { $ref: '#' },
      properties: { port: { default: 1, $ref: '#' } },
    })
    const path = Array.from({ length: 5_000 }, (_, i) => `key${i}`)
    expect(recursive.subschemasAt(path).length).toBeLessThan(10)
    expect(recursive.isKnown(path)).toBe(true)
    expect(recursive.defaultsOf()).toEqual({ port: 1 })
  })

  it('are those of ordinary keys for __proto__, constructor and prototype', () => {
    const schema = JSON.parse(
      '{"additionalProperties":false,"properties":{"__proto__":{"type":"integer","writeOnly":true,"default":1,"properties":{"constructor":{"title":"c"}}}}}',
    )
    const odd = new SchemaReader(schema)
    expect(odd.isSecret(['__proto__'])).toBe(true)
    expect(odd.isKnown(['__proto__'])).toBe(true)
    expect(odd.isKnown(['constructor'])).toBe(false)
    expect(odd.isSecret(['constructor'])).toBe(false)
    expect(odd.subschemasAt(['__proto__', 'constructor'])).toEqual([{ title: 'c' }])
    expect(odd.knownKeys([])).toEqual(['__proto__'])
    expect(Object.hasOwn(odd.defaultsOf(), '__proto__')).toBe(true)
    expect(({} as { title?: string }).title).toBeUndefined()
  })
})

describe('defaults', () => {
  const defaults = (schema: Tree, over?: Tree) => new SchemaReader(schema).defaultsOf(over)

  it('make a tree of nested sections', () => {
    expect(reader.defaultsOf()).toEqual({ server: { port: 4949, log_level: 'INFO' } })
  })

  it('come only from what always holds', () => {
    const branch = { properties: { a: { default: 1 } } }
    expect(defaults({ anyOf: [branch], if: branch, not: branch, dependentSchemas: { x: branch } })).toEqual({})
    expect(
      defaults({ allOf: [branch, { $ref: '#/$defs/b' }], $defs: { b: { properties: { b: { default: 2 } } } } }),
    ).toEqual({ a: 1, b: 2 })
  })

  it('of a whole section win over those of its keys, as in every validator that fills them in', () => {
    const schema = { properties: { s: { default: { a: 9 }, properties: { a: { default: 1 }, b: { default: 2 } } } } }
    expect(defaults(schema)).toEqual({ s: { a: 9, b: 2 } })
  })

  it('do not call an optional section into being that they cannot complete', () => {
    const schema = {
      properties: { tls: { properties: { min: { default: '1.2' }, cert: { type: 'string' } }, required: ['cert'] } },
    }
    expect(defaults(schema)).toEqual({})
    expect(defaults({ ...schema, required: ['tls'] })).toEqual({ tls: { min: '1.2' } })
    expect(defaults(schema, { tls: { cert: 'a.pem' } })).toEqual({ tls: { min: '1.2' } })
  })

  it('reach the entries of a map that are there', () => {
    const schema = { properties: { upstreams: { additionalProperties: { properties: { weight: { default: 1 } } } } } }
    expect(defaults(schema)).toEqual({})
    expect(defaults(schema, { upstreams: { a: { weight: 5 }, b: {} } })).toEqual({
      upstreams: { a: { weight: 1 }, b: { weight: 1 } },
    })
  })

  it('are refused where they would grow without end', () => {
    const twice = (to: string) => ({ properties: { a: { $ref: to }, b: { $ref: to } } })
    const $defs = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`d${i}`, twice(`#/$defs/d${i + 1}`)]))
    expect(() => defaults({ $defs: { ...$defs, d20: { default: 1 } }, $ref: '#/$defs/d0' })).toThrow(
      /more than 10000 keys/,
    )
  })
})

describe('secrets', () => {
  it('are a key, a whole section, and an array with a secret in its items', () => {
    const tree = {
      auth: { password: 'a', users: [{ token: 'b' }], realm: 'c' },
      vault: { x: { y: 'd', z: [1] }, e: {} },
      server: {},
    }
    expect(reader.secretPathsIn(tree)).toEqual([
      ['auth', 'password'],
      ['auth', 'users'],
      ['vault', 'x', 'y'],
      ['vault', 'x', 'z'],
      ['vault', 'e'],
    ])
    expect(reader.isSecret(['vault'])).toBe(true)
    expect(reader.isSecret(['vault', 'any', 'thing'])).toBe(true)
    expect(reader.isSecret(['auth'])).toBe(false)
    expect(reader.isSecret(['auth', 'users', '0', 'name'])).toBe(true)
    expect(reader.isRestart(['vault', 'x'])).toBe(true)
  })

  it('are such where one branch, condition, pattern or map says so', () => {
    const secret = { properties: { k: { writeOnly: true } } }
    const isSecret = (schema: Tree) => new SchemaReader(schema).isSecret(['k'])
    expect(isSecret({ anyOf: [{}, secret] })).toBe(true)
    expect(isSecret({ if: {}, ...outcome(secret) })).toBe(true)
    expect(isSecret({ dependentSchemas: { a: secret } })).toBe(true)
    expect(isSecret({ patternProperties: { '^k': { writeOnly: true } } })).toBe(true)
    expect(isSecret({ patternProperties: { '^(a+)+$': { writeOnly: true } } })).toBe(true)
    expect(isSecret({ patternProperties: { '^z': { writeOnly: true } } })).toBe(false)
    expect(isSecret({ additionalProperties: { $ref: '#/$defs/s' }, $defs: { s: { writeOnly: true } } })).toBe(true)
    expect(isSecret({ unevaluatedProperties: { writeOnly: true } })).toBe(true)
    expect(
      isSecret({ properties: { k: { items: { items: { anyOf: [{ properties: { d: { writeOnly: true } } }] } } } } }),
    ).toBe(true)
  })

  it('agree, path by path, with the list for a tree', () => {
    const key = fc.constantFrom('auth', 'vault', 'password', 'users', 'server', 'x')
    const leaf = fc.oneof(fc.string(), fc.constant([1]), fc.constant({}))
    const tree = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)))
    fc.assert(
      fc.property(tree, (some) => {
        const value = JSON.parse(JSON.stringify(some)) as Tree
        for (const path of reader.secretPathsIn(value)) expect(reader.isSecret(path)).toBe(true)
      }),
    )
  })
})

describe('known keys', () => {
  const knows = (schema: Tree, ...path: string[]) => new SchemaReader(schema).isKnown(path)

  it('are all keys of an open schema, and the named ones of a closed one', () => {
    expect(reader.isKnown(['anything', 'at', 'all'])).toBe(true)
    expect(reader.isKnown(['server', 'port'])).toBe(true)
    expect(reader.isKnown(['server', 'prot'])).toBe(false)
    expect(reader.isKnown(['server', 'port', 'x'])).toBe(false)
    expect(reader.knownKeys(['server'])).toEqual(['port', 'log_level'])
  })

  it('see closed schemas through references and combinations', () => {
    const closed = { properties: { a: {}, gone: false }, additionalProperties: false }
    expect(knows({ allOf: [closed] }, 'b')).toBe(false)
    expect(knows(closed, 'gone')).toBe(false)
    expect(knows({ anyOf: [closed, { properties: { b: {} }, additionalProperties: false }] }, 'b')).toBe(true)
    expect(knows({ anyOf: [closed, { properties: { b: {} }, additionalProperties: false }] }, 'c')).toBe(false)
    expect(
      knows({ properties: { a: {} }, anyOf: [{ properties: { b: {} } }], unevaluatedProperties: false }, 'b'),
    ).toBe(true)
    expect(
      knows({ properties: { a: {} }, anyOf: [{ properties: { b: {} } }], unevaluatedProperties: false }, 'c'),
    ).toBe(false)
    expect(knows({ propertyNames: { pattern: '^[a-z]+$' } }, 'ABC')).toBe(false)
    expect(knows({ propertyNames: { enum: ['a', 'b'] } }, 'c')).toBe(false)
    expect(knows({ additionalProperties: false, patternProperties: { '^x-': {} } }, 'x-1')).toBe(true)
  })
})

describe('suggestions', () => {
  it('name the nearest key', () => {
    const keys = ['port', 'log_level', 'timeout']
    expect(suggest('prot', keys)).toBe('port')
    expect(suggest('loglevel', keys)).toBe('log_level')
    expect(suggest('Timeout', keys)).toBe('timeout')
    expect(suggest('colour', keys)).toBeUndefined()
    expect(suggest('x'.repeat(10_000), keys)).toBeUndefined()
  })
})

describe('patterns on the built-in engine', () => {
  it('are only those that cannot be slow', () => {
    for (const plain of ['^x-', '^[a-z_]+$', '\\.host$', '^[a-z]+_[0-9]*$']) expect(isPlainPattern(plain)).toBe(true)
    for (const other of ['^(a+)+$', 'a+b+', '(a|a)(a|a)', '^a*b*c*$', '^(.)\\1$'])
      expect(isPlainPattern(other)).toBe(false)
  })
})
