import { durationOf } from '../model/duration.ts'
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

/** Milliseconds of `90d`, `12h`, `30m`, or a refusal. */
export function readDuration(text: string, flag: string): number {
  return (
    durationOf(text) ??
    refuse(`${flag}: ${JSON.stringify(text)} is not a duration.`, 'Say a number and s, m, h, d, w or y: 90d, 12h, 30m.')
  )
}

/** The moment that `2026-11-01`, `2026-11-01T12:00:00Z` or `2h` (that long ago) names, in UTC ISO 8601. */
export function readMoment(text: string, flag: string, now: Date): string {
  const length = durationOf(text)
  if (length !== undefined) return new Date(now.getTime() - length).toISOString()
  const time = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)
    ? new Date(text)
    : undefined
  if (time === undefined || Number.isNaN(time.getTime())) {
    return refuse(
      `${flag}: ${JSON.stringify(text)} is not a time.`,
      'Say 2026-11-01, 2026-11-01T12:00:00Z, or a length of time: 90d, 12h, 30m.',
    )
  }
  return time.toISOString()
}

/** A moment to come: `90d` from now, or a date or time, in UTC ISO 8601. */
export function readDeadline(text: string, flag: string, now: Date): string {
  const length = durationOf(text)
  const at = length === undefined ? readMoment(text, flag, now) : new Date(now.getTime() + length).toISOString()
  if (at > now.toISOString()) return at
  return refuse(`${flag}: ${JSON.stringify(text)} is past.`, 'Say how long from now, as in 90d, or a date to come.')
}
