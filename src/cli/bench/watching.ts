import { setTimeout as sleep } from 'node:timers/promises'
import type { ChangeEvent, Config } from '../../model/config.ts'
import { HoldfastError } from '../../model/errors.ts'
import type { Bed } from './bed.ts'
import { type Bounds, type Measured, measure } from './measure.ts'
import type { Plan } from './plan.ts'
import type { Sample } from './sample.ts'

const MOST = 200
const PATIENCE_MS = 10_000

/** From the request of a change until the last of the watchers has its event and can read it, one change after another. */
export async function watchDelay(bed: Bed, plan: Plan, sample: Sample, bounds: Bounds): Promise<Measured> {
  const { watchers: count } = plan
  const watchers = await openAll(bed, count)
  try {
    const audience = new Audience(watchers)
    const run = async (): Promise<void> => {
      const { value, request } = sample.next()
      const heard = audience.expect(value)
      await bed.change(0, request)
      await within(heard, bounds.signal)
    }
    // On a server each watcher fetches what it was told of.
    const most = Math.max(1, Math.min(MOST, Math.floor(plan.count / (count + 1))))
    return await measure({ name: 'watch', what: `change to event, ${count} watchers`, lanes: 1, most, run }, bounds)
  } finally {
    await Promise.all(watchers.map((watcher) => watcher.close()))
  }
}

/** One after another; those that are open are closed where another cannot be. */
async function openAll(bed: Bed, count: number): Promise<readonly Config[]> {
  const open: Config[] = []
  try {
    while (open.length < count) open.push(await bed.watcher())
    return open
  } catch (error) {
    await Promise.all(open.map((watcher) => watcher.close()))
    throw error
  }
}

/** Tells when all of them have heard of the value that is expected. */
class Audience {
  readonly #size: number
  #value: number | undefined
  #heard = 0
  #tell = (): void => undefined

  constructor(watchers: readonly Config[]) {
    this.#size = watchers.length
    for (const watcher of watchers) watcher.on('change', (event) => this.#hear(event))
  }

  expect(value: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#value = value
    this.#heard = 0
    this.#tell = resolve
    return promise
  }

  #hear({ changes }: ChangeEvent): void {
    if (changes[0]?.newValue === this.#value && ++this.#heard === this.#size) this.#tell()
  }
}

async function within(heard: Promise<void>, signal: AbortSignal): Promise<void> {
  const own = new AbortController()
  const late = async (): Promise<never> => {
    await sleep(PATIENCE_MS, undefined, { signal: AbortSignal.any([signal, own.signal]) })
    const message = `a watcher did not hear of a change within ${PATIENCE_MS / 1000} s`
    throw new HoldfastError('unavailable', message, { store: 'watch', retry: true })
  }
  try {
    await Promise.race([heard, late()])
  } finally {
    own.abort()
  }
}
