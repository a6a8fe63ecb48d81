import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** How long, and for how many bytes, a client that was answered already may go on sending: enough to read the answer. */
const LINGER_MS = 5000
const LINGER_BYTES = 256 * 1024
const LOOK_MS = 20

/** Cuts off whoever goes on sending a body that nobody reads: it was refused before that, so it may be anybody. */
export function endUnread(app: FastifyInstance): void {
  app.addHook('onResponse', (request, _, done) => {
    if (!request.raw.complete) linger(request.raw)
    done()
  })
}

function linger(message: IncomingMessage): void {
  const { socket } = message
  const before = socket.bytesRead
  const end = performance.now() + LINGER_MS
  const timer = setInterval(() => {
    const isOver = performance.now() > end || socket.bytesRead - before > LINGER_BYTES
    if (!message.complete && !socket.destroyed && !isOver) return
    clearInterval(timer)
    if (!message.complete) socket.destroy()
  }, LOOK_MS).unref()
}
