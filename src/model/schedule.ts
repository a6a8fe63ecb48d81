import type { Keeper } from './lease.ts'

/** Work that can be timed. */
export const TASKS = ['refresh-sources', 'check-drift', 'purge', 'backup', 'snapshot'] as const
export type Task = (typeof TASKS)[number]

/** One line of the cron table in `holdfast.yaml`. */
export interface ScheduleSpec {
  readonly name: string
  readonly task: Task
  /** A cron expression of five or six fields, or `@daily` and the like; in UTC unless `timezone` says otherwise. */
  readonly cron: string
  readonly timezone?: string
  /** Patterns of namespaces it concerns; absent: all. */
  readonly namespaces?: readonly string[]
  /** `purge`: an age like `90d`; `backup`: how long to keep copies. */
  readonly olderThan?: string
  /** `purge`: versions kept whatever their age; `backup`: copies kept. */
  readonly keep?: number
  /** `backup`: the folder. */
  readonly directory?: string
  /** `snapshot`: also declare it the baseline. */
  readonly baseline?: boolean
}

export interface ScheduleRun {
  readonly startedAt: string
  /** Milliseconds; null while it runs. */
  readonly duration: number | null
  readonly outcome: 'running' | 'done' | 'failed'
  /** What it did, or why it failed: one sentence without values. */
  readonly detail: string | null
  /** The schedule's own time, or the person who asked. */
  readonly by: string
}

export interface Schedule extends ScheduleSpec {
  readonly nextRun: string | null
  readonly lastRun: ScheduleRun | null
  /** The node that keeps its times; null where none does now. */
  readonly keptBy: Keeper | null
}

export interface Schedules {
  list(): Promise<readonly Schedule[]>
  /** Runs one now and tells how it ended. */
  run(name: string): Promise<ScheduleRun>
}
