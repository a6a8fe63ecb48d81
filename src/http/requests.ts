import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

const ID = /^[A-Za-z0-9._-]{1,64}$/

/** Of this process alone; a number follows for each request. */
const FRONT = `${randomBytes(9).toString('base64url')}-`
let last = 0

/** The id a request came with, or a new one: answers, problems, log and audit name the request by it. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['request-id']
  return typeof given === 'string' && ID.test(given) ? given : FRONT + ++last
}

/** What every answer says, so that no browser makes more of it than it is. */
export const SECURITY = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** Said where the connection is encrypted. */
export const TRANSPORT = { 'strict-transport-security': 'max-age=31536000' } as const

/** The headers of every answer to `request`. */
export const standing = (request: FastifyRequest): Readonly<Record<string, string>> => ({
  'request-id': request.id,
  ...SECURITY,
  ...(request.protocol === 'https' && TRANSPORT),
})
