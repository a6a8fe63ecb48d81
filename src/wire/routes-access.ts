import Type from 'typebox'
import { AUDIT_EVENTS } from '../model/access.ts'
import { WEBHOOK_KINDS } from '../model/webhook.ts'
import * as examples from './examples.ts'
import { byId, PARAMETERS, paging, type Route } from './route.ts'
import { flag, listOf, maybe, oneOf, only, pageOf, text, whole } from './schema-kit.ts'
import {
  AuditEntry,
  Delivery,
  Grant,
  NewToken,
  NewWebhook,
  SessionAnswer,
  Token,
  Webhook,
  WhoAmI,
} from './schemas-store.ts'

const hook = {
  namespaces: maybe(listOf(Type.String(), 'Names, or beginnings followed by *; absent: all.')),
  sections: maybe(listOf(Type.String(), 'Likewise.')),
  kinds: maybe(listOf(oneOf(WEBHOOK_KINDS, 'What it is told of.'))),
  isEnabled: maybe(flag('False: nothing is sent.')),
}
const session = {
  description: 'The session; its cookie is HttpOnly, Secure and SameSite=Strict.',
  schema: SessionAnswer,
  example: {
    name: 'ana',
    tokenId: 'k7h2m9q4',
    grants: examples.grants,
    csrf: '4f1d…',
    idleUntil: '2026-11-22T20:45:03.123Z',
    until: '2026-11-23T07:45:03.123Z',
  },
}
const aWebhook = { description: 'The webhook.', schema: Webhook, example: examples.webhook }
const withSecret = {
  description: 'The webhook and its secret, shown this once.',
  schema: NewWebhook,
  example: { webhook: examples.webhook, secret: 'whsec_…' },
}
const aDelivery = { description: 'The message.', schema: Delivery, example: { ...examples.delivery, state: 'waiting' } }

