import { connect, type Socket } from 'node:net'

/** What a server answered, as far as a load needs it. */
export interface Answer {
  readonly status: number
  readonly bytes: number
  readonly text: string
}

const END = '\r\n\r\n'

/** One kept-alive connection that asks one thing at a time, so that the load costs little beside the server it measures. */
export class Connection {
  readonly #socket: Socket
  #received = ''
  #waiting: PromiseWithResolvers<Answer> | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#take(text))
    socket.on('error', (error) => this.#waiting?.reject(error))
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')))
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new Connection(socket)
  }

  ask(request: string): Promise<Answer> {
    this.#waiting = Promise.withResolvers()
    this.#socket.write(request)
    return this.#waiting.promise
  }

  /** False once the server has closed it, as it does with one that nothing is asked on for long. */
  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #take(text: string): void {
    this.#received = this.#received === '' ? text : this.#received + text
    const answer = readAnswer(this.#received)
    if (answer === undefined) return
    this.#received = ''
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(answer)
  }
}

function readAnswer(received: string): Answer | undefined {
  const end = received.indexOf(END)
  if (end < 0) return undefined
  const head = received.slice(0, end)
  const status = Number(head.slice(9, 12))
  const text = received.slice(end + END.length)
  if (status === 204 || status === 304) return { status, bytes: 0, text: '' }
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  const isWhole =
    length === undefined ? text.endsWith(`\r\n0${END}`) || text === `0${END}` : text.length >= Number(length)
  return isWhole ? { status, bytes: text.length, text } : undefined
}

export interface Request {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** The bytes of a request. */
export function requestText({ method = 'GET', path, headers = {}, body }: Request, port: number): string {
  const all = {
    host: `127.0.0.1:${port}`,
    ...headers,
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}

/** Asks `count` times over `connections` at once; tells how long each took, in milliseconds. */
export async function load(
  connections: readonly Connection[],
  count: number,
  next: () => string,
  check: (answer: Answer) => boolean,
): Promise<readonly number[]> {
  const times: number[] = []
  let left = count
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0) {
        const start = performance.now()
        const answer = await connection.ask(next())
        times.push(performance.now() - start)
        if (!check(answer)) throw new Error(`unexpected answer ${answer.status}: ${answer.text.slice(0, 300)}`)
      }
    }),
  )
  return times
}

/** The value that this part of the times does not exceed. */
export function percentile(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
}
