import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What is done with bytes of one direction: passed on, or lost. */
type Way = 'open' | 'lost'

/** A line to a port of this machine that can lose what is said in one direction, and be cut. */
export class Line {
  readonly #server: Server
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  /** Of what the client says, and of what it is answered. */
  readonly ways: { asking: Way; answering: Way } = { asking: 'open', answering: 'open' }
  /** How often somebody asked after the last answer had come. */
  roundTrips = 0

  private constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, '127.0.0.1')
      const pair = [near, far] as const
      this.#pairs.add(pair)
      let isAnswered = true
      near.on('data', (bytes) => {
        if (isAnswered) this.roundTrips++
        isAnswered = false
        if (this.ways.asking === 'open') far.write(bytes)
      })
      far.on('data', (bytes) => {
        isAnswered = true
        if (this.ways.answering === 'open') near.write(bytes)
      })
      for (const [one, other] of [pair, [far, near]] as const) {
        one.on('error', () => undefined)
        one.on('close', () => {
          other.destroy()
          this.#pairs.delete(pair)
        })
      }
    })
  }

  static async to(url: string): Promise<{ readonly line: Line; readonly url: string }> {
    const target = new URL(url)
    const line = new Line(Number(target.port))
    line.#server.listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    onTestFinished(() => line.close())
    target.port = String((line.#server.address() as AddressInfo).port)
    return { line, url: target.href }
  }

  /** Ends every connection by a reset; new ones find both ways open. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    this.ways.asking = 'open'
    this.ways.answering = 'open'
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
