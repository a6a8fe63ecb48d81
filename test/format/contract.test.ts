import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FORMATS, type Format, type FormatName } from '../../src/format/format.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { LIMITS } from '../../src/model/limits.ts'
import { own, type Tree } from '../../src/model/value.ts'
import { all, options, read, refusal, tree } from './support.ts'

const formats = await all(FORMATS)
const typed = formats.filter(({ isText }) => !isText)

/** `{"__proto__": {"constructor": {"prototype": "x"}}}` in each notation, as deep as it can. */
const HOSTILE: Record<FormatName, string> = {
  ini: '[__proto__]\n__proto__ = x\nconstructor = x\nprototype = x\n',
  yaml: '__proto__:\n  constructor:\n    prototype:\n      __proto__: x\n',
  toml: '[__proto__.constructor]\nprototype.__proto__ = "x"\nd = { __proto__ = { constructor = 1 } }\n[[constructor]]\n__proto__ = 1\n',
  json: '{"__proto__":{"constructor":{"prototype":{"__proto__":"x"}}}}',
  jsonc: '{"__proto__":{"constructor":{"prototype":{"__proto__":"x"}}}}',
  json5: '{__proto__:{constructor:{prototype:{__proto__:"x"}}}}',
  env: '__proto__=x\nconstructor=x\nprototype=x\n',
  properties: '__proto__.constructor.prototype.__proto__=x\n',
}

const keysAtEveryDepth = (value: unknown): string[] =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).flatMap((key) => [
        key,
        ...keysAtEveryDepth(Object.getOwnPropertyDescriptor(value, key)?.value),
      ])
    : []

describe.each(formats.map((format) => [format.name, format] as const))('%s', (name, format: Format) => {
  it('keeps the forbidden names as ordinary keys and lets none of them reach a prototype', () => {
    const found = read(format, HOSTILE[name])
    expect(own(found, '__proto__')).toBeDefined()
    expect(keysAtEveryDepth(found)).toEqual(expect.arrayContaining(['__proto__', 'constructor', 'prototype']))
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
  })

  it('gives trees that are frozen all the way down', () => {
    const found = read(format, HOSTILE[name])
    expect(Object.isFrozen(found)).toBe(true)
    expect(Object.values(found).every((child) => Object.isFrozen(child))).toBe(true)
  })

  it('knows where every key of the hostile text stands', () => {
    const { positions } = format.parse(HOSTILE[name], options)
    expect(positions.get('__proto__')).toMatchObject({ line: 1 })
  })

  it('refuses a NUL with its line and column', () => {
    const error = refusal(() => format.parse(`${HOSTILE[name]}\n \0`, options))
    expect(error.code).toBe('syntax')
    expect(error.details).toMatchObject({ file: options.file, column: 2 })
    expect(error.message).toMatch(/^config\/test\.conf:\d+:2: /)
  })

  it('refuses a text over the limit and names the limit', () => {
    const limits = { ...LIMITS, sourceBytes: 10 }
    const error = refusal(() => format.parse(HOSTILE[name], { ...options, limits }))
    expect(error).toMatchObject({ code: 'too-large', details: { limit: 'sourceBytes', allowed: 10 } })
  })

  it('refuses a key that is too long and names the limit', () => {
    const long = HOSTILE[name].replaceAll('constructor', 'k'.repeat(256))
    expect(refusal(() => format.parse(long, options))).toMatchObject({
      code: 'too-large',
      details: { limit: 'keyLength' },
    })
  })

  it('reads past a byte order mark, and keeps it when editing', () => {
    const marked = `\ufeff${HOSTILE[name]}`
    expect(read(format, marked)).toEqual(read(format, HOSTILE[name]))
    expect(format.parse(marked, options).positions).toEqual(format.parse(HOSTILE[name], options).positions)
    const path = name === 'env' ? ['new'] : ['__proto__', 'new']
    const edited = format.edit!(marked, [{ path, value: 'v' }], options)
    expect(edited.startsWith('\ufeff')).toBe(true)
    expect(edited.slice(1)).toBe(format.edit!(HOSTILE[name], [{ path, value: 'v' }], options))
  })

  it('refuses anything at all with a HoldfastError or reads it, and never throws otherwise', () => {
    const pieces = fc.constantFrom(
      ...'[]{}=:#;!&*|>-?,."\'`\\\n\r\t %@/<~abc01_é\u2028',
      '\r\n',
      'export ',
      '"""',
      "'''",
      '---',
      '...',
      '<<',
      '\\u0041',
      '__proto__',
      '\ufeff',
      '\x01',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (some) => {
        try {
          read(format, some.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError)
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('writes nothing that it does not read back', () => {
    fc.assert(
      fc.property(tree, (some) => {
        const text = written(format, some)
        if (text !== undefined) expect(() => read(format, text)).not.toThrow()
      }),
      { numRuns: 100 },
    )
  })
})

function written(format: Format, some: Tree): string | undefined {
  try {
    return format.render(some)
  } catch (error) {
    expect(error).toMatchObject({ code: 'unsupported' })
    return undefined
  }
}

describe.each(typed.map((format) => [format.name, format] as const))('%s', (_, format: Format) => {
  it('reads back every tree that it writes, keys and types and all', () => {
    fc.assert(
      fc.property(tree, (some) => {
        expect(format.parse(format.render(some), { ...options, limits: { ...LIMITS, depth: 100 } }).tree).toEqual(some)
      }),
      { numRuns: 250 },
    )
  })
})
