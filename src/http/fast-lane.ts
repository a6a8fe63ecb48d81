import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { PATHS } from '../wire/paths.ts'
import { isKnown } from './conditions.ts'
import { addressOf, type Caller, type Context } from './context.ts'
import { endOfHead, mayGoDirect, writeDirect } from './direct.ts'
import type { Door } from './door.ts'
import { hostOf } from './hosts.ts'
import { requestId } from './requests.ts'
import { type Body, type ConfigView, type ConfigViews, codingOf, writeView } from './views.ts'

const [PREFIX = '', SUFFIX = ''] = PATHS.readConfig[1].split('{ns}')

/**
 * The read that services make all the time, answered ahead of the framework where the bytes are there already: the same checks by the same
 * door, and nothing besides. Whatever is not plain, or is to be refused, goes the long way.
 */
export class FastLane {
  readonly #context: Context
  readonly #door: Door
  readonly #views: ConfigViews
  readonly #isBehindProxy: boolean
  readonly #endOfHead: (now: number) => string

  constructor(context: Context, door: Door, views: ConfigViews, keepAliveSeconds: number) {
    this.#context = context
    this.#door = door
    this.#views = views
    this.#isBehindProxy = context.options.trustProxy !== undefined
    this.#endOfHead = endOfHead(keepAliveSeconds)
  }

  /** Answers, or does nothing and gives false. */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '', method, headers } = request
    if (method !== 'GET' || !url.startsWith(PREFIX) || !url.endsWith(SUFFIX) || url.includes('?')) return false
    if (headers.authorization === undefined || !this.#isPlain(request) || !this.#door.isOurs(hostOf(request)))
      return false
    const begin = performance.now()
    const namespace = url.slice(PREFIX.length, -SUFFIX.length)
    const { service } = this.#context
    const version = service.current(namespace)
    if (version === undefined || service.staleSince() !== undefined) return false

    const from = { ip: addressOf(request.socket.remoteAddress), requestId: requestId(request) }
    try {
      const caller = this.#door.recognise(headers.authorization, from)
      const { who } = caller
      const view = this.#views.readyFor(who, namespace, version, () => this.#context.service.reach(who, namespace).key)
      const body = view && bodyFor(view, request)
      if (view === undefined || body === undefined) return false
      this.#door.pay(caller, begin)
      this.#send(request, response, { view, body, caller, begin })
      return true
    } catch {
      return false // the long way refuses it again, in words
    }
  }

  #isPlain({ headers }: IncomingMessage): boolean {
    const { 'content-length': length, 'transfer-encoding': encoding, expect } = headers
    return (
      length === undefined &&
      encoding === undefined &&
      expect === undefined &&
      !this.#isBehindProxy &&
      !this.#context.stopping.aborted
    )
  }

  #send(request: IncomingMessage, response: ServerResponse, { view, body, caller, begin }: Found): void {
    const status = isKnown(request.headers['if-none-match'], view.etag) ? 304 : 200
    const requestId = caller.from.requestId!
    const direct = status === 304 ? view.directlyKnown : body.direct
    if (direct !== undefined && mayGoDirect(request, response)) {
      writeDirect(response, direct, requestId, this.#endOfHead(Date.now()))
    } else writeView(response, view, { status, body, requestId })
    const milliseconds = performance.now() - begin
    const told = {
      route: 'readConfig',
      method: 'GET',
      status,
      milliseconds,
      requestId,
      caller,
      message: request,
    } as const
    for (const observer of this.#context.observers) observer(told)
  }
}

interface Found {
  readonly view: ConfigView
  readonly body: Body
  readonly caller: Caller
  readonly begin: number
}

/** The body in the coding that the client takes; undefined where that is not made yet. */
function bodyFor(view: ConfigView, { headers }: IncomingMessage): Body | undefined {
  const coding = codingOf(view, headers['accept-encoding'])
  return coding === undefined ? view.plain : view.coded[coding]
}

/** Lets a lane look at each request before the framework does. */
export function takeAhead(server: Server, lane: FastLane): void {
  const listeners = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    if (lane.take(request, response)) return
    // Without a body there is no end of one to wait for, which the framework would do where its type is named.
    if (request.readableEnded) delete request.headers['content-type']
    for (const listener of listeners) listener(request, response)
  })
}
