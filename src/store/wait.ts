/** Runs works one after another, in the order they came. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve()
  #waiting = 0

  get isIdle(): boolean {
    return this.#waiting === 0
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++
    const result = this.#tail.then(work)
    const done = () => {
      this.#waiting--
    }
    this.#tail = result.then(done, done)
    return result
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface Patience {
  readonly isWorthWaiting: (error: unknown) => boolean
  readonly timeoutMs: number
}

/**
 * Tries again, with growing and random pauses, while the failure is one that passes. The pauses leave the event loop to others, which a
 * database's own busy timeout would not.
 */
export async function retry<T>(attempt: () => T, { isWorthWaiting, timeoutMs }: Patience): Promise<T> {
  let deadline: number | undefined
  for (let pause = 0.5; ; pause = Math.min(pause * 1.5, 20)) {
    try {
      return attempt()
    } catch (error) {
      deadline ??= performance.now() + timeoutMs // the first use of the clock loads it: 1 ms that most calls never need
      if (!isWorthWaiting(error) || performance.now() >= deadline) throw error
    }
    await sleep(pause * (0.5 + Math.random()))
  }
}
