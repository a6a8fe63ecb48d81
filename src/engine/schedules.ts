import type { Cron } from 'croner'
import { HoldfastError } from '../model/errors.ts'
import { authoriseStore, type Principal } from '../model/principal.ts'
import type { ScheduleRun, ScheduleSpec, Schedules } from '../model/schedule.ts'
import type { Origin } from './origin.ts'
import type { ScheduleParts } from './schedule-parts.ts'
import { checkSchedules, nextRun, patternOf } from './schedule-spec.ts'
import { runTask, sentenceOf, TaskFailure } from './tasks.ts'
import { upkeep } from './upkeep.ts'

/** The timed work of a store. */
export interface ScheduleEngine extends AsyncDisposable {
  /** The schedules as `who` may see and run them: `admin` for the whole store. */
  as(who: Principal, from?: Origin): Schedules
}

const UPKEEP_MS = 60 * 60 * 1000
const ABANDONED = 'the process ended before the work did'

/** Begins the timed work; refuses (`malformed`) a table with a line that is wrong. Timers alone do not keep the process running. */
export async function openSchedules(parts: ScheduleParts): Promise<ScheduleEngine> {
  const specs = checkSchedules(parts.schedules)
  const runner = new Runner(parts)
  const stop = parts.isTimer === false ? () => undefined : await keepTime(parts, specs, runner)
  return {
    as: (who, from) => schedulesOf({ parts, specs, runner }, who, from),
    async [Symbol.asyncDispose]() {
      stop()
      await runner.close()
    },
  }
}

async function keepTime(parts: ScheduleParts, specs: readonly ScheduleSpec[], runner: Runner): Promise<() => void> {
  await parts.store.schedules.closeAbandoned(ABANDONED)
  const timers: Cron[] = specs.map((spec) => patternOf(spec.cron, spec.timezone, () => runner.due(spec)))
  const hourly = setInterval(() => runner.upkeep(), UPKEEP_MS).unref()
  runner.upkeep()
  return () => {
    for (const timer of timers) timer.stop()
    clearInterval(hourly)
  }
}

interface Run {
  readonly ended: Promise<ScheduleRun>
  /** How often it fell due again while it was going on. */
  missed: number
}

/** Runs schedules, each once at a time, and writes down how that went. */
class Runner {
  readonly #parts: ScheduleParts
  readonly #running = new Map<string, Run>()
  #cleaning: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(parts: ScheduleParts) {
    this.#parts = parts
  }

  /** Its time has come. */
  due(spec: ScheduleSpec): void {
    const going = this.#running.get(spec.name)
    if (going !== undefined) {
      going.missed++
      this.#parts.log.warn({ schedule: spec.name }, `schedule ${spec.name} is still running; this run is skipped`)
      return
    }
    this.run(spec, `schedule:${spec.name}`).catch((error) =>
      this.#parts.log.warn({ schedule: spec.name, error: (error as Error).message }, 'could not note a run'),
    )
  }

  /** Runs one now, or tells how the run that is going on ends. */
  run(spec: ScheduleSpec, by: string): Promise<ScheduleRun> {
    if (this.#isClosed)
      return Promise.reject(new HoldfastError('closed', 'the store is being closed', { what: 'schedules' }))
    const going = this.#running.get(spec.name)
    if (going !== undefined) return going.ended
    const run: Run = { missed: 0, ended: Promise.resolve().then(() => this.#run(spec, by, run)) }
    this.#running.set(spec.name, run)
    return run.ended.finally(() => this.#running.delete(spec.name))
  }

  async #run(spec: ScheduleSpec, by: string, run: Run): Promise<ScheduleRun> {
    const { store, log, now } = this.#parts
    const startedAt = now().toISOString()
    const id = await store.schedules.begin(spec.name, startedAt, by)
    const began = performance.now()
    const { outcome, sentence } = await this.#work(spec)
    const duration = Math.round(performance.now() - began)
    const skipped = run.missed === 0 ? '' : `; skipped ${run.missed} times because this took so long`
    const detail = shortened(sentence) + skipped
    await store.schedules.end(id, outcome, duration, detail)
    const report = { schedule: spec.name, task: spec.task, outcome, duration }
    if (outcome === 'done') log.info(report, `schedule ${spec.name}: ${detail}`)
    else log.warn(report, `schedule ${spec.name} failed: ${detail}`)
    return { startedAt, duration, outcome, detail, by }
  }

  async #work(spec: ScheduleSpec): Promise<{ readonly outcome: 'done' | 'failed'; readonly sentence: string }> {
    try {
      return { outcome: 'done', sentence: await runTask(this.#parts, spec) }
    } catch (error) {
      if (!(error instanceof HoldfastError || error instanceof TaskFailure))
        this.#parts.log.warn({ schedule: spec.name, error }, 'timed work failed unforeseen')
      return { outcome: 'failed', sentence: sentenceOf(error) }
    }
  }

  /** Forgets what is past its time, whatever the table says. */
  upkeep(): void {
    this.#cleaning = this.#cleaning.then(async () => {
      if (this.#isClosed) return
      const count = await upkeep(this.#parts)
      if (count > 0) this.#parts.log.info({ count }, 'forgot what was past its time')
    })
    this.#cleaning = this.#cleaning.catch((error) =>
      this.#parts.log.warn(
        { error: (error as Error).message },
        'could not forget what is past its time; trying again in an hour',
      ),
    )
  }

  /** Begins nothing more, and waits for what is going on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended))
    await this.#cleaning
  }
}

interface Room {
  readonly parts: ScheduleParts
  readonly specs: readonly ScheduleSpec[]
  readonly runner: Runner
}

function schedulesOf({ parts, specs, runner }: Room, who: Principal, from?: Origin): Schedules {
  return {
    async list() {
      authoriseStore(who, 'admin')
      const last = await parts.store.schedules.last()
      return specs.map((spec) => ({
        ...spec,
        nextRun: nextRun(spec, parts.now())?.toISOString() ?? null,
        lastRun: last.get(spec.name) ?? null,
      }))
    },
    async run(name) {
      authoriseStore(who, 'admin')
      const spec = specs.find((one) => one.name === name)
      if (spec === undefined) throw unknown(specs, name)
      const run = await runner.run(spec, who.name)
      parts.record({
        event: 'schedule-run',
        who: who.name,
        tokenId: who.tokenId,
        sourceIp: from?.ip ?? who.sourceIp,
        namespace: null,
        subject: name,
        detail: run.outcome,
        requestId: from?.requestId ?? null,
      })
      return run
    },
  }
}

function unknown(specs: readonly ScheduleSpec[], name: string): HoldfastError {
  const what = `schedule ${String(name).slice(0, 64)}`
  const known = specs.map((spec) => spec.name).join(', ')
  const hint = known === '' ? 'holdfast.yaml names none' : `there are ${known}`
  return new HoldfastError('not-found', `there is no ${what}: ${hint}`, { what })
}

const LONGEST_DETAIL = 1000

const shortened = (text: string): string =>
  text.length <= LONGEST_DETAIL ? text : `${text.slice(0, LONGEST_DETAIL).toWellFormed()}…`
