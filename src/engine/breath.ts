/** How long work may go on without a turn of the event loop. */
const LONGEST_MS = 10

/** Lets timers and sockets have their turn in work that goes on for long, and costs nothing where it does not. */
export class Breath {
  #since = performance.now()

  /** True when it is time for one: awaiting `take` after every small piece has its price too. */
  get isDue(): boolean {
    return performance.now() - this.#since >= LONGEST_MS
  }

  /** Between two pieces of the work. */
  async take(): Promise<void> {
    if (!this.isDue) return
    await new Promise(setImmediate)
    this.#since = performance.now()
  }
}
