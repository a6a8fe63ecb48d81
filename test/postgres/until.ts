const TURN_MS = 20
const LIMIT_MS = 60_000

/** Waits until `isSo`, looking again and again; `what` is said where a minute was not enough. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not within ${LIMIT_MS / 1000} s: ${what}`)
    await pause(TURN_MS)
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
