import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'

/** A request as it goes out: nothing is added but the length of its body. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer with every byte of it. */
export interface Got {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly head: string
  readonly body: Buffer
  readonly text: string
}

/** Asks, and reads the answer; of a stream what comes until nothing has come for a while. */
export function asked(port: number, { method, path, headers = {}, body }: Sent): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>()
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const sent = request({ port, host: '127.0.0.1', method, path, headers: { ...length, ...headers }, agent: false })
  sent.on('error', reject)
  sent.on('response', (response) => {
    const chunks: Buffer[] = []
    const { statusCode: status = 0, headers: received, rawHeaders } = response
    const isStream = received['content-type']?.startsWith('text/event-stream') ?? false
    let quiet: NodeJS.Timeout | undefined
    const wait = (): void => {
      clearTimeout(quiet)
      if (isStream) quiet = setTimeout(() => response.destroy(), 150)
    }
    const done = (): void => {
      clearTimeout(quiet)
      const raw = Buffer.concat(chunks)
      const bytes = received['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      const head = `${response.statusMessage}\n${rawHeaders.join('\n')}`
      resolve({ status, headers: received, head, body: bytes, text: bytes.toString() })
    }
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      wait()
    })
    response.on('error', () => undefined)
    response.on('close', done)
    wait()
  })
  sent.end(body)
  return promise
}
