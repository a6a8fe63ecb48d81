import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../model/errors.ts'

/** Does the work, and again as often as a server asks to come later, when it asked to. */
export async function patiently<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onRefused: () => void = () => undefined,
): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!HoldfastError.is(error, 'rate-limited') || signal.aborted) throw error
      onRefused()
      await sleep(error.details.retryAfter * 1000, undefined, { signal })
    }
  }
}
