import type { ConfigEvents } from './config.ts'

type Listener = (event: never) => void

/** Those who asked to be told of what happens to a namespace. */
export class Listeners {
  readonly #listeners = new Map<keyof ConfigEvents, Set<Listener>>()
  readonly #log: { warn(details: object, message: string): void }

  constructor(log: { warn(details: object, message: string): void }) {
    this.#log = log
  }

  /** Returns how to stop. */
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
