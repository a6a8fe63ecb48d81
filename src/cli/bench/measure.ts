import { Breath } from '../../engine/breath.ts'
import { patiently } from './patience.ts'

/** Something to do again and again. */
export interface Task {
  readonly name: string
  /** What it is, for people. */
  readonly what: string
  /** How many do it at once. */
  readonly lanes: number
  /** Operations that one run does; 1. */
  readonly each?: number
  /** Runs at most, where that is fewer than the plan's. */
  readonly most?: number
  run(lane: number): Promise<void>
}

export interface Bounds {
  readonly seconds: number
  readonly count: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

/** How it went; times of one operation in milliseconds. */
export interface Measured {
  readonly name: string
  readonly what: string
  readonly count: number
  readonly seconds: number
  /** Operations a second. */
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** The part of one processor that this program took meanwhile. */
  readonly busy: number
  /** How often a server refused because it was asked too often. */
  readonly limited: number
}

/** Does the task until the time is over or the count is reached, at least once; before that once unmeasured on each lane, which loads code and opens connections. */
export async function measure(task: Task, bounds: Bounds): Promise<Measured> {
  const { lanes, each = 1, most = Number.POSITIVE_INFINITY } = task
  const all = Array.from({ length: lanes }, (_, lane) => lane)
  const run = new Run(task, { ...bounds, count: Math.min(bounds.count, most) })
  await Promise.all(all.map((lane) => run.once(lane)))
  const cpu = process.cpuUsage()
  const start = performance.now()
  const times = await run.begin(all, start)
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  const count = times.length * each
  const sorted = times.map((time) => time / each).sort((a, b) => a - b)
  return {
    name: task.name,
    what: task.what,
    count,
    seconds: ms / 1000,
    rate: (count / ms) * 1000,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    max: percentile(sorted, 1),
    busy: (user + system) / 1000 / ms,
    limited: run.limited,
  }
}

class Run {
  limited = 0
  readonly #task: Task
  readonly #bounds: Bounds
  readonly #breath = new Breath()

  constructor(task: Task, bounds: Bounds) {
    this.#task = task
    this.#bounds = bounds
  }

  /** How long each run took. */
  async begin(lanes: readonly number[], start: number): Promise<readonly number[]> {
    const { seconds, count, signal, onProgress } = this.#bounds
    const { each = 1 } = this.#task
    const end = start + seconds * 1000
    const times: number[] = []
    let begun = 0
    const isOver = (): boolean => signal.aborted || begun >= count || (performance.now() >= end && times.length > 0)
    const repeat = async (lane: number): Promise<void> => {
      while (!isOver()) {
        begun++
        times.push(await this.once(lane))
        onProgress(times.length * each)
        await this.#breath.take() // what waits for nothing outside would keep an interrupt from being heard
      }
    }
    await Promise.all(lanes.map(repeat))
    return times
  }

  /** How long a run took, once it was let in. */
  once(lane: number): Promise<number> {
    const run = async (): Promise<number> => {
      const from = performance.now()
      await this.#task.run(lane)
      return performance.now() - from
    }
    return patiently(run, this.#bounds.signal, () => this.limited++)
  }
}

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
