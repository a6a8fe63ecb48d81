const SIZES: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
  y: 365 * 86_400,
}
const LONGEST = 1000 * SIZES['y']! * 1000
const DURATION = /^(\d{1,9})(s|min|m|h|d|w|y)$/

/** Milliseconds of `90d`, `12h`, `30m`; `undefined` for anything else. */
export function durationOf(text: string): number | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? []
  const length = amount === undefined ? undefined : Number(amount) * SIZES[unit!]! * 1000
  return length === undefined || length > LONGEST ? undefined : length
}
