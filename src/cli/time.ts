import { refuse } from './refuse.ts'

const UNITS: readonly (readonly [string, string, number])[] = [
  ['year', 'y', 365 * 86_400],
  ['month', 'mo', 30 * 86_400],
  ['day', 'd', 86_400],
  ['hour', 'h', 3600],
  ['minute', 'min', 60],
]

/** How long ago, in words: `3 minutes ago`. */
export function ago(iso: string, now: Date): string {
  const seconds = secondsSince(iso, now)
  const unit = UNITS.find(([, , size]) => seconds >= size)
  if (unit === undefined) return 'just now'
  const amount = Math.floor(seconds / unit[2])
  return `${amount} ${unit[0]}${amount === 1 ? '' : 's'} ago`
}

/** How long ago, for a narrow column: `now`, `3min`, `12d`. */
export function age(iso: string, now: Date): string {
  const seconds = secondsSince(iso, now)
  const unit = UNITS.find(([, , size]) => seconds >= size)
  return unit === undefined ? 'now' : `${Math.floor(seconds / unit[2])}${unit[1]}`
}

const secondsSince = (iso: string, now: Date): number =>
  Math.max(0, Math.floor((now.getTime() - Date.parse(iso)) / 1000))

/** `2026-11-22T19:45:03.123Z` as `2026-11-22 19:45:03Z`. */
export const stamp = (iso: string): string => iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')

const SIZES: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  y: 365 * 86_400,
}
const DURATION = /^(\d{1,9})(s|min|m|h|d|w|y)$/

/** Milliseconds of `90d`, `12h`, `30m`. */
export function readDuration(text: string, flag: string): number {
  const [, amount, unit] = DURATION.exec(text) ?? []
  if (amount === undefined)
    return refuse(
      `${flag}: ${JSON.stringify(text)} is not a duration.`,
      'Say a number and s, m, h, d, w or y: 90d, 12h, 30m.',
    )
  return Number(amount) * SIZES[unit!]! * 1000
}

/** The moment that `2026-11-01`, `2026-11-01T12:00:00Z` or `2h` (that long ago) names, in UTC ISO 8601. */
export function readMoment(text: string, flag: string, now: Date): string {
  if (DURATION.test(text)) return new Date(now.getTime() - readDuration(text, flag)).toISOString()
  const time = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)
    ? new Date(text)
    : undefined
  if (time === undefined || Number.isNaN(time.getTime())) {
    return refuse(
      `${flag}: ${JSON.stringify(text)} is not a time.`,
      'Say 2026-11-01, 2026-11-01T12:00:00Z, or how long ago: 90d, 12h, 30m.',
    )
  }
  return time.toISOString()
}
