import { readFileSync } from 'node:fs'

/** A time in which a process did not come to what was due: milliseconds by the machine's clock. */
export interface Pause {
  readonly from: number
  readonly to: number
  /** Of it, how long the thread could have run and no processor was free; Linux tells it. */
  readonly queued: number
}

const TICK_MS = 5
const SCHEDULER = '/proc/self/schedstat'

/** Notes how late a timer of this thread, the process's first, comes from now on. */
export function notePauses(): { take(): readonly Pause[] } {
  let pauses: Pause[] = []
  let due = now() + TICK_MS
  let before = queued()
  setInterval(() => {
    const to = now()
    const since = queued() - before
    if (to - due > 1) pauses.push({ from: due, to, queued: since })
    before += since
    due = now() + TICK_MS
  }, TICK_MS)
  return {
    take() {
      const taken = pauses
      pauses = []
      return taken
    },
  }
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6

function queued(): number {
  try {
    return Number(readFileSync(SCHEDULER, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}

/** The longest pause as a clock saw it. */
export const longest = (pauses: readonly Pause[]): number => Math.max(0, ...pauses.map(({ from, to }) => to - from))

/** The longest pause without what the machine did: what was queued for a processor, or what `idle`, which does nothing, had to wait too. */
export function longestOwn(pauses: readonly Pause[], idle: readonly Pause[]): number {
  const own = pauses.map(({ from, to, queued }) => {
    const shared = idle.reduce(
      (sum, other) => sum + Math.max(0, Math.min(to, other.to) - Math.max(from, other.from)),
      0,
    )
    return to - from - Math.max(queued, shared)
  })
  return Math.max(0, ...own)
}
