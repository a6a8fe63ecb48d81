import { request } from 'node:http'

/** An answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

export interface RawRequest {
  readonly method: string
  /** Sent as it is: nothing makes it a better address. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** Sends a request byte for byte; of an answer that does not end (a stream) only the beginning is read. */
export function ask(port: number, { method, path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const sent = request({ port, host: '127.0.0.1', method, path, headers: { ...length, ...headers }, agent: false })
  sent.on('error', reject)
  sent.on('response', (response) => {
    const chunks: Buffer[] = []
    const { statusCode: status = 0, headers: received } = response
    const done = (): void => resolve({ status, headers: received, text: Buffer.concat(chunks).toString() })
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (received['content-type']?.startsWith('text/event-stream')) response.destroy()
    })
    response.on('close', done)
    response.on('error', done)
  })
  sent.end(body)
  return promise
}
