import { HoldfastError } from './errors.ts'
import { type Limits, withinLimit } from './limits.ts'

export type Scalar = string | number | boolean | null

/** A JSON value. Arrays are single values; an object is a subtree, and an empty object is a value. */
export type Value = Scalar | readonly Value[] | Tree

/** An object of values. Keys are data: read them with `own`, build them with spread and computed names, never by assignment. */
export interface Tree {
  readonly [key: string]: Value
}

export const EMPTY: Tree = Object.freeze({})

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A subtree that has children; `{}` is a leaf. */
export const isBranch = (value: Value | undefined): value is Tree => {
  if (!isTree(value)) return false
  for (const _ in value) return true
  return false
}

/** The own property `key`, so that `__proto__` and `constructor` are ordinary keys (FACTS of prototype pollution: test/pollution.test.ts). */
export const own = (tree: Tree, key: string): Value | undefined => (Object.hasOwn(tree, key) ? tree[key] : undefined)

/** Makes `key` an own property of an object under construction, `__proto__` too. */
export function put(target: { [key: string]: Value }, key: string, value: Value): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/** Deep equality of JSON values; key order does not count. */
export function equal(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]))
  if (!isTree(a) || !isTree(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}

/** Freezes `value` all the way down and returns it. */
export function freeze<V extends Value | undefined>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const child of Object.values(value as object)) freeze(child as Value)
  return Object.freeze(value)
}

/**
 * Takes anything a caller or a parser hands over and returns it as a frozen `Value` within the limits.
 * Refuses what JSON cannot say: functions, `undefined`, NaN, dates as objects, circles, lone surrogates; and NUL, which SQL text cannot hold.
 */
export function toValue(input: unknown, limits: Limits, what = 'the value'): Value {
  return Object.freeze(take(input, limits, what, 1)) as Value
}

function take(input: unknown, limits: Limits, what: string, depth: number): Value {
  if (input === null || typeof input === 'boolean') return input
  if (typeof input === 'string') return checkText(input, what)
  if (typeof input === 'number') {
    if (Number.isFinite(input)) return Object.is(input, -0) ? 0 : input
    throw new HoldfastError('malformed', `${what} is ${input}, which JSON has no word for`, { what })
  }
  if (typeof input !== 'object') {
    throw new HoldfastError('malformed', `${what} is a ${typeof input}; a value is JSON`, { what })
  }
  withinLimit(limits, 'depth', depth, `the nesting of ${what}`)
  if (Array.isArray(input)) return Object.freeze(Array.from(input, (item) => take(item, limits, what, depth + 1)))
  return takeTree(input, limits, what, depth)
}

function takeTree(input: object, limits: Limits, what: string, depth: number): Tree {
  const proto: unknown = Object.getPrototypeOf(input)
  if (proto !== null && proto !== Object.prototype && Object.getPrototypeOf(proto) !== null) {
    throw new HoldfastError('malformed', `${what} holds an object of a class; a value is plain JSON`, { what })
  }
  const entries = Object.entries(input).map(([key, child]): [string, Value] => {
    checkKey(key, limits, what)
    return [key, take(child, limits, what, depth + 1)]
  })
  return Object.freeze(Object.fromEntries(entries))
}

/** Refuses a key that is too long, holds control characters, or is not well-formed Unicode. */
export function checkKey(key: string, limits: Limits, what: string): void {
  withinLimit(limits, 'keyLength', key.length, `a key in ${what}`)
  if (/[\u0000-\u001f\u007f-\u009f]/.test(key)) {
    throw new HoldfastError('malformed', `a key in ${what} holds a control character: ${JSON.stringify(key)}`, { what })
  }
  if (!key.isWellFormed()) {
    throw new HoldfastError('malformed', `a key in ${what} is not well-formed Unicode: ${JSON.stringify(key)}`, {
      what,
    })
  }
}

/** Text as every database keeps it; refuses (`malformed`) any other. */
export function checkText(text: string, what: string): string {
  if (text.includes('\0')) {
    throw new HoldfastError('malformed', `${what} holds a NUL character, which a store cannot keep`, { what })
  }
  if (!text.isWellFormed()) {
    throw new HoldfastError('malformed', `${what} holds half of a surrogate pair; text must be well-formed Unicode`, {
      what,
    })
  }
  return text
}

/** The name of a value's type in the store and on the page. */
export type ValueType = 'string' | 'integer' | 'float' | 'boolean' | 'json' | 'list'

export function typeOf(value: Value): ValueType {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float'
  return Array.isArray(value) ? 'list' : 'json'
}
