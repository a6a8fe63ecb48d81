import type { Growth } from '../model/admin.ts'
import type { Store } from '../store/store.ts'
import { patiently } from './patience.ts'

type Sizes = Pick<Awaited<ReturnType<Store['sizes']>>, 'bytes' | 'freeBytes'>

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const EVERY = 5 * MINUTE

interface Sample {
  /** Milliseconds of a clock that only goes on. */
  readonly at: number
  readonly used: number
}

/** Sizes of a store, one every five minutes of the last day: what was added since is the difference. Pages that a purge left free are not used. */
export class GrowthSeries {
  readonly #samples: Sample[] = []

  /** How many are kept. */
  get length(): number {
    return this.#samples.length
  }

  note(sizes: Sizes, at: number): void {
    this.#samples.push({ at, used: usedOf(sizes) })
    while (this.#samples.length > 1 && this.#samples[1]!.at <= at - DAY) this.#samples.shift()
  }

  /** What was added up to now; since the first of them, where they do not go back as far. */
  until(sizes: Sizes, at: number): Growth {
    const used = usedOf(sizes)
    const since = (age: number): number => used - (this.#before(at - age)?.used ?? used)
    return { hour: since(HOUR), day: since(DAY) }
  }

  #before(at: number): Sample | undefined {
    return this.#samples.findLast((sample) => sample.at <= at) ?? this.#samples[0]
  }
}

const usedOf = ({ bytes, freeBytes }: Sizes): number => bytes - freeBytes

/** The growth of a store while it is watched. */
export interface GrowthWatch {
  until(sizes: Sizes): Growth
  stop(): void
}

/** Looks now and every five minutes how large a store is. A look that fails is left out: that the store is away is told elsewhere. */
export async function watchGrowth(store: Pick<Store, 'sizes'>): Promise<GrowthWatch> {
  const series = new GrowthSeries()
  const ask = patiently(() => store.sizes())
  const look = async (): Promise<void> => {
    const sizes = await ask().catch(() => undefined)
    if (sizes !== undefined) series.note(sizes, performance.now())
  }
  await look()
  const timer = setInterval(() => void look(), EVERY).unref()
  return { until: (sizes) => series.until(sizes, performance.now()), stop: () => clearInterval(timer) }
}
