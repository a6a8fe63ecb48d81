import type { FastifyRequest } from 'fastify'
import type { Session } from '../engine/access.ts'
import { isSameText } from '../engine/token-text.ts'
import { HoldfastError } from '../model/errors.ts'

const NAME = '__Host-holdfast'
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict'

/** The session's cookie of a request; `undefined` where it has none, or more than one. */
export function cookieOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${NAME}=`))
  return found.length === 1 ? found[0]!.slice(NAME.length + 1) : undefined
}

/** A `Set-Cookie` that a browser sends back to this host alone, never to a script and never from another site. */
export const setCookie = (value: string): string => `${NAME}=${value}; ${ATTRIBUTES}`

export const CLEAR_COOKIE = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`

const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Refuses what another site may have made a signed-in browser send. */
export function checkForgery({ method, headers }: FastifyRequest, session: Session): void {
  if (SAFE.includes(method)) return
  checkOrigin(headers)
  const given = headers['holdfast-csrf']
  if (typeof given === 'string' && isSameText(given, session.csrf)) return
  throw forged('send what GET /api/v1/session calls csrf as Holdfast-CSRF')
}

/** Refuses what a browser says itself to come from another site. */
export function checkOrigin(headers: FastifyRequest['headers']): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') throw forged('it comes from another site')
  const { origin, host } = headers
  if (origin === undefined) return
  if (origin.replace(/^https?:\/\//i, '').toLowerCase() !== host?.toLowerCase())
    throw forged('its Origin is not this host')
}

function forged(why: string): HoldfastError {
  return new HoldfastError('forbidden', `not sent by this server's own pages: ${why}`, {
    action: 'session',
    namespace: '*',
  })
}