/** Who may do what, who did what, and who is told. */
export const ACCESS_ROUTES = {
  whoami: {
    tag: 'access',
    summary: 'Who the caller is taken for, and what it may do',
    scope: 'token',
    answers: {
      200: {
        description: 'The caller.',
        schema: WhoAmI,
        example: { name: 'deploy', tokenId: 'k7h2m9q4', expiresAt: null, grants: examples.grants },
      },
    },
  },
  signIn: {
    tag: 'access',
    summary: 'Begin a session of a browser',
    scope: 'none',
    body: only({ token: text('hf_…', { maxLength: 1024 }) }),
    example: { token: 'hf_…' },
    answers: { 201: session },
  },
  readSession: {
    tag: 'access',
    summary: 'The session that the cookie names',
    scope: 'token',
    answers: { 200: session },
  },
  signOut: {
    tag: 'access',
    summary: 'End the session',
    scope: 'token',
    answers: { 204: { description: 'Done.' } },
  },
  listTokens: {
    tag: 'access',
    summary: 'The tokens, without their secrets',
    scope: 'admin',
    answers: { 200: { description: 'All of them.', schema: listOf(Token), example: [examples.token] } },
  },
  createToken: {
    tag: 'access',
    summary: 'Make a token',
    scope: 'admin',
    body: only({
      name: text('What history and audit call its holder.', { pattern: '^[A-Za-z0-9._@-]{1,63}$' }),
      grants: listOf(Grant, 'What it may do.'),
      expiresAt: maybe(text('Until when it is accepted; absent: for ever.', { format: 'date-time' })),
    }),
    example: { name: 'deploy', grants: examples.grants, expiresAt: '2027-01-01T00:00:00Z' },
    answers: {
      201: { description: 'The token, its secret shown this once.', schema: NewToken, example: examples.newToken },
    },
  },
  rotateToken: {
    tag: 'access',
    summary: 'A new secret for a token',
    scope: 'admin',
    params: byId,
    body: only({ overlapSeconds: maybe(whole('How long the old one is accepted too; 3,600 unless told otherwise.')) }),
    isBodyOptional: true,
    example: { overlapSeconds: 600 },
    answers: {
      200: { description: 'The token, its secret shown this once.', schema: NewToken, example: examples.newToken },
    },
  },
  revokeToken: {
    tag: 'access',
    summary: 'End a token at once',
    scope: 'admin',
    params: byId,
    answers: {
      200: {
        description: 'The token.',
        schema: Token,
        example: { ...examples.token, state: 'revoked', revokedAt: '2026-11-22T19:50:00.000Z' },
      },
    },
  },
  audit: {
    tag: 'access',
    summary: 'Who was refused, and who read or did what',
    scope: 'audit:read',
    query: only({
      event: maybe(oneOf(AUDIT_EVENTS, 'Only this.')),
      who: maybe(text('Only by this one.')),
      tokenId: maybe(text('Only with this token.')),
      sourceIp: maybe(text('Only from this address.')),
      namespace: maybe(text('Only in this one.')),
      since: maybe(text('From this time on.', { examples: ['2026-11-01T12:00:00Z'] })),
      until: maybe(text('Before this time.')),
      ...paging,
      format: maybe(oneOf(['json', 'csv', 'ndjson'], 'csv and ndjson are all pages, from cursor on.')),
    }),
    answers: {
      200: {
        description: 'A page.',
        schema: pageOf(AuditEntry),
        example: {
          items: [
            {
              id: 7,
              at: '2026-11-22T19:45:03.123Z',
              event: 'refused',
              who: 'deploy',
              tokenId: 'k7h2m9q4',
              sourceIp: '192.168.1.100',
              namespace: 'tacacs-prod',
              subject: 'config:write',
              detail: 'deploy may not config:write in namespace tacacs-prod',
              requestId: 'c0a8…',
              count: 3,
            },
          ],
          nextCursor: null,
        },
      },
    },
  },
  listWebhooks: {
    tag: 'webhooks',
    summary: 'The webhooks',
    scope: 'admin',
    answers: { 200: { description: 'All of them.', schema: listOf(Webhook), example: [examples.webhook] } },
  },
  createWebhook: {
    tag: 'webhooks',
    summary: 'Tell an address of changes',
    scope: 'admin',
    body: only({ name: text('A name.'), url: text('https://…', { maxLength: 2048 }), ...hook }),
    example: { name: 'chat', url: 'https://hooks.example.com/holdfast', kinds: ['change', 'drift'] },
    answers: { 201: withSecret },
  },
  updateWebhook: {
    tag: 'webhooks',
    summary: 'Change a webhook',
    scope: 'admin',
    params: byId,
    body: only({ name: maybe(text('A name.')), url: maybe(text('https://…', { maxLength: 2048 })), ...hook }),
    example: { isEnabled: false },
    answers: { 200: aWebhook },
  },
  deleteWebhook: {
    tag: 'webhooks',
    summary: 'Tell it no more',
    scope: 'admin',
    params: byId,
    answers: { 204: { description: 'Done.' } },
  },
  rotateWebhookSecret: {
    tag: 'webhooks',
    summary: 'A new signing secret; for 24 h messages carry both signatures',
    scope: 'admin',
    params: byId,
    answers: { 200: withSecret },
  },
  testWebhook: {
    tag: 'webhooks',
    summary: 'Send a test message',
    scope: 'admin',
    params: byId,
    answers: { 202: aDelivery },
  },
  listDeliveries: {
    tag: 'webhooks',
    summary: 'What was sent, newest first',
    scope: 'admin',
    params: byId,
    query: only(paging),
    answers: {
      200: {
        description: 'A page.',
        schema: pageOf(Delivery),
        example: { items: [examples.delivery], nextCursor: null },
      },
    },
  },
  replayDelivery: {
    tag: 'webhooks',
    summary: 'Send a message again, under its id',
    scope: 'admin',
    params: only({ id: PARAMETERS.id, delivery: PARAMETERS.delivery }),
    answers: { 202: aDelivery },
  },
} as const satisfies Record<string, Route>
