import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HoldfastError } from '../model/errors.ts'
import { PROBLEM_TYPE, STATUS, toProblem } from '../wire/problem.ts'
import { ROUTES } from '../wire/routes.ts'
import { DEFAULT_BYTES, tooLarge } from './body.ts'
import { type Context, originOf } from './context.ts'
import { standing } from './requests.ts'
import { traceOf } from './trace.ts'

/** Answers every refusal as a problem; who was not let in or may not do it is noted in the audit log. */
export function answerRefusals(app: FastifyInstance, context: Context): void {
  app.decorateRequest('refused', undefined)
  app.setErrorHandler((error, request, reply) => {
    const refusal = toRefusal(error, request, context)
    request.refused = refusal.code
    if (refusal.code === 'unauthenticated' || refusal.code === 'forbidden') note(refusal, request, context)
    return reply
      .headers({ ...standing(request), ...headersOf(refusal) })
      .code(STATUS[refusal.code])
      .send(Buffer.from(JSON.stringify(problemOf(refusal, request))))
  })
}

/** The caller's trace too, where there is one, so that it finds the request from its side. */
function problemOf(refusal: HoldfastError, { id, raw }: FastifyRequest): object {
  const trace = traceOf(raw)
  return { ...toProblem(refusal, id), ...(trace && { traceId: trace.traceId }) }
}

/** Seconds after which what may or may not have happened can be looked for, and a version that was not here yet. */
const LOOK_AGAIN = 5
const SOON = 1

function headersOf({ code, details }: HoldfastError): Record<string, string> {
  return {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    ...(code === 'unauthenticated' && { 'www-authenticate': 'Bearer realm="holdfast"' }),
    ...(code === 'rate-limited' && { 'retry-after': String((details as { retryAfter: number }).retryAfter) }),
    ...(code === 'method' && { allow: (details as { allowed: readonly string[] }).allowed.join(', ') }),
    ...((code === 'unavailable' || code === 'unknown' || code === 'fenced' || code === 'closed') && {
      'retry-after': String(lookAgain(details)),
    }),
    ...('version' in details && { 'holdfast-version': String(details.version) }),
  }
}

const lookAgain = (details: object): number => ('version' in details ? SOON : LOOK_AGAIN)

interface FrameworkError extends Error {
  readonly code?: string
  readonly statusCode?: number
}

/** What the framework refuses is the caller's; everything else is ours, is logged, and tells nothing. */
function toRefusal(error: unknown, request: FastifyRequest, { log, options }: Context): HoldfastError {
  if (error instanceof HoldfastError) return error
  const { code, statusCode = 500, message } = error as FrameworkError
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(options.requestBytes ?? DEFAULT_BYTES)
  if (code?.startsWith('FST_') && statusCode < 500)
    return new HoldfastError('malformed', `the request cannot be read: ${message}`, { what: 'request' })
  if (statusCode === 400 && code === 'ECONNRESET')
    return new HoldfastError('malformed', 'the request ended before its body did', { what: 'body' })
  log.warn({ error, requestId: request.id, route: request.routeOptions.config.name }, 'a request failed')
  return new HoldfastError('unavailable', `something went wrong here; the log has it as request ${request.id}`, {
    store: 'server',
    retry: true,
  })
}

/** The door's refusals and the engine's, with the action that was asked for and never with what was sent. */
function note(refusal: HoldfastError, request: FastifyRequest, { service }: Context): void {
  const { ip, requestId } = originOf(request)
  const { name } = request.routeOptions.config
  const { ns } = (request.params ?? {}) as { readonly ns?: string }
  const details = refusal.details as { readonly action?: string; readonly reason?: string }
  service.access.record({
    event: 'refused',
    who: request.caller?.who.name ?? null,
    tokenId: request.caller?.who.tokenId ?? null,
    sourceIp: ip,
    namespace: ns !== undefined && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(ns) ? ns : null,
    subject: details.action ?? (name === undefined ? 'unknown address' : ROUTES[name].scope),
    detail: `${name ?? 'unknown address'}: ${refusal.code}${details.reason === undefined ? '' : ` (${details.reason})`}`,
    requestId,
  })
}

/** A refusal for who is not even understood as HTTP. */
export function rawProblem(refusal: HoldfastError): string {
  const body = JSON.stringify(toProblem(refusal))
  const status = STATUS[refusal.code]
  return `HTTP/1.1 ${status} Refused\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}
