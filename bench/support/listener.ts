import { connect, type Socket } from 'node:net'

/** One watcher: a request sent, and an answer that never ends. */
export class Listener {
  readonly #socket: Socket
  #text = ''
  #heard: { readonly matches: (text: string) => boolean; readonly resolve: () => void } | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#take(text))
    socket.on('error', () => undefined)
  }

  /** Opens one and waits for the first bytes of its answer. */
  static async open(port: number, request: string): Promise<Listener> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const listener = new Listener(socket)
    const begun = listener.hear((text) => text.includes('\r\n\r\n'))
    socket.write(request)
    await begun
    return listener
  }

  /** Resolves when what was received since the last call matches. */
  hear(matches: (text: string) => boolean): Promise<void> {
    this.#text = ''
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#heard = { matches, resolve }
    return promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(text: string): void {
    this.#text += text
    if (!this.#heard?.matches(this.#text)) return
    this.#heard.resolve()
    this.#heard = undefined
  }
}
