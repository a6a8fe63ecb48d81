import type { FastifyInstance, FastifyReply, FastifyRequest, preValidationHookHandler } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { EmbeddedConfig } from '../engine/embedded.ts'
import { HoldfastError } from '../model/errors.ts'
import { PATHS, type RouteName } from '../wire/paths.ts'
import { ROUTES, type Route, type RouteTable } from '../wire/routes.ts'
import { only } from '../wire/schema-kit.ts'
import { routerPath } from './address.ts'
import { type Answer, send } from './answer.ts'
import { type Caller, type Context, callerOf } from './context.ts'
import { requireStore } from './staleness.ts'

type Part<N extends RouteName, P extends string> = RouteTable[N] extends { readonly [K in P]: infer S extends TSchema }
  ? Static<S>
  : Record<never, never>

/** A request to a route, as its schemas let it through. */
export interface Call<N extends RouteName> {
  readonly context: Context
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly params: Part<N, 'params'>
  readonly query: Part<N, 'query'>
  readonly body: Part<N, 'body'>
  /** Refuses where nobody known asks. */
  readonly caller: Caller
}

export type Handler<N extends RouteName> = (call: Call<N>) => Answer | Promise<Answer>

/** Handlers by the name of their route. */
export type Handlers<N extends RouteName> = { readonly [K in N]: Handler<K> }

/** The namespace that a call is about, as its caller may see it; at the version that the call asks for at least. */
export async function configOf({ context, params, caller, query, reply }: InNamespace): Promise<EmbeddedConfig> {
  const config = await context.service.config(caller.who, params.ns, caller.from)
  const { min, wait } = query
  if (min !== undefined) await context.polls.atLeast(config, caller, { min, wait, gone: goneSignal(reply) })
  return config
}

export interface InNamespace extends Pick<Call<RouteName>, 'context' | 'caller' | 'reply'> {
  readonly params: { readonly ns: string }
  readonly query: { readonly min?: number; readonly wait?: string }
}

/** Aborts when the client has gone. */
export function goneSignal({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  return gone.signal
}

/** Serves routes by what the table says of them. */
export function register<N extends RouteName>(app: FastifyInstance, context: Context, handlers: Handlers<N>): void {
  for (const name of Object.keys(handlers) as N[]) {
    const handler = handlers[name] as Handler<RouteName>
    app.route({
      ...addressOf(name),
      preValidation: requireBody(ROUTES[name]),
      handler: async (request, reply) => {
        requireStore(context, name)
        return await send(request, reply, await handler(new Asked(context, request, reply)))
      },
    })
  }
}

const NOTHING = only({})

/** Method, path and schemas of a route, as the router takes them. */
export function addressOf(name: RouteName) {
  const [method, template] = PATHS[name]
  const { params, query, body } = ROUTES[name]
  return {
    method,
    url: routerPath(template),
    schema: { params: params ?? NOTHING, querystring: query ?? NOTHING, ...(body && { body }) },
  }
}

/** Where a body belongs there must be one, an empty object at least; elsewhere there must be nothing in it. */
function requireBody({ body, isBodyOptional }: Route): preValidationHookHandler {
  return (request, _, done) => {
    if (body === undefined)
      return done(isEmpty(request.body) ? undefined : malformedBody('there is nothing to say in a body here'))
    if (request.body === undefined && isBodyOptional) request.body = {}
    done(request.body === undefined ? malformedBody('the body is missing: send a JSON object') : undefined)
  }
}

const isEmpty = (body: unknown): boolean => body === undefined || Object.keys(body as object).length === 0

const malformedBody = (message: string) => new HoldfastError('malformed', message, { what: 'body' })

class Asked implements Call<RouteName> {
  readonly context: Context
  readonly request: FastifyRequest
  readonly reply: FastifyReply

  constructor(context: Context, request: FastifyRequest, reply: FastifyReply) {
    this.context = context
    this.request = request
    this.reply = reply
  }

  get params(): never {
    return this.request.params as never
  }

  get query(): never {
    return this.request.query as never
  }

  get body(): never {
    return (this.request.body ?? {}) as never
  }

  get caller(): Caller {
    return callerOf(this.request)
  }
}
