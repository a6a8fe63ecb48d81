/** Work that runs once at a time, and once more where it was asked for meanwhile. */
export interface Coalesced {
  wake(): void
  /** Begins nothing more, and waits for what was begun. */
  close(): Promise<void>
}

/** `work` must not reject. Between two runs the rest of the process has its turn, for `pauseMs` at least. */
export function coalesced(work: () => Promise<void>, pauseMs = 0): Coalesced {
  let running: Promise<void> | undefined
  let isAsked = false
  let isClosed = false
  const run = async (): Promise<void> => {
    while (isAsked && !isClosed) {
      isAsked = false
      await work()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    running = undefined
  }
  return {
    wake() {
      isAsked = true
      if (!isClosed) running ??= run()
    },
    async close() {
      isClosed = true
      await running
    },
  }
}
