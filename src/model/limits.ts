import { HoldfastError } from './errors.ts'

/** What a caller or a source may ask of Holdfast. Each is an option of that name; bytes are of UTF-8 text. */
export interface Limits {
  /** One value, in bytes of its canonical JSON. */
  readonly valueBytes: number
  /** One source, in bytes. */
  readonly sourceBytes: number
  /** Nesting of objects and arrays. */
  readonly depth: number
  /** One segment of a path, in characters. */
  readonly keyLength: number
  /** Operations (set, unset, mask) in one change. */
  readonly operations: number
}

export const LIMITS: Limits = Object.freeze({
  valueBytes: 256 * 1024,
  sourceBytes: 16 * 1024 * 1024,
  depth: 32,
  keyLength: 255,
  operations: 10_000,
})

/** Refuses `found` above the limit `name`, saying which option raises it. */
export function withinLimit(limits: Limits, name: keyof Limits, found: number, what: string): void {
  const allowed = limits[name]
  if (found <= allowed) return
  throw new HoldfastError(
    'too-large',
    `${what} is over the limit: ${found}, allowed ${allowed} (option limits.${name})`,
    {
      limit: name,
      allowed,
      found,
    },
  )
}
