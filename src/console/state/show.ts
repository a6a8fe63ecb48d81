import type { Value } from '../../model/value.ts'

/** A value as one line shows it: text without quotes, the rest as JSON. */
export const printed = (value: Value | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** What a type is called. */
export function typeOf(
  value: Value | undefined,
): 'text' | 'integer' | 'number' | 'boolean' | 'list' | 'object' | 'null' {
  if (value === undefined || value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : 'object'
}

/** Equality of values as JSON has it; the order of members does not count. */
export function isSame(one: Value | undefined, other: Value | undefined): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [left, right] = [Object.entries(one), new Map(Object.entries(other))]
  return left.length === right.size && left.every(([name, value]) => right.has(name) && isSame(value, right.get(name)))
}

/**
 * Text in pieces, so that what cannot be seen is seen: control characters, and marks that turn the direction of what follows (Unicode Bidi,
 * UAX 9) or join invisibly, come as pieces of their own with their code point.
 */
export function pieces(text: string): readonly { readonly text: string; readonly isControl: boolean }[] {
  return text
    .split(/([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff])/)
    .filter((piece) => piece !== '')
    .map((piece) => ({
      text: piece,
      isControl: /^[^\p{L}\p{N}\p{P}\p{S}\p{Zs}\n\t]$/u.test(piece) && piece.length === 1,
    }))
}

export const codePoint = (char: string): string =>
  `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** 1,536 as `1.5 kB`. */
export function bytes(count: number): string {
  const sign = count < 0 ? '−' : ''
  let [size, unit] = [Math.abs(count), 0]
  for (; size >= 1024 && unit < UNITS.length - 1; unit++) size /= 1024
  return `${sign}${size.toLocaleString(undefined, { maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 })} ${UNITS[unit]}`
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** `3 hours ago`, in the reader's language. */
export function ago(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000)
  if (Math.abs(seconds) < 5) return 'just now'
  const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each)!
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit)
}
