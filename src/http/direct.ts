import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'

/** The answer to a read, but for what each request adds to it: its id, and the time of day. */
export interface Direct {
  /** The status line and the headers, up to the value of the last one, which is the request's id. */
  readonly front: string
  readonly body: string
}

/** Puts together what `ServerResponse` would write for these headers, names and values in turn. */
export function toDirect(status: number, headers: readonly string[], body: string): Direct {
  const lines: string[] = []
  for (let i = 0; i < headers.length; i += 2) lines.push(`\r\n${headers[i]}: ${headers[i + 1]}`)
  return { front: `HTTP/1.1 ${status} ${STATUS_CODES[status]}${lines.join('')}`, body }
}

/**
 * Whether an answer may go past `ServerResponse`: it is this one's turn on a connection that stays, and the client has taken what it was sent
 * before, so that there is nothing to hold back.
 */
export const mayGoDirect = ({ socket }: IncomingMessage, response: ServerResponse): boolean =>
  response.shouldKeepAlive && response.socket === socket && socket.writableLength === 0

/**
 * Writes an answer in one piece and ends it. Of a read of 5 kB Node's own assembling and sending of an answer is a third of the processor time
 * that is not the kernel's; `finish` is what makes Node take the next request of the connection.
 */
export function writeDirect(response: ServerResponse, { front, body }: Direct, requestId: string, end: string): void {
  response.socket!.write(`${front}${requestId}${end}${body}`, 'latin1')
  response.emit('finish')
}

/** The headers that Node adds to each answer on a connection that stays; `seconds` is how long it stays without a request. */
export function endOfHead(seconds: number): (now: number) => string {
  let second = Number.NaN
  let text = ''
  return (now) => {
    const current = Math.floor(now / 1000)
    if (current !== second) {
      second = current
      text = `\r\nDate: ${new Date(now).toUTCString()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n\r\n`
    }
    return text
  }
}
