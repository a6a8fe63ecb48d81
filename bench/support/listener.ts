import { connect, type Socket } from 'node:net'

const BYTES = 8 * 1024

/**
 * One watcher: a request sent, and an answer that never ends. It looks for one text in what it receives, in a buffer of its own, so that a
 * thousand of them cost little beside the server they watch.
 */
export class Listener {
  readonly #socket: Socket
  /** What a text may have begun with at the end of the last piece. */
  #rest = Buffer.alloc(0)
  #heard: { readonly text: Buffer; readonly tell: () => void } | undefined

  private constructor(port: number) {
    const onread = { buffer: Buffer.alloc(BYTES), callback: this.#take }
    this.#socket = connect({ port, host: '127.0.0.1', onread })
    this.#socket.on('error', () => undefined)
  }

  /** Opens one and waits for the first bytes of its answer. */
  static async open(port: number, request: string): Promise<Listener> {
    const listener = new Listener(port)
    await new Promise<void>((resolve) => {
      listener.hear('\r\n\r\n', resolve)
      listener.#socket.write(request)
    })
    return listener
  }

  /** Calls `tell` once, when what is received from now on has `text` in it. */
  hear(text: string, tell: () => void): void {
    this.#rest = Buffer.alloc(0)
    this.#heard = { text: Buffer.from(text), tell }
  }

  close(): void {
    this.#socket.destroy()
  }

  readonly #take = (length: number, buffer: Uint8Array): boolean => {
    if (this.#heard === undefined) return true
    const { text, tell } = this.#heard
    const piece = Buffer.from(buffer.buffer, buffer.byteOffset, length)
    const whole = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    if (whole.includes(text)) {
      this.#heard = undefined
      tell()
    } else this.#rest = Buffer.from(whole.subarray(-text.length))
    return true
  }
}
