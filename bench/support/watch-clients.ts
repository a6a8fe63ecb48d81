import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { scratch } from './scratch.ts'

const SCRIPT = new URL('./watch-server.ts', import.meta.url).pathname
const WATCH = '/api/v1/namespaces/default/watch'
const CHANGES = '/api/v1/namespaces/default/changes'

/** Milliseconds from the request of a change, and from the first watcher that heard of it, until the last one has. */
export interface Told {
  readonly whole: number
  readonly fanOut: number
}

/** A server in a child process, ours or the bare one, and clients of its stream. */
export class Watched {
  readonly #child: ChildProcess
  readonly #port: number
  readonly #token: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #sockets: Socket[] = []
  #waiting = 0
  #first = 0
  #done = (): void => undefined

  private constructor(child: ChildProcess, { port, token }: { readonly port: number; readonly token: string }) {
    this.#child = child
    this.#port = port
    this.#token = token
  }

  static async start(side: 'ours' | 'bare'): Promise<Watched> {
    const child = fork(SCRIPT, [side, scratch()], { execArgv: ['--expose-gc', '--no-warnings'] })
    const [ready] = (await once(child, 'message')) as [{ readonly port: number; readonly token: string }]
    return new Watched(child, ready)
  }

  /** Bytes of the server's resident memory, after it has collected its garbage. */
  async memory(): Promise<number> {
    this.#child.send('memory')
    const [{ bytes }] = (await once(this.#child, 'message')) as [{ readonly bytes: number }]
    return bytes
  }

  /** Opens so many streams, each over a connection of its own, and waits until each has its first bytes. */
  async watch(count: number): Promise<void> {
    for (let n = 0; n < count; n += 100) {
      await Promise.all(Array.from({ length: Math.min(100, count - n) }, () => this.#open()))
    }
  }

  async #open(): Promise<void> {
    const socket = connect(this.#port, '127.0.0.1')
    this.#sockets.push(socket)
    socket.write(`GET ${WATCH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${this.#token}\r\n\r\n`)
    let text = ''
    while (!text.includes('id: ')) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      text += chunk.toString()
      if (!text.startsWith('HTTP/1.1 200')) throw new Error(`no stream: ${text}`)
    }
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes('event: change')) this.#hear()
    })
  }

  #hear(): void {
    if (this.#first === 0) this.#first = performance.now()
    if (--this.#waiting === 0) this.#done()
  }

  /** Asks for a change and waits until every watcher has heard of it. The bare server is given the bytes of the event to send. */
  async tell(body: string): Promise<Told> {
    this.#waiting = this.#sockets.length
    this.#first = 0
    const heard = new Promise<void>((resolve) => {
      this.#done = resolve
    })
    const start = performance.now()
    const answered = this.change(body)
    await heard
    const end = performance.now()
    await answered
    return { whole: end - start, fanOut: end - this.#first }
  }

  /** Asks for a change; resolves with the answer. */
  change(body: string): Promise<string> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const asked = request(
      { port: this.#port, path: CHANGES, method: 'POST', headers, agent: this.#agent },
      (answer) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += chunk
        })
        answer.on('end', () => (answer.statusCode! < 300 ? resolve(text) : reject(new Error(text))))
      },
    )
    asked.on('error', reject)
    asked.end(body)
    return promise
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#agent.destroy()
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

/** How many connections a process may have beside what it needs itself. */
export function mostConnections(): number {
  try {
    const [, , hard] = /Max open files\s+(\d+)\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return Number(hard ?? 1024) - 100
  } catch {
    return 900
  }
}
