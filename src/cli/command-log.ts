import type { Log } from '../engine/options.ts'
import type { Printer } from './print.ts'

/** What the engine logs, on standard error; remembers it, so that nothing is said twice. */
export class CommandLog implements Log {
  readonly #print: Printer
  readonly #said: string[] = []

  constructor(print: Printer) {
    this.#print = print
  }

  info(_: object, message: string): void {
    this.#print.detail(message)
  }

  warn(_: object, message: string): void {
    this.#said.push(message)
    this.#print.warn(message)
  }

  hasNamed(name: string): boolean {
    return this.#said.some((message) => message.includes(name))
  }
}
