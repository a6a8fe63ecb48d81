import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serve } from '../../src/server.ts'
import { until } from '../engine/helpers.ts'
import { ServerProcess } from './server-process.ts'
import { folder, NS, served } from './serving.ts'

/** A connection whose requests are written by hand, and what came back so far. */
class Line {
  readonly #socket: Socket
  text = ''
  isClosed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.text += text
    })
    socket.on('close', () => {
      this.isClosed = true
    })
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
  }

  static async open(port: number): Promise<Line> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Line(socket)
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  ask(method: string, path: string, token: string, body?: string): void {
    const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`
    const type = body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    this.send(`${head}${type}\r\n`)
  }
}

const CHANGE = JSON.stringify({ set: { server: { port: 7 } }, reason: 'while it stops' })

describe('a server that is stopped', () => {
  it('ends what is under way, tells those who wait, and says that it is not ready', async () => {
    const at = await served(folder())
    const { port } = at.server
    const [change, poll, watch, idle] = [
      await Line.open(port),
      await Line.open(port),
      await Line.open(port),
      await Line.open(port),
    ]
    change.ask('POST', `${NS}/changes`, at.admin, CHANGE)
    change.send(CHANGE.slice(0, 5))
    poll.ask('GET', `${NS}/config?wait=60s`, at.admin)
    watch.ask('GET', `${NS}/watch`, at.admin)
    idle.ask('GET', '/livez', at.admin)
    await until(() => watch.text.includes('watching') && idle.text.includes('ok'))

    const ready = await Line.open(port)
    ready.send('GET /readyz HTTP/1.1\r\n')
    await at.get('/livez') // all of the above has arrived
    const closed = at.server.close()
    ready.send('Host: localhost\r\n\r\n')
    await until(() => watch.isClosed && poll.isClosed && idle.isClosed && ready.isClosed)
    expect(watch.text).toMatch(/retry: [1-4]\d{3}\n\n/)
    expect(poll.text).toMatch(/^HTTP\/1\.1 200 /)
    expect(ready.text).toMatch(/^HTTP\/1\.1 503 /)
    expect(ready.text).toMatch(/^connection: close\r$/im)

    change.send(CHANGE.slice(5))
    await until(() => change.isClosed)
    expect(change.text).toMatch(/^HTTP\/1\.1 201 /)
    expect(change.text).toMatch(/^connection: close\r$/im)
    await closed
    await expect(Line.open(port)).rejects.toThrow()
  })

  it('waits for nobody longer than it was told to', async () => {
    const at = await served(folder(), { drainSeconds: 0.2 })
    const line = await Line.open(at.server.port)
    line.ask('POST', `${NS}/changes`, at.admin, CHANGE)
    line.send(CHANGE.slice(0, 5))
    await at.get('/livez')
    await at.server.close()
    await until(() => line.isClosed)
    expect(line.text).toBe('')
  })

  it('is stopped once, however often it is told', async () => {
    const at = await served(folder())
    await Promise.all([at.server.close(), at.server.close()])
    await at.server.close()
  })

  it('has every change that it answered, when another one opens its store', async () => {
    const directory = folder()
    const child = await ServerProcess.start(directory)
    onTestFinished(() => child.kill())
    await child.fetch(NS, { method: 'PUT' })
    let answered = 0
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 1; ; i++) {
        const answer = await child.post(`${NS}/changes`, { set: { [`w${writer}`]: { n: i } } }).catch(() => undefined)
        if (answer?.status !== 201) return i - 1
        answered++
      }
    })
    await until(() => answered > 50)
    expect(await child.stop()).toBe(0)
    const last = await Promise.all(writers)

    const again = await serve({
      directory,
      store: 'store.db',
      port: 0,
      log: { info: () => undefined, warn: () => undefined },
    })
    onTestFinished(() => again.close())
    const config = await fetch(`${again.url}${NS}/config`, { headers: { authorization: `Bearer ${child.token}` } })
    const found = (await config.json()) as Record<string, { n: number }>
    for (const [writer, n] of last.entries()) expect(found[`w${writer}`]!.n).toBeGreaterThanOrEqual(n)
  })
})
