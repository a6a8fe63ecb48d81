import Type from 'typebox'
import { ACTIONS } from '../model/principal.ts'
import { TASKS } from '../model/schedule.ts'
import { WEBHOOK_KINDS } from '../model/webhook.ts'
import { listOf, mapOf, maybe, oneOf, orNull, text, time } from './schema-kit.ts'

export const NamespaceStats = Type.Object({
  namespace: Type.String(),
  versions: Type.Integer(),
  history: Type.Integer(),
  overrides: Type.Integer(),
  oldest: orNull(time('UTC.')),
  newest: orNull(time('UTC.')),
  documentBytes: Type.Integer(),
})

export const Stats = Type.Object({
  store: Type.String(),
  bytes: Type.Integer(),
  freeBytes: Type.Integer(),
  walBytes: Type.Integer(),
  growth: orNull(
    Type.Object(
      { hour: Type.Integer(), day: Type.Integer() },
      { description: 'Bytes that came into use in the last hour and day, or since the server began.' },
    ),
  ),
  schemaVersion: Type.Integer(),
  namespaces: listOf(NamespaceStats),
  largestKeys: listOf(Type.Object({ namespace: Type.String(), path: Type.String(), bytes: Type.Integer() })),
})

export const Grant = Type.Object({
  actions: listOf(oneOf(ACTIONS, 'admin includes every other.')),
  namespaces: listOf(Type.String(), 'Names, or beginnings followed by *.'),
  sections: maybe(listOf(Type.String(), 'Likewise; absent: all.')),
})

export const Token = Type.Object({
  id: Type.String(),
  name: Type.String(),
  grants: listOf(Grant),
  createdAt: time('UTC.'),
  createdBy: Type.String(),
  expiresAt: orNull(time('UTC.')),
  revokedAt: orNull(time('UTC.')),
  lastUsedAt: orNull(time('UTC.')),
  lastUsedIp: orNull(Type.String()),
  overlapUntil: orNull(time('UTC.')),
  state: oneOf(['active', 'expired', 'revoked'], 'Only an active one is accepted.'),
})

export const NewToken = Type.Object({ token: Token, text: text('Shown this once: Authorization: Bearer …') })

export const WhoAmI = Type.Object({
  name: Type.String(),
  tokenId: orNull(Type.String()),
  expiresAt: orNull(time('UTC.')),
  grants: listOf(Grant),
})

export const SessionAnswer = Type.Object({
  name: Type.String(),
  tokenId: orNull(Type.String()),
  grants: listOf(Grant),
  csrf: text('To be sent as Holdfast-CSRF with whatever changes something.'),
  idleUntil: time('When it ends if nothing more is asked.'),
  until: time('When it ends in any case.'),
})

export const AuditEntry = Type.Object({
  id: Type.Integer(),
  at: time('UTC.'),
  event: Type.String(),
  who: orNull(Type.String()),
  tokenId: orNull(Type.String()),
  sourceIp: orNull(Type.String()),
  namespace: orNull(Type.String()),
  subject: orNull(Type.String()),
  detail: orNull(Type.String()),
  requestId: orNull(Type.String()),
  count: Type.Integer(),
})

export const Webhook = Type.Object({
  id: Type.String(),
  name: Type.String(),
  url: Type.String(),
  namespaces: listOf(Type.String()),
  sections: orNull(listOf(Type.String())),
  kinds: listOf(oneOf(WEBHOOK_KINDS, 'What it is told of.')),
  isEnabled: Type.Boolean(),
  createdAt: time('UTC.'),
  createdBy: Type.String(),
  disabledReason: orNull(Type.String()),
})

export const NewWebhook = Type.Object({ webhook: Webhook, secret: text('whsec_…, shown this once.') })

export const Delivery = Type.Object({
  id: Type.String(),
  webhookId: Type.String(),
  kind: Type.String(),
  namespace: orNull(Type.String()),
  createdAt: time('UTC.'),
  state: oneOf(['waiting', 'delivered', 'failed'], 'How far it is.'),
  attempts: Type.Integer(),
  lastAttemptAt: orNull(time('UTC.')),
  nextAttemptAt: orNull(time('UTC.')),
  status: orNull(Type.Integer()),
  error: orNull(Type.String()),
  duration: orNull(Type.Number()),
})

export const ScheduleRun = Type.Object({
  startedAt: time('UTC.'),
  duration: orNull(Type.Number()),
  outcome: oneOf(['running', 'done', 'failed'], 'How it ended.'),
  detail: orNull(Type.String()),
  by: Type.String(),
})

export const Schedule = Type.Object({
  name: Type.String(),
  task: oneOf(TASKS, 'What it does.'),
  cron: Type.String(),
  nextRun: orNull(time('UTC.')),
  lastRun: orNull(ScheduleRun),
  keptBy: orNull(Type.Object({ node: Type.String(), since: time('UTC.') })),
})

export const Backup = Type.Object({ name: Type.String(), bytes: Type.Integer(), createdAt: time('UTC.') })

export const BackupReport = Type.Object({
  name: Type.String(),
  bytes: Type.Integer(),
  versions: Type.Integer(),
  history: Type.Integer(),
  heads: mapOf(Type.String(), 'Chain hash of the newest version of each namespace: keep them elsewhere.'),
})

export const VerifyResult = Type.Object({
  ok: Type.Boolean(),
  versions: Type.Integer(),
  problems: listOf(
    Type.Object({ namespace: orNull(Type.String()), version: orNull(Type.Integer()), message: Type.String() }),
  ),
  heads: mapOf(Type.String()),
})

export const VerifiedBackup = Type.Object({
  name: Type.String(),
  bytes: Type.Integer(),
  ...VerifyResult.properties,
  history: Type.Integer(),
})

export const PurgeResult = Type.Object({ history: Type.Integer(), versions: Type.Integer(), bytes: Type.Integer() })

export const Readiness = Type.Object({ isReady: Type.Boolean(), reasons: listOf(Type.String()) })
