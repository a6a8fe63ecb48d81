import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Origin } from '../engine/access.ts'
import type { Log } from '../engine/options.ts'
import type { Service } from '../engine/service.ts'
import type { Config } from '../model/config.ts'
import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import type { Principal } from '../model/principal.ts'
import type { VersionId } from '../model/version.ts'
import type { RouteName } from '../wire/paths.ts'
import type { ServeOptions } from './options.ts'

/** What every route of one server shares. */
export interface Context {
  readonly service: Service
  readonly options: ServeOptions
  readonly log: Log
  readonly now: () => Date
  /** Aborts when the server begins to stop: what waits ends then. */
  readonly stopping: AbortSignal
  /** Hear of every request when it is over: metrics and logs. */
  readonly observers: Observer[]
  /** Requests that wait for a version. */
  readonly polls: VersionWaits
}

/** Waiting for versions; `gone` aborts when the client has gone. */
export interface VersionWaits {
  /** For one after `since`, for `ms` at most. */
  newer(
    config: Config,
    caller: Caller,
    wish: { readonly since: number; readonly ms: number; readonly gone: AbortSignal },
  ): Promise<void>
  /** For `min` or a later one, for as long as `wait` says; refuses (`unavailable`) where it does not come. */
  atLeast(
    config: Config,
    caller: Caller,
    wish: { readonly min: number; readonly wait: string | undefined; readonly gone: AbortSignal },
  ): Promise<void>
}

/** A request that is over, as metrics and logs are told of it. */
export interface Observation {
  /** Undefined for an address that there is not. */
  readonly route: RouteName | undefined
  readonly method: string
  readonly status: number
  readonly milliseconds: number
  readonly requestId: string
  /** Why it was refused; undefined where it was not. */
  readonly code?: ErrorCode | undefined
  /** The version it made. */
  readonly version?: VersionId | undefined
  /** Null where nobody had to be known, or nobody was. */
  readonly caller: Caller | null
  readonly message: IncomingMessage
}
export type Observer = (observation: Observation) => void

/** Who a request comes from, as the door found out before its body was read. */
export interface Caller {
  readonly who: Principal
  readonly from: Origin
  /** The cookie a browser's session is named by; null where a token came with the request. */
  readonly cookie: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes that need no token. */
    caller: Caller | null
    /** Why it was refused, once it was. */
    refused: ErrorCode | undefined
  }
  interface FastifyContextConfig {
    /** The route's name in `PATHS`. */
    name?: RouteName
  }
}

/** The caller of a request to a route that needs one; the door lets no other through. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller !== null) return request.caller
  throw new HoldfastError('unauthenticated', 'this needs a token: send Authorization: Bearer hf_…', {
    reason: 'missing',
  })
}

/** Where a request came from, with a token or without. */
export const originOf = (request: FastifyRequest): Origin =>
  request.caller?.from ?? { ip: addressOf(request.ip), requestId: request.id }

/** A client's address as it is kept: one of version 4 that came over a socket of version 6 is of version 4. */
export function addressOf(ip: string | undefined): string | null {
  if (ip === undefined || ip === '') return null
  return ip.startsWith(':') ? ip.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '') : ip
}
