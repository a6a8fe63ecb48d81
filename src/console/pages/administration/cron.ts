const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** When a cron expression comes, in words: `every Sunday at 03:30`. Null where that would be no shorter than the expression. */
export function cronInWords(cron: string): string | null {
  const fields = (NAMED[cron.toLowerCase()] ?? cron).trim().split(/\s+/)
  if (fields.length === 6 && fields[0] === '0') fields.shift()
  const [minute, hour, day, month, weekday] = fields
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday) return null
  const time = timeInWords(minute, hour)
  const days = daysInWords(day, month, weekday)
  if (time === null || days === null) return null
  if (time.isClock) return `${days === '' ? 'every day' : days} ${time.text}`
  return days === '' ? time.text : `${time.text}, ${days}`
}

const isNumber = (field: string): boolean => /^\d{1,2}$/.test(field)
const stepOf = (field: string): number | null => {
  const step = /^(?:\*|0)\/(\d{1,2})$/.exec(field)?.[1]
  return step === undefined ? null : Number(step)
}

interface Time {
  readonly text: string
  /** True for a time of the day, which wants a day before it. */
  readonly isClock: boolean
}

function timeInWords(minute: string, hour: string): Time | null {
  const clock = (one: string): string => `${one.padStart(2, '0')}:${minute.padStart(2, '0')}`
  const hours = hour.split(',')
  if (isNumber(minute) && hours.every(isNumber)) return { text: `at ${listed(hours.map(clock))}`, isClock: true }
  const every = stepOf(hour)
  if (isNumber(minute) && every !== null) {
    return { text: `every ${counted(every, 'hour')}, ${minutes(minute)}`, isClock: false }
  }
  if (hour !== '*') return null
  if (minute === '*') return { text: 'every minute', isClock: false }
  const step = stepOf(minute)
  if (step !== null) return { text: `every ${counted(step, 'minute')}`, isClock: false }
  return isNumber(minute) ? { text: `every hour, ${minutes(minute)}`, isClock: false } : null
}

const minutes = (minute: string): string =>
  Number(minute) === 0 ? 'on the hour' : `${counted(Number(minute), 'minute', 1)} past`

/** `every 2 hours`, but `every hour`; with `least` the one is said too: `1 minute past`. */
const counted = (count: number, unit: string, least = 2): string =>
  count === 1 ? (least === 1 ? `1 ${unit}` : unit) : `${count} ${unit}s`

function daysInWords(day: string, month: string, weekday: string): string | null {
  const months = month === '*' ? '' : namesOf(month, MONTHS, 1)
  if (months === null) return null
  const within = months === '' ? '' : ` in ${months}`
  if (day === '*' && weekday === '*') return months === '' ? '' : `every day${within}`
  if (day === '*') {
    if (/^(1-5|mon-fri)$/i.test(weekday)) return `every weekday${within}`
    const names = namesOf(weekday, DAYS, 0)
    return names === null ? null : `every ${names}${within}`
  }
  const dates = day.split(',')
  if (weekday !== '*' || !dates.every(isNumber)) return null
  return months === '' ? `on day ${listed(dates)} of each month` : `on ${listed(dates)} ${months}`
}

/** Names for a list of numbers or of their first three letters; null for anything else. */
function namesOf(field: string, names: readonly string[], first: number): string | null {
  const found = field.split(',').map((one) => {
    if (isNumber(one)) return names[(Number(one) - first) % names.length]
    return names.find((name) => name.slice(0, 3).toLowerCase() === one.toLowerCase())
  })
  return found.every((one) => one !== undefined) ? listed(found) : null
}

const listed = (words: readonly string[]): string => new Intl.ListFormat('en').format(words)
