import type { ServerOptions as NodeOptions } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { HoldfastError } from '../model/errors.ts'
import type { VersionId } from '../model/version.ts'
import { PATHS, type RouteName } from '../wire/paths.ts'
import { checkTarget, parseQuery, routerPath } from './address.ts'
import { DEFAULT_BYTES, parseBody } from './body.ts'
import type { Context, Observation } from './context.ts'
import { guard } from './door.ts'
import { FastLane, takeAhead } from './fast-lane.ts'
import { keepLog } from './logs.ts'
import { Metrics } from './metrics.ts'
import { Polls } from './polls.ts'
import { answerRefusals, rawProblem } from './refusals.ts'
import { requestId } from './requests.ts'
import { registerAccess } from './routes-access.ts'
import { registerChanges } from './routes-change.ts'
import { registerConsole } from './routes-console.ts'
import { registerReads } from './routes-read.ts'
import { registerServer } from './routes-server.ts'
import { registerStore } from './routes-store.ts'
import { registerVersions } from './routes-versions.ts'
import { markStale } from './staleness.ts'
import { endUnread } from './unread.ts'
import { validators } from './validation.ts'
import { ConfigViews } from './views.ts'
import { registerWatch } from './watch.ts'

/** How long a client may take: for its head, for all of a request, and between two of them. */
const TIMES: NodeOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 72_000,
  connectionsCheckingInterval: 2000,
  optimizeEmptyRequests: true,
}
const MOST_SOCKETS = 20_000

/** What listens for requests: plain, or with a certificate. */
export interface Encryption {
  readonly key: Buffer
  readonly cert: Buffer
}

/** Puts the routes of a server together, ready to listen. */
export function makeApp(given: Omit<Context, 'polls'>, encryption?: Encryption): FastifyInstance {
  const context: Context = { ...given, polls: new Polls(given) }
  const app = create(context, encryption)
  app.server.maxConnections = MOST_SOCKETS
  // Without a listener Node would ask for the body before anybody has looked who sends it.
  app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response))
  app.setValidatorCompiler(validators())
  answerRefusals(app, context)
  readBodies(app, context)
  nameRoutes(app)
  const door = guard(app, context)
  const metrics = new Metrics(context)
  context.observers.push(metrics.observe)
  keepLog(context)
  endConnections(app, context)
  endUnread(app)
  markStale(app, context)
  observe(app, context)
  const views = new ConfigViews(context.options.tls !== undefined)
  registerReads(app, context, views)
  registerChanges(app, context)
  registerVersions(app, context)
  registerAccess(app, context)
  registerStore(app, context)
  registerServer(app, context, metrics)
  registerConsole(app, context)
  const hub = registerWatch(app, context, metrics.told)
  metrics.showWatchers(() => hub.size)
  takeAhead(app.server, new FastLane(context, door, views, Math.floor(app.server.keepAliveTimeout / 1000)))
  return app
}

function create({ options }: Context, encryption: Encryption | undefined): FastifyInstance {
  const common = {
    bodyLimit: options.requestBytes ?? DEFAULT_BYTES,
    trustProxy: options.trustProxy === undefined ? false : [...options.trustProxy],
    requestIdHeader: false,
    genReqId: requestId,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 8192, querystringParser: parseQuery },
    clientErrorHandler: refuseRaw,
    rewriteUrl: plainTarget,
  } as const
  try {
    const app =
      encryption === undefined
        ? fastify({ ...common, http: TIMES })
        : fastify({ ...common, https: { ...TIMES, ...encryption } })
    return app as unknown as FastifyInstance
  } catch (error) {
    throw new HoldfastError('malformed', `trustProxy: ${(error as Error).message}`, { what: 'trustProxy' })
  }
}

/** What is no plain address comes to no route at all; the door says what is wrong with it. */
function plainTarget({ url = '' }: { readonly url?: string | undefined }): string {
  try {
    checkTarget(url)
    return url
  } catch {
    return '/'
  }
}

/** Who does not speak HTTP is told so, and no more. */
function refuseRaw(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new HoldfastError('malformed', 'the address and the headers of the request are longer than 16 KiB', {
          what: 'headers',
        })
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new HoldfastError('malformed', 'the request took too long to arrive', { what: 'request' })
        : new HoldfastError('malformed', 'this is not HTTP/1.1 as it is spoken here', { what: 'request' })
  socket.end(rawProblem(refusal))
}

/** Every body is read by our own reader: the door has let in only what says itself to be JSON. */
function readBodies(app: FastifyInstance, { options }: Context): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => {
    if (body.length === 0) done(null, undefined)
    else done(null, parseBody(body as Buffer, options.limits?.depth))
  })
}

const BY_ADDRESS: ReadonlyMap<string, RouteName> = new Map(
  Object.entries(PATHS).map(([name, [method, template]]) => [`${method} ${routerPath(template)}`, name as RouteName]),
)

/** Each route knows its name in the table, by which the door knows what it needs. */
function nameRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const method = route.method === 'HEAD' ? 'GET' : String(route.method)
    const name = BY_ADDRESS.get(`${method} ${route.url}`)
    if (name !== undefined) route.config = { ...route.config, name }
  })
}

/** Whose request was under way when the stop began asks another server next. */
function endConnections(app: FastifyInstance, { stopping }: Context): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping.aborted) reply.header('connection', 'close')
    done(null, payload)
  })
}

/** The version that a request made. */
function madeBy(reply: FastifyReply): VersionId | undefined {
  const version = reply.raw.statusCode === 201 ? reply.getHeader('holdfast-version') : undefined
  return version === undefined ? undefined : Number(version)
}

function observe(app: FastifyInstance, { observers }: Context): void {
  app.addHook('onResponse', (request, reply, done) => {
    const observation: Observation = {
      route: request.routeOptions.config.name,
      method: request.method,
      status: reply.raw.statusCode,
      milliseconds: reply.elapsedTime,
      requestId: request.id,
      code: request.refused,
      version: madeBy(reply),
      caller: request.caller,
      message: request.raw,
    }
    for (const observer of observers) observer(observation)
    done()
  })
}
