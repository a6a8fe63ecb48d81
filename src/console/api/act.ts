import { useState } from 'react'

/** Something that is asked for by a button: whether it is under way, and what it came to if it was refused. */
export interface Act {
  readonly isBusy: boolean
  readonly error: unknown
  /** Does `work` unless it is being done. */
  readonly run: (work: () => Promise<void>) => void
  readonly forget: () => void
}

const CALM = { isBusy: false, error: null }

export function useAct(): Act {
  const [{ isBusy, error }, setState] = useState<Pick<Act, 'isBusy' | 'error'>>(CALM)
  const run = (work: () => Promise<void>): void => {
    if (isBusy) return
    setState({ isBusy: true, error: null })
    work().then(
      () => setState(CALM),
      (refusal: unknown) => setState({ isBusy: false, error: refusal }),
    )
  }
  return { isBusy, error, run, forget: () => setState(CALM) }
}
