import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { LIMITS } from '../../src/model/limits.ts'
import type { Loaded, Source, SourceOptions } from '../../src/source/source.ts'

/** A folder of its own for the test that asks, gone afterwards. */
export async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'holdfast-source-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

export const options = (given: Partial<SourceOptions> = {}): SourceOptions => ({
  directory: tmpdir(),
  environment: {},
  limits: LIMITS,
  ...given,
})

/** What a source says where it must have something to say. */
export async function loaded(source: Source, previous?: Loaded['fingerprint']): Promise<Loaded> {
  const found = await source.load(previous)
  if (found === 'unchanged') throw new Error('the source said unchanged')
  return found
}

export interface Served {
  readonly origin: string
  readonly port: number
  /** Every request that came in, in order. */
  readonly requests: IncomingMessage[]
}

/** The certificate of `serve`, for `localhost`, `*.holdfast.test` and the loopback addresses. */
export const tlsCa = await readFile(new URL('./fixtures/tls-cert.pem', import.meta.url), 'utf8')
const key = await readFile(new URL('./fixtures/tls-key.pem', import.meta.url), 'utf8')

/** A real TLS server on 127.0.0.1 for the length of one test. */
export async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Served> {
  const requests: IncomingMessage[] = []
  const server = createServer({ key, cert: tlsCa }, (request, response) => {
    requests.push(request)
    answer(request, response)
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { origin: `https://localhost:${port}`, port, requests }
}

/** Waits until `isSo`, with a limit that only a broken program reaches. */
export async function until(isSo: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!isSo()) {
    if (performance.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface Followed {
  readonly count: number
  /** What the last load said, each made because the watch told of a change; `missing` where it was refused. */
  readonly last: unknown
  stop(): Promise<void>
}

/** Follows a source as an engine does: each change told is loaded. Stopped when the test ends. */
export function follow(source: Source): Followed {
  let count = 0
  let last: unknown
  const stop = source.watch!(() => {
    count++
    source.load().then(
      (found) => (last = found === 'unchanged' ? found : found.tree),
      () => (last = 'missing'),
    )
  })
  onTestFinished(stop)
  return {
    get count() {
      return count
    },
    get last() {
      return last
    },
    stop,
  }
}
