import { HoldfastError } from '../model/errors.ts'

/** How long somebody who only asks how things are waits for a store. */
const PATIENCE_MS = 2000

/** What is said of a store that takes longer. */
export const SILENCE = 'the store does not answer'

/**
 * Asks a store something again and again, although a disk that hangs may never let it answer: one question is under way at a time, so that they do
 * not pile up, and nobody waits for its answer longer than `ms` (refused `unavailable`).
 */
export function patiently<T>(ask: () => Promise<T>, ms = PATIENCE_MS): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().finally(() => {
      asked = undefined
    })
    return within(ms, asked)
  }
}

/** What `work` gives; refuses (`unavailable`) where that takes longer than `ms`, and the work goes on by itself. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(silent()), ms)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

const silent = (): HoldfastError => new HoldfastError('unavailable', SILENCE, { store: 'store', retry: true })
