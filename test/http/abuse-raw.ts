import { connect, type Socket } from 'node:net'

/** All that a server says to bytes as they are: until it closes, or has said as many answers as are waited for. */
export function rawly(
  port: number,
  said: string | Buffer | readonly (string | Buffer)[],
  answers = 1,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  const done = (): void => {
    socket.destroy()
    resolve(heard)
  }
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1')
    if (answersIn(heard).length >= answers) done()
  })
  socket.on('error', done)
  socket.on('close', done)
  void sayAll(socket, [said].flat())
  return promise
}

async function sayAll(socket: Socket, pieces: readonly (string | Buffer)[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    if (!socket.write(piece)) await new Promise((drained) => socket.once('drain', drained).once('close', drained))
  }
}

/** The answers that are whole, each as its status and its body. */
export function answersIn(
  text: string,
): readonly { readonly status: number; readonly body: string; readonly head: string }[] {
  const found = []
  let at = 0
  while (text.startsWith('HTTP/1.1 ', at)) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end === -1) break
    const head = text.slice(at, end)
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
    if (text.length < end + 4 + length) break
    found.push({ status: Number(head.slice(9, 12)), head, body: text.slice(end + 4, end + 4 + length) })
    at = end + 4 + length
  }
  return found
}
