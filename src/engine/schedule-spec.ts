import { Cron } from 'croner'
import { durationOf } from '../model/duration.ts'
import { HoldfastError } from '../model/errors.ts'
import { type ScheduleSpec, TASKS, type Task } from '../model/schedule.ts'
import { readNamespacePatterns } from './webhook-request.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const FIELDS: readonly (keyof ScheduleSpec)[] = [
  'name',
  'task',
  'cron',
  'timezone',
  'namespaces',
  'olderThan',
  'keep',
  'directory',
  'baseline',
]
/** Fields that only some tasks have. */
const OWN: Readonly<Partial<Record<keyof ScheduleSpec, readonly Task[]>>> = {
  olderThan: ['purge', 'backup'],
  keep: ['purge', 'backup'],
  directory: ['backup'],
  baseline: ['snapshot'],
  namespaces: ['refresh-sources', 'check-drift', 'purge', 'snapshot'],
}
const LONGEST_CRON = 200
const MOST_KEPT = 1_000_000

/** One line of the cron table, checked; what is wrong with it is said with its name. Refuses `malformed`. */
export function checkSchedule(value: unknown): ScheduleSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse('schedule', 'a schedule is a map: { name: nightly, task: backup, cron: "0 3 * * *" }')
  const given = value as Readonly<Record<string, unknown>>
  const { name } = given
  if (typeof name !== 'string' || !NAME.test(name))
    refuse('name', 'a schedule has a name: 1 to 63 letters, digits, . _ and -, beginning with a letter or digit')
  try {
    return Object.freeze({ name, ...readFields(given) })
  } catch (error) {
    if (!HoldfastError.is(error, 'malformed')) throw error
    throw new HoldfastError('malformed', `schedule ${name}: ${error.message}`, error.details)
  }
}

/** The whole table: each line checked, names told apart. What is wrong is said with its place, counted from 1. */
export function checkSchedules(values: readonly unknown[]): readonly ScheduleSpec[] {
  const specs = values.map((value, at) => {
    try {
      return checkSchedule(value)
    } catch (error) {
      if (!HoldfastError.is(error, 'malformed')) throw error
      throw new HoldfastError('malformed', `schedules, entry ${at + 1}: ${error.message}`, error.details)
    }
  })
  const twice = specs.find(({ name }, at) => specs.findIndex((one) => one.name === name) !== at)
  if (twice === undefined) return specs
  return refuse('name', `schedules: two have the name ${twice.name}; a name tells one from the other`)
}

/** When a schedule comes next after `from`; null where it never does. */
export const nextRun = ({ cron, timezone }: Pick<ScheduleSpec, 'cron' | 'timezone'>, from: Date): Date | null =>
  patternOf(cron, timezone).nextRun(from)

/** When a schedule comes. */
export function patternOf(cron: string, timezone = 'UTC'): Cron {
  return new Cron(cron, { mode: '5-or-6-parts', timezone, paused: true })
}

function readFields(given: Readonly<Record<string, unknown>>): Omit<ScheduleSpec, 'name'> {
  const unknown = Object.keys(given).find((key) => !FIELDS.some((field) => field === key))
  if (unknown !== undefined)
    refuse('schedule', `there is no field ${JSON.stringify(unknown.slice(0, 64))}; the fields are ${FIELDS.join(', ')}`)
  const task = readTask(given['task'])
  for (const [field, tasks] of Object.entries(OWN)) {
    if (given[field] !== undefined && !tasks.includes(task))
      refuse(field, `${field} means nothing to ${task}; it belongs to ${tasks.join(', ')}`)
  }
  const has = (field: keyof ScheduleSpec): boolean => given[field] !== undefined
  if (task === 'purge' && !has('olderThan')) refuse('olderThan', 'purge needs olderThan, as in olderThan: 90d')
  return {
    task,
    ...readTimes(given['cron'], given['timezone']),
    ...(has('namespaces') && { namespaces: readNamespacePatterns(given['namespaces'], 'namespaces') }),
    ...(has('olderThan') && { olderThan: readAge(given['olderThan']) }),
    ...(has('keep') && { keep: readKeep(given['keep'], task === 'backup' ? 1 : 0) }),
    ...(has('directory') && { directory: readDirectory(given['directory']) }),
    ...(has('baseline') && { baseline: readBaseline(given['baseline']) }),
  }
}

function readTask(value: unknown): Task {
  return TASKS.find((task) => task === value) ?? refuse('task', `task is one of ${TASKS.join(', ')}`)
}

/** Five or six fields or a nickname, read by the library that will run them; a date is none, and neither is what never comes. */
function readTimes(cron: unknown, timezone: unknown): Pick<ScheduleSpec, 'cron' | 'timezone'> {
  if (typeof cron !== 'string' || cron.length > LONGEST_CRON || !/^(@\w+|\S+(\s+\S+){4,5})$/.test(cron.trim()))
    refuse(
      'cron',
      'cron has five fields (minute hour day month weekday) or six (second first), or is @daily and the like',
    )
  if (timezone !== undefined && (typeof timezone !== 'string' || !isZone(timezone)))
    refuse('timezone', 'timezone is a name like Europe/Berlin or UTC')
  const spec = { cron: cron.trim(), ...(timezone !== undefined && { timezone: timezone as string }) }
  const next = firstRun(spec)
  if (next === null) refuse('cron', `cron ${JSON.stringify(cron)} never comes: there is no such day`)
  return spec
}

function firstRun(spec: Pick<ScheduleSpec, 'cron' | 'timezone'>): Date | null {
  try {
    return nextRun(spec, new Date(0))
  } catch (error) {
    const why = (error as Error).message.replace(/^Cron\w*: /, '').replace(/[.\s]+$/, '')
    return refuse('cron', `cron ${JSON.stringify(spec.cron)}: ${why}`)
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false // what Intl does not know cannot be reckoned with
  }
}

function readAge(value: unknown): string {
  if (typeof value === 'string' && durationOf(value) !== undefined) return value
  return refuse('olderThan', 'olderThan is a number and s, m, h, d, w or y: 90d, 12h')
}

function readKeep(value: unknown, least: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= MOST_KEPT) return Number(value)
  return refuse('keep', `keep is a whole number from ${least} to ${MOST_KEPT}`)
}

function readDirectory(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  return refuse('directory', 'directory is a folder, as in directory: backups')
}

function readBaseline(value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse('baseline', 'baseline is true or false')
}

function refuse(what: string, message: string): never {
  throw new HoldfastError('malformed', message, { what })
}
