import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { HoldfastError } from '../../model/errors.ts'

/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly etag: string
  /** Its bytes, one a character. */
  readonly text: string
}

const END = '\r\n\r\n'
const LAST_CHUNK = `\r\n0${END}`
const PATIENCE_MS = 30_000

/** One kept connection that asks one thing at a time and reads no more of an answer than it must, so that it costs little beside the server it measures. */
export class Connection {
  readonly #url: URL
  #socket: Socket | undefined
  #received = ''
  #waiting: PromiseWithResolvers<Answer> | undefined

  constructor(url: URL) {
    this.#url = url
  }

  /** Sends the bytes of a request; opens the connection anew where the server has closed it. */
  ask(request: string): Promise<Answer> {
    this.#waiting = Promise.withResolvers()
    this.#received = ''
    this.#socket ??= this.#open()
    this.#socket.write(request, 'latin1')
    return this.#waiting.promise
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const { protocol, hostname, port } = this.#url
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket =
      protocol === 'https:'
        ? connectTls({ host, port: Number(port || 443), ...(isIP(host) === 0 && { servername: host }) })
        : connectPlain({ host, port: Number(port || 80) })
    socket.setNoDelay(true).setEncoding('latin1').setTimeout(PATIENCE_MS)
    socket.on('data', (text) => this.#take(String(text)))
    socket.on('timeout', () => socket.destroy(new Error(`it did not answer within ${PATIENCE_MS} ms`)))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message))
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined
      this.#fail('it closed the connection')
    })
    return socket
  }

  #take(text: string): void {
    this.#received = this.#received === '' ? text : this.#received + text
    const answer = readAnswer(this.#received)
    if (answer === undefined) return
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(answer)
  }

  #fail(reason: string): void {
    const { origin } = this.#url
    const message = `the server ${origin} is not available: ${reason}`
    this.#waiting?.reject(new HoldfastError('unavailable', message, { store: origin, retry: true }))
    this.#waiting = undefined
  }
}

/** The answer, once it is here whole. */
function readAnswer(received: string): Answer | undefined {
  const end = received.indexOf(END)
  if (end < 0) return undefined
  const head = received.slice(0, end)
  const status = Number(head.slice(9, 12))
  const etag = /\r\netag: *([^\r]*)/i.exec(head)?.[1] ?? ''
  if (status === 204 || status === 304) return { status, etag, text: '' }
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  const at = end + END.length
  const isWhole = length === undefined ? received.endsWith(LAST_CHUNK) : received.length - at >= Number(length)
  return isWhole ? { status, etag, text: received.slice(at) } : undefined
}
