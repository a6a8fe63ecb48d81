import { HoldfastError } from '../model/errors.ts'
import type { Store } from '../store/store.ts'
import { patiently, SILENCE } from './patience.ts'

const PROBE_MS = 1000

/** Whether a store answers and takes writes: what failed once is tried again, with a write of its own, until it works. */
export interface Pulse {
  /** The store to use: it remembers whether its last write failed for a reason that is not the caller's. */
  readonly store: Store
  /** Why the store does not answer or does not take writes, told within a bounded time; `undefined` where it does. */
  check(): Promise<string | undefined>
}

export function pulseOf(store: Store, now: () => Date): Pulse {
  let failure: string | undefined
  let probedAt = Number.NEGATIVE_INFINITY

  const watched =
    <A extends unknown[], R>(write: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      try {
        const done = await write(...given)
        failure = undefined
        return done
      } catch (error) {
        failure = outageOf(error) ?? failure
        throw error
      }
    }
  const watching = (one: Store): Store => ({
    ...one,
    commit: watched(one.commit),
    mark: watched(one.mark),
    setMetadata: watched(one.setMetadata),
    saveSource: watched(one.saveSource),
    auditLog: { ...one.auditLog, append: watched(one.auditLog.append) },
    fenced: (fence) => watching(one.fenced(fence)),
  })
  const watchedStore = watching(store)

  async function probe(): Promise<void> {
    if (performance.now() - probedAt < PROBE_MS) return
    probedAt = performance.now()
    const at = now().toISOString()
    await watchedStore.setMetadata('write_probe', at, at).catch(() => undefined) // `failure` has it
  }

  const look = patiently(async () => {
    await store.metadata()
    if (failure !== undefined) await probe()
  })

  return {
    store: watchedStore,
    async check() {
      try {
        await look()
      } catch (error) {
        const { message } = error as Error
        return message === SILENCE ? message : `the store cannot be read: ${message}`
      }
      return failure === undefined ? undefined : `the store takes no writes: ${failure}`
    },
  }
}

const OUTAGES: ReadonlySet<string> = new Set(['unavailable', 'unknown', 'store'])

const outageOf = (error: unknown): string | undefined =>
  error instanceof HoldfastError && OUTAGES.has(error.code) ? error.message : undefined
