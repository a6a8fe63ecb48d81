import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Origin } from '../engine/access.ts'
import { HoldfastError } from '../model/errors.ts'
import type { RouteName } from '../wire/paths.ts'
import { ROUTES, type Route } from '../wire/routes.ts'
import { checkTarget, isSpelledAs, isUnderApi, methodsOf } from './address.ts'
import { checkBody, DEFAULT_BYTES, hasBody } from './body.ts'
import { addressOf, type Caller, type Context } from './context.ts'
import { hostCheck, hostOf, refuseHost } from './hosts.ts'
import { addressKey, Rate } from './rates.ts'
import { standing } from './requests.ts'
import { checkForgery, cookieOf } from './sessions.ts'

const TOKEN_RATE = 6000
const ADDRESS_RATE = 120

/** Asked by machines all the time, and costs nothing; the console is a dozen files at once, for many people behind one address. */
const isUnlimited = (name: RouteName | undefined): boolean =>
  name === 'livez' || name === 'healthz' || name === 'readyz' || (name !== undefined && ROUTES[name].tag === 'console')

/**
 * Lets requests in: all that can be refused before a body is read is refused here, who asks before what is asked for, so that nobody
 * learns without a token which addresses there are.
 */
export function guard(app: FastifyInstance, context: Context): Door {
  const { options } = context
  const limit = options.requestBytes ?? DEFAULT_BYTES
  const door = new Door(context)
  app.decorateRequest('caller', null)
  app.addHook('onRequest', (request, reply, done) => {
    if (!door.isOurs(hostOf(request.raw))) refuseHost()
    const name = nameOf(request)
    const enter = (): void => {
      if (name === undefined) absent(request, reply, done)
      else {
        if (name === 'watch') reply.headers(standing(request)) // its answer is written past the framework
        checkBody(request.headers, limit)
        if (request.headers.expect !== undefined && hasBody(request.headers)) reply.raw.writeContinue()
        done()
      }
    }
    const asked = door.admit(request, name)
    if (asked === undefined) enter()
    else asked.then(enter).catch(done)
  })
  return door
}

/** The route a request has come to by the route's own spelling. */
function nameOf(request: FastifyRequest): RouteName | undefined {
  checkTarget(request.originalUrl)
  const { name } = request.routeOptions.config
  return name !== undefined && isSpelledAs(name, request.originalUrl) ? name : undefined
}

/** Refuses an address that there is not, or not with this method; tells the methods to who asks for them. */
function absent(request: FastifyRequest, reply: FastifyReply, done: (error: Error) => void): void {
  const { method, originalUrl } = request
  const allowed = methodsOf(originalUrl)
  if (allowed.length === 0) {
    done(new HoldfastError('not-found', 'there is no such address; GET /openapi.json lists them', { what: 'address' }))
  } else if (method === 'OPTIONS') {
    void reply
      .code(204)
      .headers({ ...standing(request), allow: allowed.join(', ') })
      .send()
  } else {
    const message = `this address knows ${allowed.join(', ')}, not ${method}`
    done(new HoldfastError('method', message, { method, allowed }))
  }
}

/** Who may come in, and how often. */
export class Door {
  /** True for a `Host` that this server goes by. */
  readonly isOurs: (header: string | undefined) => boolean
  readonly #context: Context
  readonly #tokens: Rate
  readonly #addresses: Rate

  constructor(context: Context) {
    this.#context = context
    this.isOurs = hostCheck(context.options)
    this.#tokens = new Rate(context.options.tokenRate ?? TOKEN_RATE)
    this.#addresses = new Rate(context.options.addressRate ?? ADDRESS_RATE)
  }

  /** Finds out who asks, at once where a token says it; refuses who must be known and is not, and who asks too often. */
  admit(request: FastifyRequest, name: RouteName | undefined): Promise<void> | undefined {
    const ip = addressOf(request.ip)
    const route: Route | undefined = name && ROUTES[name]
    if (route === undefined ? !isUnderApi(request.originalUrl) : route.scope === 'none') {
      if (!isUnlimited(name)) this.#limit(ip)
      return undefined
    }
    const { authorization, cookie } = request.headers
    const session = authorization === undefined ? cookieOf(cookie) : undefined
    if (session !== undefined) return this.#bySession(request, ip, session)
    this.#byToken(request, ip, authorization)
    return undefined
  }

  /** The caller that `Authorization` names. */
  recognise(header: string | undefined, from: Origin): Caller {
    return { who: this.#context.service.access.authenticate(bearer(header), from), from, cookie: null }
  }

  #byToken(request: FastifyRequest, ip: string | null, header: string | undefined): void {
    const from = { ip, requestId: request.id }
    try {
      request.caller = this.recognise(header, from)
    } catch (error) {
      this.#limit(ip)
      throw error
    }
    this.pay(request.caller)
  }

  async #bySession(request: FastifyRequest, ip: string | null, cookie: string): Promise<void> {
    const from = { ip, requestId: request.id }
    try {
      const session = await this.#context.service.access.session(cookie, from)
      checkForgery(request, session)
      request.caller = { who: session.who, from, cookie }
    } catch (error) {
      this.#limit(ip)
      throw error
    }
    this.pay(request.caller)
  }

  /** Counts a request of a token; refuses one too many. `now` is of the clock that counts from the start of the process. */
  pay({ who }: Caller, now?: number): void {
    this.#tokens.take(who.tokenId ?? who.name, `token ${who.name}`, now)
  }

  #limit(ip: string | null): void {
    this.#addresses.take(addressKey(ip), 'this address without a valid token')
  }
}

const USUAL = 'Bearer '

/** The text of the token in `Authorization`; empty where there is none. */
function bearer(header: string | undefined): string {
  if (header === undefined) return ''
  if (header.startsWith(USUAL) && !header.includes(' ', USUAL.length)) return header.slice(USUAL.length)
  const [, text] = /^Bearer +([^\s]+) *$/i.exec(header) ?? []
  if (text !== undefined) return text
  throw new HoldfastError('unauthenticated', 'Authorization is not "Bearer hf_…"', { reason: 'malformed' })
}
