import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Somebody who is told by webhooks: of `/chat` it takes all but tests, and `/pager` is there no more. */
export interface Receiver {
  readonly url: string
  close(): void
}

export async function startReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += chunk
    const isTest = text.includes('"type":"holdfast.test"')
    response.writeHead(request.url === '/pager' ? 410 : isTest ? 503 : 204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() }
}
