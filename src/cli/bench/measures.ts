import type { Config } from '../../model/config.ts'
import type { Bed } from './bed.ts'
import { type Bounds, type Measured, measure, type Task } from './measure.ts'
import type { Plan } from './plan.ts'
import { NUMBER, type Sample } from './sample.ts'
import { watchDelay } from './watching.ts'

/** Reads in one run: a clock is slower than one of them. */
const READS = 1000

/** Measures all there is to measure, one after another, as far as the signal lets it. */
export async function* measures(
  bed: Bed,
  plan: Plan,
  sample: Sample,
  boundsOf: (what: string) => Bounds & Disposable,
): AsyncGenerator<Measured> {
  const { clients } = plan
  const run = async (task: Task): Promise<Measured> => {
    using bounds = boundsOf(task.what)
    return await measure(task, bounds)
  }
  yield await run(changing(bed, sample, { name: 'change', what: 'changes, one after another', lanes: 1 }))
  yield await run(changing(bed, sample, { name: 'changes', what: `changes, ${clients} at once`, lanes: clients }))
  {
    await using config = await bed.watcher()
    yield await run(reading(config, sample))
  }
  for (const task of await bed.reads()) yield await run(task)
  using bounds = boundsOf('changes heard of')
  yield await watchDelay(bed, plan, sample, bounds)
  if (bed.floor !== undefined) yield await run(bed.floor)
}

const changing = (bed: Bed, sample: Sample, about: Omit<Task, 'run'>): Task => ({
  ...about,
  async run(lane) {
    await bed.change(lane, sample.next().request)
  },
})

function reading(config: Config, { sections }: Sample): Task {
  const paths = sections.map((section) => `${section}.${NUMBER}`)
  return {
    name: 'get',
    what: 'get, from memory',
    lanes: 1,
    each: READS,
    async run() {
      for (let i = 0; i < READS; i++) {
        if (config.get(paths[i % paths.length]!) === undefined) throw new Error('a key of the sample is not there')
      }
    },
  }
}
