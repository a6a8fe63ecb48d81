import { readFileSync } from 'node:fs'

/** The longest times, in milliseconds, in which a process did not come to what was due. */
export interface Pauses {
  /** What its own work, and disks that it waited for, kept it from. */
  readonly own: number
  /** As a clock saw it: also while other processes and other threads had the processors. */
  readonly seen: number
}

const TICK_MS = 5
const SCHEDULER = '/proc/self/schedstat'

/** Notes how late a timer of this thread, the process's first, comes from now on. */
export function notePauses(): { take(): Pauses } {
  let worst: Pauses = { own: 0, seen: 0 }
  let due = performance.now() + TICK_MS
  let waited = waitedForProcessor()
  setInterval(() => {
    const now = performance.now()
    const since = waitedForProcessor() - waited
    const late = Math.max(0, now - due)
    worst = { own: Math.max(worst.own, late - since), seen: Math.max(worst.seen, late) }
    waited += since
    due = performance.now() + TICK_MS
  }, TICK_MS)
  return {
    take() {
      const taken = worst
      worst = { own: 0, seen: 0 }
      return taken
    },
  }
}

/** Milliseconds in which this thread could have run and no processor was free; Linux tells it. */
function waitedForProcessor(): number {
  try {
    return Number(readFileSync(SCHEDULER, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}
