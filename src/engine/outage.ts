import type { Log } from './options.ts'

/** Logs that something fails, once until it works again. */
export class Outage {
  readonly #log: Log
  readonly #message: string
  #isOn = false

  constructor(log: Log, message: string) {
    this.#log = log
    this.#message = message
  }

  failed(error: unknown): void {
    if (!this.#isOn) this.#log.warn({ error }, this.#message)
    this.#isOn = true
  }

  worked(): void {
    this.#isOn = false
  }
}
