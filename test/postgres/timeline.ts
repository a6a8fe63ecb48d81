import type { Committed, ReadOperation, WriteOperation } from './operations.ts'

/** A version with the times between which it was made. */
export interface Entry {
  readonly version: number
  readonly invoked: number
  readonly responded: number
}

interface Step {
  readonly at: number
  /** The newest version of all steps up to this one. */
  readonly version: number
}

interface TimelineParts {
  readonly history: readonly Committed[]
  /** By their names, `key=value`. */
  readonly writes: ReadonlyMap<string, WriteOperation>
  readonly reads: readonly ReadOperation[]
  /** The head before the first write. */
  readonly origin: number
}

/** Which versions could be the head at which time: what was answered by then, and what was asked for by then. */
export class Timeline {
  readonly entries: readonly Entry[]
  readonly #origin: number
  readonly #versions: ReadonlyMap<string, readonly number[]>
  readonly #before = new Map<number, number>()
  readonly #known: readonly Step[]
  readonly #possible: readonly Step[]

  constructor({ history, writes, reads, origin }: TimelineParts) {
    this.#origin = origin
    this.entries = history.flatMap(({ version, key, value }) => {
      const write = writes.get(`${key}=${value}`)
      return write === undefined ? [] : [{ version, invoked: write.invoked, responded: write.responded }]
    })
    const named = Map.groupBy(history, ({ key, value }) => `${key}=${value}`)
    this.#versions = new Map(named.entries().map(([name, all]) => [name, all.map(({ version }) => version)]))
    for (const [i, { version }] of history.entries()) this.#before.set(version, history[i - 1]?.version ?? origin)
    const told = [...this.entries, ...reads.filter(({ isFresh }) => isFresh)]
    this.#known = steps(told.map(({ responded: at, version }) => ({ at, version })))
    this.#possible = possible(this.entries)
  }

  versionsOf(name: string): readonly number[] {
    return this.#versions.get(name) ?? []
  }

  /** The head that `version` was made on. */
  before(version: number): number {
    return this.#before.get(version) ?? this.#origin
  }

  /** The newest version that anybody had heard of before `time`. */
  floorAt(time: number): number {
    return lastBefore(this.#known, time) ?? this.#origin
  }

  /** The newest version that can have been there at `time`. */
  ceilingAt(time: number): number {
    return lastBefore(this.#possible, time) ?? this.#origin
  }

  /** All versions that can have been the head at some moment of an operation. */
  headsDuring({ invoked, responded }: { readonly invoked: number; readonly responded: number }): readonly number[] {
    const [floor, ceiling] = [this.floorAt(invoked), this.ceilingAt(responded)]
    const heads = this.entries.map(({ version }) => version)
    return [this.#origin, ...heads].filter((version) => version >= floor && version <= ceiling)
  }
}

/** A version is possible once it and all before it were asked for. */
function possible(entries: readonly Entry[]): readonly Step[] {
  let at = Number.NEGATIVE_INFINITY
  return entries.map(({ invoked, version }) => {
    at = Math.max(at, invoked)
    return { at, version }
  })
}

function steps(told: readonly Step[]): readonly Step[] {
  let newest = 0
  return told
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, version }) => {
      newest = Math.max(newest, version)
      return { at, version: newest }
    })
}

/** By halves: there are many operations. */
function lastBefore(all: readonly Step[], time: number): number | undefined {
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (all[middle]!.at < time) low = middle + 1
    else high = middle
  }
  return all[low - 1]?.version
}
