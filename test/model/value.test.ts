import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/model/errors.ts'
import { LIMITS } from '../../src/model/limits.ts'
import { equal, freeze, isBranch, own, put, toValue, typeOf, type Value } from '../../src/model/value.ts'
import { anyValue, HOSTILE } from './samples.ts'

const take = (input: unknown, limits = LIMITS) => toValue(input, limits)

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof HoldfastError) return error.code
    throw error
  }
  return 'taken'
}

function everyObject(value: Value, check: (object: object) => void): void {
  if (typeof value !== 'object' || value === null) return
  check(value)
  for (const child of Object.values(value)) everyObject(child as Value, check)
}

describe('a value', () => {
  it('is frozen all the way down and is a copy', () => {
    const input = { a: [{ b: 1 }], c: { d: {} } }
    const value = take(input)
    input.a[0]!.b = 2
    expect(value).toEqual({ a: [{ b: 1 }], c: { d: {} } })
    fc.assert(
      fc.property(
        anyValue,
        (found) => void everyObject(found, (object) => void expect(Object.isFrozen(object)).toBe(true)),
      ),
    )
  })

  it('is what JSON would say again', () => {
    fc.assert(
      fc.property(anyValue, (value) => void expect(equal(take(JSON.parse(JSON.stringify(value))), value)).toBe(true)),
    )
  })

  it('has hostile names as ordinary keys', () => {
    for (const name of HOSTILE) {
      const value = take(JSON.parse(`{${JSON.stringify(name)}:{${JSON.stringify(name)}:1}}`)) as Record<string, Value>
      expect(Object.keys(value)).toEqual([name])
      expect(own(own(value, name) as Record<string, Value>, name)).toBe(1)
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    }
    const built: Record<string, Value> = {}
    put(built, '__proto__', 1)
    expect(Object.getOwnPropertyNames(built)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(own({}, 'constructor')).toBeUndefined()
  })

  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  // biome-ignore lint/suspicious/noSparseArray: this is the input to refuse
  const sparse = [1, , 3]
  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'malformed'],
    ['undefined in an object', { a: undefined }, 'malformed'],
    ['a hole in a list', sparse, 'malformed'],
    ['a function', () => 1, 'malformed'],
    ['a symbol', Symbol('x'), 'malformed'],
    ['a BigInt', 1n, 'malformed'],
    ['NaN', Number.NaN, 'malformed'],
    ['an infinity', [Number.NEGATIVE_INFINITY], 'malformed'],
    ['a date', new Date(), 'malformed'],
    ['a map', new Map(), 'malformed'],
    ['a boxed string', new String('x'), 'malformed'],
    ['a buffer', Buffer.from('x'), 'malformed'],
    ['an object that inherits', Object.create({ a: 1 }), 'malformed'],
    ['NUL in text', { a: ['x\0y'] }, 'malformed'],
    ['half of a surrogate pair', '\ud800', 'malformed'],
    ['half of a surrogate pair in a key', { '\udc00': 1 }, 'malformed'],
    ['a control character in a key', { 'a\u0007': 1 }, 'malformed'],
    ['NUL in a key', { 'a\0': 1 }, 'malformed'],
    ['a C1 control in a key', { '\u0085': 1 }, 'malformed'],
    ['a circle', circle, 'too-large'],
  ])('is never %s', (_, input, code) => {
    expect(codeOf(() => take(input))).toBe(code)
  })

  it('may hold every other text, and has one zero', () => {
    expect(take('line\nbreak \u0001 \u{1F600}')).toBe('line\nbreak \u0001 \u{1F600}')
    expect(Object.is(take(-0), 0)).toBe(true)
    expect(take(Object.create(null))).toEqual({})
  })

  it('is nested and named within the limits, which a refusal names', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
    expect(codeOf(() => take(nested(32)))).toBe('taken')
    expect(codeOf(() => take(nested(33)))).toBe('too-large')
    expect(codeOf(() => take({ ['k'.repeat(255)]: 1 }))).toBe('taken')
    const tooLong = () => take({ ['k'.repeat(256)]: 1 })
    expect(tooLong).toThrow(expect.objectContaining({ details: { limit: 'keyLength', allowed: 255, found: 256 } }))
    expect(tooLong).toThrow('limits.keyLength')
    expect(codeOf(() => take([[]], { ...LIMITS, depth: 1 }))).toBe('too-large')
  })

  it('equals another whatever the order of keys, and only then', () => {
    expect(equal({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 })).toBe(true)
    expect(equal([1, 2], [2, 1])).toBe(false)
    expect(equal({ a: null }, {})).toBe(false)
    expect(equal({}, [])).toBe(false)
    expect(equal(undefined, null)).toBe(false)
    expect(equal({ constructor: 1 }, { toString: 1 })).toBe(false)
    fc.assert(fc.property(anyValue, anyValue, (a, b) => void expect(equal(a, b)).toBe(equal(b, a))))
  })

  it('is a branch only where it has children', () => {
    expect([{}, [], [1], null, 'x', { a: 1 }].map((value) => isBranch(value))).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ])
  })

  it('tells its type', () => {
    expect(['x', 1, 1.5, true, null, {}, []].map(typeOf)).toEqual([
      'string',
      'integer',
      'float',
      'boolean',
      'json',
      'json',
      'list',
    ])
  })

  it('is frozen by freeze, also below what was not', () => {
    const value = freeze({ a: { b: [1, { c: 2 }] } })
    everyObject(value, (object) => expect(Object.isFrozen(object)).toBe(true))
  })
})
