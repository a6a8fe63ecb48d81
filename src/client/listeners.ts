import type { ConfigEvents } from '../model/config.ts'
import type { ClientLog } from './options.ts'

type Listener = (event: never) => void

/** Those who asked to be told. */
export class Listeners {
  readonly #listeners = new Map<keyof ConfigEvents, Set<Listener>>()
  readonly #log: ClientLog

  constructor(log: ClientLog) {
    this.#log = log
  }

  on<E extends keyof ConfigEvents>(event: E, listener: (event: ConfigEvents[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** A listener that throws is its owner's mistake: it is logged, and the others still hear. */
  tell<E extends keyof ConfigEvents>(event: E, what: ConfigEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      try {
        listener(what as never)
      } catch (error) {
        this.#log.warn({ event, error }, 'a listener failed')
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}
