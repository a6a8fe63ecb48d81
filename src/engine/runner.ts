import { HoldfastError } from '../model/errors.ts'
import type { Fence } from '../model/lease.ts'
import { localPrincipal } from '../model/principal.ts'
import type { ScheduleRun, ScheduleSpec } from '../model/schedule.ts'
import type { ScheduleParts } from './schedule-parts.ts'
import { runTask, sentenceOf, TaskFailure } from './tasks.ts'
import { storeOf, underLease } from './under-lease.ts'
import { upkeep } from './upkeep.ts'

interface Run {
  /** Undefined where its time was run already. */
  readonly ended: Promise<ScheduleRun | undefined>
  /** How often it fell due again while it was going on. */
  missed: number
}

/** Why a schedule runs: its time came, or somebody asks. */
interface Cause {
  readonly by: string
  readonly due?: Date
  /** The lease under which its times are kept; nobody who asks needs one. */
  readonly lease?: Fence
}

/** Runs schedules, each once at a time, and writes down how that went. */
export class Runner {
  readonly #parts: ScheduleParts
  readonly #running = new Map<string, Run>()
  #cleaning: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(parts: ScheduleParts) {
    this.#parts = parts
  }

  /** Its time has come. */
  due(spec: ScheduleSpec, due: Date, lease: Fence): void {
    const { log } = this.#parts
    const going = this.#running.get(spec.name)
    if (going !== undefined) {
      going.missed++
      log.warn({ schedule: spec.name }, `schedule ${spec.name} is still running; this run is skipped`)
      return
    }
    this.#begin(spec, { by: `schedule:${spec.name}`, due, lease }).catch((error) => {
      if (!HoldfastError.is(error, 'closed'))
        log.warn({ schedule: spec.name, error: (error as Error).message }, 'could not note a run')
    })
  }

  /** Runs one now, or tells how the run that is going on ends. */
  async run(spec: ScheduleSpec, by: string): Promise<ScheduleRun> {
    const going = this.#running.get(spec.name)
    const run = await (going?.ended ?? this.#begin(spec, { by }))
    return run ?? this.run(spec, by)
  }

  #begin(spec: ScheduleSpec, cause: Cause): Promise<ScheduleRun | undefined> {
    if (this.#isClosed)
      return Promise.reject(new HoldfastError('closed', 'the store is being closed', { what: 'schedules' }))
    const run: Run = { missed: 0, ended: Promise.resolve().then(() => this.#run(spec, cause, run)) }
    this.#running.set(spec.name, run)
    return run.ended.finally(() => this.#running.delete(spec.name))
  }

  async #run(spec: ScheduleSpec, cause: Cause, run: Run): Promise<ScheduleRun | undefined> {
    const { log, now } = this.#parts
    const startedAt = now().toISOString()
    const id = await this.#note(spec, cause, startedAt)
    if (id === undefined) return undefined
    const began = performance.now()
    const { outcome, sentence } = await this.#work(spec, cause)
    const duration = Math.round(performance.now() - began)
    const skipped = run.missed === 0 ? '' : `; skipped ${run.missed} times because this took so long`
    const detail = shortened(sentence) + skipped
    await this.#shelf(cause).end(id, outcome, duration, detail)
    const report = { schedule: spec.name, task: spec.task, outcome, duration }
    if (outcome === 'done') log.info(report, `schedule ${spec.name}: ${detail}`)
    else log.warn(report, `schedule ${spec.name} failed: ${detail}`)
    return { startedAt, duration, outcome, detail, by: cause.by }
  }

  #shelf({ lease }: Cause): ScheduleParts['store']['schedules'] {
    return storeOf(this.#parts.store, { ...(lease && { lease }) }).schedules
  }

  /** The time and its run are written together: whoever takes over neither repeats nor forgets it. */
  async #note({ name }: ScheduleSpec, cause: Cause, startedAt: string): Promise<number | undefined> {
    const node = await this.#parts.leases.node()
    const { by, due } = cause
    if (due === undefined) return this.#shelf(cause).begin(name, startedAt, by, node)
    return this.#shelf(cause).beginDue(name, due.toISOString(), { startedAt, by, node })
  }

  async #work(
    spec: ScheduleSpec,
    { lease }: Cause,
  ): Promise<{ readonly outcome: 'done' | 'failed'; readonly sentence: string }> {
    try {
      const who = underLease(localPrincipal(`schedule:${spec.name}`), lease)
      return { outcome: 'done', sentence: await runTask(this.#parts, spec, who) }
    } catch (error) {
      if (!(error instanceof HoldfastError || error instanceof TaskFailure))
        this.#parts.log.warn({ schedule: spec.name, error }, 'timed work failed unforeseen')
      return { outcome: 'failed', sentence: sentenceOf(error) }
    }
  }

  /** Forgets what is past its time, whatever the table says. */
  upkeep(lease: Fence): void {
    this.#cleaning = this.#cleaning.then(async () => {
      if (this.#isClosed) return
      const count = await upkeep(this.#parts, lease)
      if (count > 0) this.#parts.log.info({ count }, 'forgot what was past its time')
    })
    this.#cleaning = this.#cleaning.catch((error) =>
      this.#parts.log.warn(
        { error: (error as Error).message },
        'could not forget what is past its time; trying again in an hour',
      ),
    )
  }

  /** Waits for the run of a schedule that is going on, if one is. */
  async ended({ name }: ScheduleSpec): Promise<void> {
    await this.#running.get(name)?.ended.catch(() => undefined)
  }

  /** Begins nothing more, and waits for what is going on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended))
    await this.#cleaning
  }
}

const LONGEST_DETAIL = 1000

const shortened = (text: string): string =>
  text.length <= LONGEST_DETAIL ? text : `${text.slice(0, LONGEST_DETAIL).toWellFormed()}…`
