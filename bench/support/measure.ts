/** One side of a comparison: does its work once, so many operations. */
export type Side = () => unknown

export interface Comparison {
  /** Milliseconds one run of each side took: medians over the rounds. */
  readonly ours: number
  readonly peer: number
  /** The median of the rounds' `ours / peer`: both sides of a round met the same machine. */
  readonly ratio: number
}

export interface CompareOptions {
  readonly rounds?: number
  readonly warmUp?: number
}

/** Runs both sides in turn, the other one first in every second round, and compares within each round. */
export async function compare(
  ours: Side,
  peer: Side,
  { rounds = 15, warmUp = 3 }: CompareOptions = {},
): Promise<Comparison> {
  for (let i = 0; i < warmUp; i++) {
    await ours()
    await peer()
  }
  const times: { readonly ours: number; readonly peer: number }[] = []
  for (let i = 0; i < rounds; i++) {
    const oursFirst = i % 2 === 0 ? await timed(ours) : undefined
    const peerTime = await timed(peer)
    times.push({ ours: oursFirst ?? (await timed(ours)), peer: peerTime })
  }
  return {
    ours: median(times.map((time) => time.ours)),
    peer: median(times.map((time) => time.peer)),
    ratio: median(times.map((time) => time.ours / time.peer)),
  }
}

async function timed(side: Side): Promise<number> {
  const start = performance.now()
  const result = side()
  if (result instanceof Promise) await result
  return performance.now() - start
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Keeps a result alive, so that nobody optimises away the work that made it. */
export function keep(value: unknown): void {
  if (value === NOBODY) throw new Error('unreachable')
}

const NOBODY = Symbol('nobody')
