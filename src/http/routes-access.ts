import type { FastifyInstance } from 'fastify'
import type { Session } from '../engine/access.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Answer } from './answer.ts'
import { auditLines } from './audit-lines.ts'
import { type Handlers, register } from './call.ts'
import { type Caller, type Context, originOf } from './context.ts'
import { CLEAR_COOKIE, checkOrigin, setCookie } from './sessions.ts'

/** Who may come in, tokens, and the audit log. */
export function registerAccess(app: FastifyInstance, context: Context): void {
  register(app, context, ACCESS)
}

type Names =
  | 'whoami'
  | 'signIn'
  | 'readSession'
  | 'signOut'
  | 'listTokens'
  | 'createToken'
  | 'rotateToken'
  | 'revokeToken'
  | 'audit'

const ACCESS: Handlers<Names> = {
  whoami: ({ context, caller }) => ({ json: context.service.access.whoami(caller.who) }),
  async signIn({ context, request, body }) {
    checkOrigin(request.headers)
    const { session, cookie } = await context.service.access.signIn(body.token, originOf(request))
    return { ...shown(session), status: 201, headers: { 'set-cookie': setCookie(cookie) } }
  },
  async readSession({ context, caller }) {
    return shown(await context.service.access.session(cookieOf(caller), caller.from))
  },
  async signOut({ context, caller }) {
    await context.service.access.signOut(cookieOf(caller), caller.from)
    return { headers: { 'set-cookie': CLEAR_COOKIE } }
  },
  listTokens: async ({ context, caller }) => ({ json: await tokensOf(context, caller).list() }),
  async createToken({ context, caller, body }) {
    return { status: 201, json: await tokensOf(context, caller).create(body) }
  },
  async rotateToken({ context, caller, params, body }) {
    return { json: await tokensOf(context, caller).rotate(params.id, body) }
  },
  async revokeToken({ context, caller, params }) {
    return { json: await tokensOf(context, caller).revoke(params.id) }
  },
  async audit({ context, caller, query }) {
    const { format = 'json', ...filter } = query
    const admin = context.service.admin(caller.who, caller.from)
    const page = await admin.audit(filter)
    return format === 'json' ? { json: page } : auditLines(admin, { filter, page, format })
  },
}

const tokensOf = ({ service }: Context, { who, from }: Caller) => service.admin(who, from).tokens

const shown = ({ who, csrf, idleUntil, until }: Session): Answer => ({
  json: { name: who.name, tokenId: who.tokenId, grants: who.grants, csrf, idleUntil, until },
})

function cookieOf({ cookie }: Caller): string {
  if (cookie !== null) return cookie
  throw new HoldfastError('not-found', 'there is no session: the request came with a token of its own', {
    what: 'session',
  })
}
