import { HoldfastError } from '../model/errors.ts'

const SHORTEST_MS = 250
const LONGEST_MS = 30_000

/** How long to wait before the next attempt: any time up to a bound that doubles, so that many clients do not come back at once. */
export function backoff(attempt: number): number {
  return Math.random() * Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(attempt, 20))
}

/** Waits, or until `signal` aborts. A wait in the background does not keep a Node process running. */
export function sleep(ms: number, signal: AbortSignal, { background = false } = {}): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = later(end, ms, { background })
    signal.addEventListener('abort', end)
  })
}

/** `setTimeout`, which in the background does not keep a Node process running. */
export function later(work: () => void, ms: number, { background = true } = {}): ReturnType<typeof setTimeout> {
  const timer: unknown = setTimeout(work, ms)
  if (background) (timer as { unref?: () => void }).unref?.()
  return timer as ReturnType<typeof setTimeout>
}

/** True for a failure after which the same request may succeed. */
export function isPassing(error: unknown): boolean {
  if (HoldfastError.is(error, 'unavailable')) return error.details.retry
  return HoldfastError.is(error, 'rate-limited') || HoldfastError.is(error, 'unknown')
}

const delays = new WeakMap<object, number>()

/** Remembers with a refusal what its `Retry-After` said, in seconds or as a date. */
export function noteDelay(error: object, header: string | null): void {
  if (header === null) return
  const ms = /^[0-9]{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  if (ms > 0) delays.set(error, Math.min(ms, LONGEST_MS))
}

/** Milliseconds that the server asked to be left alone for, 30,000 at most; 0 where it did not. */
export const askedDelay = (error: unknown): number =>
  typeof error === 'object' && error !== null ? (delays.get(error) ?? 0) : 0

/** Tries `work` until it succeeds, fails for good, or `tries` or `ms` are used up; then fails as it failed last. */
export async function persist<T>(
  work: () => Promise<T>,
  { tries, ms, signal }: { readonly tries: number; readonly ms: number; readonly signal: AbortSignal },
): Promise<T> {
  const end = performance.now() + ms
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const wait = askedDelay(error) + backoff(attempt)
      if (!isPassing(error) || attempt + 1 >= tries || signal.aborted || performance.now() + wait > end) throw error
      await sleep(wait, signal)
    }
  }
}
