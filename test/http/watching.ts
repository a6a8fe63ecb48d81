import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { onTestFinished } from 'vitest'
import type { ServeOptions } from '../../src/http/options.ts'
import type { TokenRequest } from '../../src/model/access.ts'
import type { ChangeEvent } from '../../src/model/config.ts'
import { type Server, serve } from '../../src/server.ts'
import type { SnapshotAnswer } from '../../src/wire/answers.ts'
import { EventParser, parseWatchId, type StreamEvent } from '../../src/wire/sse.ts'
import { until } from '../engine/helpers.ts'

export const NAMESPACE = '/api/v1/namespaces/default'

/** A server in this process and the first token of its store; closed after the test. */
export interface Running {
  readonly server: Server
  readonly url: string
  readonly token: string
}

const FIRST = new Map<string, string>()

/** Serves the store of `directory`, which shows its first token once: later servers of the same folder know it still. */
export async function running(directory: string, options: Partial<ServeOptions> = {}): Promise<Running> {
  const server = await serve({
    directory,
    store: 'store.db',
    port: 0,
    tokenRate: 1e9,
    addressRate: 1e9,
    drainSeconds: 1,
    environment: {},
    namespaces: { default: {} },
    onFirstToken: (text) => FIRST.set(directory, text),
    log: { info: () => undefined, warn: () => undefined },
    ...options,
  })
  onTestFinished(() => server.close())
  return { server, url: `http://127.0.0.1:${server.port}`, token: FIRST.get(directory)! }
}

/** Asks with a token and a JSON body; the answer's JSON, or the refusal as an error. */
export async function call<T>(
  at: Pick<Running, 'url' | 'token'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const headers = {
    authorization: `Bearer ${at.token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const answer = await fetch(`${at.url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** One change; its version's number. */
export async function change(at: Pick<Running, 'url' | 'token'>, set: object, namespace = 'default'): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/changes`
  const { version } = await call<{ version: { id: number } }>(at, 'POST', path, { set, reason: 'test' })
  return version.id
}

/** A token that may do less than the first one; its text. */
export async function tokenFor(
  at: Running,
  grants: TokenRequest['grants'],
  name = 'limited',
): Promise<{ id: string; text: string }> {
  const { token, text } = await call<{ token: { id: string }; text: string }>(at, 'POST', '/api/v1/tokens', {
    name,
    grants,
  })
  return { id: token.id, text }
}

export interface WatchOptions {
  readonly query?: string
  readonly lastEventId?: string
  readonly namespace?: string
  /** True: connected, and nothing is ever read. */
  readonly isDeaf?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** One client of a watch, over a connection of its own. */
export class Watcher {
  readonly events: StreamEvent[] = []
  /** All that came, as text. */
  text = ''
  status = 0
  headers: IncomingMessage['headers'] = {}
  isEnded = false
  readonly #parser = new EventParser()
  readonly #request: ClientRequest
  #answered: Promise<void>

  constructor({ url, token }: Pick<Running, 'url' | 'token'>, options: WatchOptions = {}) {
    const { query = '', lastEventId, namespace = 'default', isDeaf = false } = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#answered = promise
    const headers = {
      accept: 'text/event-stream',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      ...options.headers,
    }
    const ended = (): void => {
      this.isEnded = true
      resolve()
    }
    this.#request = request(`${url}/api/v1/namespaces/${namespace}/watch${query}`, { headers, agent: false })
    this.#request.on('error', ended)
    this.#request.on('response', (response) => {
      this.status = response.statusCode ?? 0
      this.headers = response.headers
      response.on('error', ended).on('close', ended)
      if (!isDeaf) response.on('data', (chunk: Buffer) => this.#take(chunk))
      resolve()
    })
    this.#request.end()
  }

  /** Connects and waits for the first bytes, so that what is changed from now on is seen. */
  static async open(at: Pick<Running, 'url' | 'token'>, options: WatchOptions = {}): Promise<Watcher> {
    const watcher = new Watcher(at, options)
    onTestFinished(() => watcher.close())
    await watcher.#answered
    const isLive = (): boolean => /^id: /m.test(watcher.text) || watcher.isEnded
    if (options.isDeaf !== true && options.query === undefined && options.lastEventId === undefined) await until(isLive)
    return watcher
  }

  #take(chunk: Buffer): void {
    this.text += chunk.toString('latin1')
    this.events.push(...this.#parser.push(chunk))
  }

  get lastEventId(): string {
    return this.#parser.lastEventId
  }

  get retry(): number | undefined {
    return this.#parser.retry
  }

  get changes(): readonly ChangeEvent[] {
    return this.events.filter(({ event }) => event === 'change').map(({ data }) => JSON.parse(data) as ChangeEvent)
  }

  get versions(): readonly number[] {
    return this.events.filter(({ event }) => event === 'change').map((one) => parseWatchId(one.lastEventId).version)
  }

  get resets(): readonly SnapshotAnswer[] {
    return this.events.filter(({ event }) => event === 'reset').map(({ data }) => JSON.parse(data) as SnapshotAnswer)
  }

  /** Waits until the stream has told of `version`, or has its id. */
  async reached(version: number): Promise<void> {
    await until(() => this.isEnded || (this.lastEventId !== '' && parseWatchId(this.lastEventId).version >= version))
    if (this.lastEventId === '' || parseWatchId(this.lastEventId).version < version) {
      throw new Error(`the stream ended at ${this.lastEventId}: ${this.text}`)
    }
  }

  async ended(): Promise<void> {
    await until(() => this.isEnded)
  }

  close(): void {
    this.#request.destroy()
  }
}
