import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Version } from '../../src/model/version.ts'
import type { SnapshotAnswer } from '../../src/wire/answers.ts'

/** What a server that is none of ours does with a request to one of its addresses; `whoami`, `snapshot` and `watch` are good where absent. */
export type Answers = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => unknown>>

export interface Stranger {
  readonly url: string
  /** `METHOD path?query`, in order. */
  readonly asked: readonly string[]
  readonly requests: readonly IncomingMessage[]
}

export const version = (id: number, more: Partial<Version> = {}): Version => ({
  id,
  hash: 'a'.repeat(64),
  chainHash: 'b'.repeat(64),
  createdAt: '2026-11-01T12:00:00.000Z',
  createdBy: 'alice',
  description: null,
  cause: 'change',
  isBaseline: false,
  tags: [],
  ...more,
})

export const snapshot = (id: number, more: Partial<SnapshotAnswer> = {}): SnapshotAnswer => ({
  version: version(id),
  config: { server: { port: 4949 } },
  secrets: [],
  overrides: [],
  sources: [],
  ...more,
})

export const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const GOOD: Answers = {
  whoami: (_, response) =>
    json(response, {
      name: 'alice',
      tokenId: 'a1',
      expiresAt: null,
      grants: [{ actions: ['admin'], namespaces: ['*'] }],
    }),
  snapshot: (_, response) => json(response, snapshot(1)),
  watch: (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
}

/** A server that speaks HTTP and may do anything, on a real socket; gone after the test. */
export async function stranger(answers: Answers = {}): Promise<Stranger> {
  const asked: string[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    requests.push(request)
    const name = new URL(request.url ?? '', 'http://x').pathname.split('/').at(-1) ?? ''
    const answer = answers[name] ?? answers['*'] ?? GOOD[name]
    if (answer === undefined) json(response, { code: 'not-found', detail: 'no such thing', what: name }, 404)
    else answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, requests }
}

/** One server-sent event. */
export const event = (name: string, data: unknown, id?: string): string =>
  `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`

/** What a change looks like on the wire. */
export const change = (id: number) =>
  event('change', { version: version(id), changes: [], restartRequired: [], reason: null }, `${id}-bbbbbbbbbbbbbbbb`)
