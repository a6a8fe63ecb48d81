import { HoldfastError } from '../model/errors.ts'
import type { Fence } from '../model/lease.ts'
import { authoriseStore, type Principal } from '../model/principal.ts'
import type { ScheduleSpec, Schedules } from '../model/schedule.ts'
import type { TakenLease } from '../store/shelves.ts'
import { ABANDONED, type Contender, keepersOf, type LeasedWork } from './leases.ts'
import type { Origin } from './origin.ts'
import { Runner } from './runner.ts'
import type { ScheduleParts } from './schedule-parts.ts'
import { checkSchedules, nextRun } from './schedule-spec.ts'
import { keepTimes } from './timetable.ts'

/** The timed work of a store. */
export interface ScheduleEngine extends AsyncDisposable {
  /** The schedules as `who` may see and run them: `admin` for the whole store. */
  as(who: Principal, from?: Origin): Schedules
}

const UPKEEP_MS = 60 * 60 * 1000

/** Begins the timed work; refuses (`malformed`) a table with a line that is wrong. Timers alone do not keep the process running. */
export async function openSchedules(parts: ScheduleParts): Promise<ScheduleEngine> {
  const specs = checkSchedules(parts.schedules)
  const runner = new Runner(parts)
  const kept = parts.isTimer === false ? [] : await keepAll(parts, specs, runner)
  return {
    as: (who, from) => schedulesOf({ parts, specs, runner }, who, from),
    async [Symbol.asyncDispose]() {
      const ended = runner.close()
      await Promise.all(kept.map((one) => one.close()))
      await ended
    },
  }
}

/** Each schedule has a lease of its own: nodes need not have the same table. */
async function keepAll(
  parts: ScheduleParts,
  specs: readonly ScheduleSpec[],
  runner: Runner,
): Promise<readonly Contender[]> {
  const times = specs.map((spec) => parts.leases.contend(leaseOf(spec), timesOf(parts, spec, runner)))
  return Promise.all([...times, parts.leases.contend('upkeep', hourly(runner))])
}

const leaseOf = ({ name }: Pick<ScheduleSpec, 'name'>): string => `schedule:${name}`

/** The times of one schedule. Those that passed while it went from node to node, or the server restarted, are made up for by one run. */
function timesOf(parts: ScheduleParts, spec: ScheduleSpec, runner: Runner): LeasedWork {
  let stop = (): void => undefined
  return {
    async begin(tenure) {
      stop()
      await parts.store.schedules.closeAbandoned(ABANDONED)
      const since = await lastTime(parts, spec, tenure)
      stop = keepTimes(spec, { since, now: parts.now, onDue: (due) => runner.due(spec, due, tenure) })
    },
    async end({ isLeaving }) {
      stop()
      if (isLeaving) await runner.ended(spec)
    },
  }
}

/** Through when the times of a schedule were dealt with: none before it was first kept. */
async function lastTime({ store, now }: ScheduleParts, { name }: ScheduleSpec, tenure: TakenLease): Promise<Date> {
  const last = (await store.schedules.lastDue(name)) ?? tenure.keptSince
  return last === null ? now() : new Date(last)
}

function hourly(runner: Runner): LeasedWork {
  let timer: NodeJS.Timeout | undefined
  return {
    async begin(tenure: Fence) {
      clearInterval(timer)
      timer = setInterval(() => runner.upkeep(tenure), UPKEEP_MS).unref()
      runner.upkeep(tenure)
    },
    async end() {
      clearInterval(timer)
    },
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
      const keepers = await keepersOf(parts.store)
      return specs.map((spec) => ({
        ...spec,
        nextRun: nextRun(spec, parts.now())?.toISOString() ?? null,
        lastRun: last.get(spec.name) ?? null,
        keptBy: keepers.get(leaseOf(spec)) ?? null,
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
