import type { AddressInfo } from 'node:net'
import { createServer, connect as dial, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to a server that can be cut: bytes go both ways as they are, until it is told not to let an answer through. */
export interface Way {
  readonly url: string
  /** Requests whose first line matches reach the server, but the next `times` of their answers do not come back. */
  loseAnswers(to: RegExp, times: number): void
  /** How many answers were lost. */
  readonly lost: number
  /** Ends every connection there is now. */
  cut(): void
}

export async function wayTo(port: number): Promise<Way> {
  let lose: { readonly to: RegExp; times: number } = { to: /^$/, times: 0 }
  let lost = 0
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = dial(port, '127.0.0.1')
    let isLosing = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
    }
    client.on('data', (chunk) => {
      if (lose.times > 0 && lose.to.test(chunk.toString('latin1'))) {
        lose.times--
        isLosing = true
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (!isLosing) return void client.write(chunk)
      lost++
      client.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseAnswers: (to, times) => {
      lose = { to, times }
    },
    get lost() {
      return lost
    },
    cut,
  }
}
