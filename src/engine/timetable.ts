import type { ScheduleSpec } from '../model/schedule.ts'
import { patternOf } from './schedule-spec.ts'

/** A time that passed longer ago than this, while nobody kept times, is not made up for. */
const MADE_UP_MS = 5 * 60 * 1000
/** How long until the clock is looked at again: it may be set. */
const LONGEST_SLEEP = 30_000

export interface TimetableOptions {
  /** The newest time that was dealt with. */
  readonly since: Date
  readonly now: () => Date
  readonly onDue: (due: Date) => void
}

/**
 * Calls `onDue` at each time of a schedule, with the time itself; of several that passed at once, with the newest. None comes twice, also where the clock
 * goes back. Returns how to stop.
 */
export function keepTimes(spec: Pick<ScheduleSpec, 'cron' | 'timezone'>, options: TimetableOptions): () => void {
  const { now, onDue } = options
  const pattern = patternOf(spec.cron, spec.timezone)
  let last = options.since
  let timer: NodeJS.Timeout | undefined

  const look = (): void => {
    const at = now()
    const due = newestDue(pattern, last, at)
    if (due !== undefined) {
      last = due
      onDue(due)
    }
    const wait = (pattern.nextRun(at)?.getTime() ?? Number.POSITIVE_INFINITY) - at.getTime()
    timer = setTimeout(look, Math.max(1, Math.min(wait, LONGEST_SLEEP))).unref()
  }
  look()
  return () => clearTimeout(timer)
}

/** The newest time after `since` up to `now`, as far as such are made up for. */
export function newestDue(
  pattern: Pick<ReturnType<typeof patternOf>, 'nextRun'>,
  since: Date,
  now: Date,
): Date | undefined {
  let due: Date | undefined
  let next = pattern.nextRun(new Date(Math.max(since.getTime(), now.getTime() - MADE_UP_MS)))
  while (next !== null && next <= now) {
    due = next
    next = pattern.nextRun(next)
  }
  return due
}
