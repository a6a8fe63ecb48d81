import type { DeliveryRow } from '../store/shelves.ts'
import type { Attempt } from './deliver.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** How long after a failed attempt the next one comes: the schedule of Standard Webhooks 1.0, which begins at once. */
export const RETRY_DELAYS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

const LONGEST_WAIT = 24 * HOUR
const GONE = 410
/** Answers that ask for fewer requests, not only for this one later. */
const THROTTLED: readonly number[] = [429, 502, 503, 504]
const JITTER = 0.2

export type Settled = Pick<
  DeliveryRow,
  'state' | 'attempts' | 'lastAttemptAt' | 'nextAttemptAt' | 'status' | 'error' | 'duration'
>

/** What becomes of a message after an attempt. `luck` (0 to 1) spreads retries, so that what failed together does not come again together. */
export function settled(row: DeliveryRow, attempt: Attempt, at: Date, luck: number): Settled {
  const attempts = row.attempts + 1
  const { status, error, duration } = attempt
  const done = { attempts, lastAttemptAt: at.toISOString(), status, error, duration }
  if (error === null) return { ...done, state: 'delivered', nextAttemptAt: null }
  const delay = row.kind === 'test' || isGone(attempt) ? undefined : RETRY_DELAYS[attempts - 1]
  if (delay === undefined) return { ...done, state: 'failed', nextAttemptAt: null }
  const wait = Math.max(delay * (1 + JITTER * luck), askedWait(attempt))
  return { ...done, state: 'waiting', nextAttemptAt: new Date(at.getTime() + wait).toISOString() }
}

/** True where the receiver wants nothing more, ever. */
export const isGone = ({ status }: Attempt): boolean => status === GONE

/** For how long, in milliseconds, a receiver that is overloaded is left alone. */
export const restAfter = (attempt: Attempt): number =>
  THROTTLED.includes(attempt.status ?? 0) ? Math.max(RETRY_DELAYS[0]!, askedWait(attempt)) : 0

/** `Retry-After` can make a wait longer, up to a day, and never shorter. */
const askedWait = ({ retryAfter }: Attempt): number => Math.min(retryAfter ?? 0, LONGEST_WAIT)
