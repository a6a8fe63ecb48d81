import { once } from 'node:events'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { steadyPort } from '../ports.ts'

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
}

/** A network that can be broken: TCP to a port of this machine through one of our own, which stays the same whatever happens. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number
  #target: number
  #server: Server | undefined
  readonly #pairs = new Set<Pair>()
  #isHeld = false
  #delayMs = 0

  private constructor(port: number, target: number) {
    this.port = port
    this.#target = target
  }

  static async to(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await steadyPort(), target)
    await proxy.accept()
    return proxy
  }

  /** How many connections go through it now. */
  get connections(): number {
    return this.#pairs.size
  }

  /** Where new connections go from now on. */
  retarget(port: number): void {
    this.#target = port
  }

  /** Resets every connection, at both ends, and loses what was on its way. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.resetAndDestroy()
  }

  /** Lets nobody connect any more; who is connected stays so. */
  refuse(): void {
    this.#server?.close()
    this.#server = undefined
  }

  /** Lets others connect again. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client)).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Loses no byte and lets none through, as a network that is gone without a word. */
  hold(): void {
    this.#isHeld = true
    for (const pair of this.#pairs) this.#pace(pair)
  }

  /** Lets go on what was held. */
  release(): void {
    this.#isHeld = false
    for (const pair of this.#pairs) this.#pace(pair)
  }

  /** Lets every byte wait so long, in each direction. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  #join(client: Socket): void {
    const upstream = dial({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { client, upstream }
    this.#pairs.add(pair)
    this.#forward(client, upstream)
    this.#forward(upstream, client)
    this.#pace(pair)
  }

  #pace({ client, upstream }: Pair): void {
    for (const socket of [client, upstream]) {
      if (this.#isHeld) socket.pause()
      else socket.resume()
    }
  }

  /** What ends in one direction goes on in the other; what breaks, breaks whole. */
  #forward(from: Socket, to: Socket): void {
    from.setNoDelay(true)
    from.on('data', (chunk) => this.#later(() => to.destroyed || to.write(chunk)))
    from.on('end', () => this.#later(() => to.end()))
    from.on('error', () => to.resetAndDestroy())
    from.on('close', () => {
      for (const pair of this.#pairs) if (pair.client === from || pair.upstream === from) this.#closed(pair)
    })
  }

  #closed(pair: Pair): void {
    if (pair.client.destroyed && pair.upstream.destroyed) this.#pairs.delete(pair)
  }

  /** Timers of the same length end in the order in which they began. */
  #later(work: () => void): void {
    if (this.#delayMs === 0) work()
    else setTimeout(work, this.#delayMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse()
    this.cut()
  }
}
