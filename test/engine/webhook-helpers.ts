import { readFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { WebhookParts } from '../../src/engine/webhook-parts.ts'
import { openWebhooks, type WebhookEngine } from '../../src/engine/webhooks.ts'
import { type Config, type OpenOptions, openConfig } from '../../src/index.ts'
import { localPrincipal } from '../../src/model/principal.ts'
import type { Webhooks } from '../../src/model/webhook.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { AS_ALICE, folder, STORE } from './helpers.ts'
import { partsOf } from './webhook-wiring.ts'

export interface Received {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** The bodies, parsed. */
  readonly messages: () => readonly Message[]
}

export interface Message {
  readonly type: string
  readonly timestamp: string
  readonly data: Record<string, unknown> & { readonly version: { readonly id: number } }
}

type Answer = (response: ServerResponse, received: Received, count: number) => void

const ok: Answer = (response) => void response.writeHead(204).end()
const tls = {
  key: readFileSync(new URL('../source/fixtures/tls-key.pem', import.meta.url)),
  cert: readFileSync(new URL('../source/fixtures/tls-cert.pem', import.meta.url)),
}

/** A real receiver on 127.0.0.1 for the length of one test. */
export async function receiver(answer: Answer = ok, { isTls = false, port = 0 } = {}): Promise<Receiver> {
  const received: Received[] = []
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers as Record<string, string>, body }
      received.push(one)
      answer(response, one, received.length)
    })
    request.on('error', () => undefined)
  }
  const server = isTls ? createHttps(tls, listener) : createHttp(listener)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address() as AddressInfo
  return {
    url: `${isTls ? 'https' : 'http'}://localhost:${address.port}/hook`,
    port: address.port,
    received,
    messages: () => received.map(({ body }) => JSON.parse(body) as Message),
  }
}

/** A clock that stands still until it is moved. */
export interface Clock {
  readonly now: () => Date
  forward(ms: number): void
}

export function clock(start = Date.now()): Clock {
  let time = start
  return {
    now: () => new Date(time),
    forward(ms) {
      time += ms
    },
  }
}

export interface Rig {
  readonly directory: string
  readonly store: Store
  readonly config: Config
  readonly engine: WebhookEngine
  readonly hooks: Webhooks
  readonly audit: Parameters<WebhookParts['record']>[0][]
  readonly warnings: string[]
  /** What the log is told of each attempt at a delivery. */
  readonly attempts: Readonly<Record<string, unknown>>[]
  close(): Promise<void>
}

export interface RigOptions {
  readonly directory?: string
  readonly now?: () => Date
  readonly delivery?: WebhookParts['delivery']
  readonly webhookHosts?: readonly string[]
  readonly open?: OpenOptions
}

export const alice = localPrincipal('alice', '192.0.2.7')

/** A store with one namespace, followed by webhooks that send. The namespace is another connection to the file, as another process would be. */
export async function rig({ directory = folder(), now = () => new Date(), ...options }: RigOptions = {}): Promise<Rig> {
  const config = await openConfig({ directory, ...AS_ALICE, now, ...options.open })
  const store = await openSqlite(join(directory, STORE))
  const audit: Rig['audit'] = []
  const warnings: string[] = []
  const attempts: Readonly<Record<string, unknown>>[] = []
  const parts = partsOf({ directory, store, config, now })
  const engine = await openWebhooks({
    ...parts,
    record: (entry) => void audit.push(entry),
    log: {
      info: (details, text) => void (text === 'delivery' && attempts.push({ ...details })),
      warn: (details, text) => void warnings.push(JSON.stringify(details) + text),
    },
    webhookHosts: options.webhookHosts ?? ['localhost'],
    ...(options.delivery && { delivery: options.delivery }),
  })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= (async () => {
      await engine[Symbol.asyncDispose]()
      await parts.leases[Symbol.asyncDispose]()
      await config.close()
      await store.close()
    })()
    return closed
  }
  onTestFinished(close)
  return { directory, store, config, engine, hooks: engine.as(alice), audit, warnings, attempts, close }
}
