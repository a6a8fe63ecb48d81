import Type, { type Static, type TProperties, type TSchema } from 'typebox'
import { ACTIONS } from '../model/principal.ts'
import { TASKS } from '../model/schedule.ts'
import { CAUSES } from '../model/version.ts'
import { WEBHOOK_KINDS } from '../model/webhook.ts'

/** What a request may say: these members and no others. */
export const only = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false })

export const text = (description: string, more: { readonly [rule: string]: unknown } = {}) =>
  Type.String({ description, ...more })
export const flag = (description: string) => Type.Boolean({ description })
export const whole = (description: string, more: { readonly [rule: string]: unknown } = {}) =>
  Type.Integer({ description, minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...more })
export const maybe = Type.Optional
export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
export const oneOf = <const N extends readonly string[]>(names: N, description: string) =>
  Type.Unsafe<N[number]>({ type: 'string', enum: [...names], description })
export const listOf = <S extends TSchema>(items: S, description = '') =>
  Type.Array(items, description === '' ? {} : { description })
export const mapOf = <S extends TSchema>(values: S, description = '') =>
  Type.Unsafe<{ [name: string]: Static<S> }>({
    type: 'object',
    additionalProperties: values,
    ...(description !== '' && { description }),
  })

const time = (description: string) => Type.String({ description, format: 'date-time' })
const anything = (description: string) => Type.Unsafe<unknown>({ description })

/** A JSON value of any type. */
export const Value = anything('A JSON value; a secret is shown as ••••••••.')
export const Tree = Type.Unsafe<{ [key: string]: unknown }>({
  type: 'object',
  description: 'Values by section and key.',
})

export const Version = Type.Object({
  id: whole('Numbers grow by one over the whole store.'),
  hash: text('SHA-256 (hex) of the canonical text of the whole configuration.'),
  chainHash: text('Covers this version, its history and the version before.'),
  createdAt: time('UTC.'),
  createdBy: text('The token or person.'),
  description: orNull(Type.String()),
  cause: oneOf(CAUSES, 'What made it.'),
  isBaseline: Type.Boolean(),
  tags: listOf(Type.String()),
})

export const KeyChange = Type.Object({
  operation: oneOf(['CREATE', 'UPDATE', 'DELETE'], 'What happened to the override.'),
  section: Type.String(),
  key: Type.String(),
  oldValue: maybe(Value),
  newValue: maybe(Value),
})

export const ChangeResult = Type.Object({
  version: orNull(Version),
  changes: listOf(KeyChange),
  restartRequired: listOf(Type.String(), 'Changed keys that a running process takes in only when it restarts.'),
})

export const Issue = Type.Object({
  path: text('A printed path; empty for the whole document.'),
  code: text('The rule that failed.'),
  message: Type.String(),
  allowed: maybe(listOf(Value)),
  source: maybe(Type.String()),
  didYouMean: maybe(Type.String()),
})

export const ValidationResult = Type.Object({ valid: Type.Boolean(), issues: listOf(Issue) })

export const LayerValue = Type.Object({
  layer: text('schema, a source, or override.'),
  kind: oneOf(['default', 'file', 'env', 'url', 'inline', 'override'], 'What the layer is.'),
  value: maybe(Value),
  isMask: maybe(Type.Boolean()),
  isPinned: maybe(Type.Boolean()),
  position: maybe(Type.Object({ line: Type.Integer(), column: Type.Integer() })),
})

export const Explanation = Type.Object({
  path: Type.String(),
  section: Type.String(),
  key: Type.String(),
  version: whole('The version explained.'),
  value: maybe(Value),
  type: orNull(Type.String()),
  winner: orNull(LayerValue),
  beaten: listOf(LayerValue),
  override: orNull(Type.Object({ state: Type.String(), baseAtSet: maybe(Value), comment: orNull(Type.String()) })),
  lastChange: orNull(
    Type.Object({
      version: Type.Integer(),
      who: Type.String(),
      when: time('UTC.'),
      why: orNull(Type.String()),
      operation: orNull(Type.String()),
    }),
  ),
  schema: orNull(Type.Unsafe<object>({ type: 'object' })),
  stale: listOf(Type.String()),
})

export const BlameEntry = Type.Object({
  path: Type.String(),
  section: Type.String(),
  key: Type.String(),
  value: maybe(Value),
  layer: Type.String(),
  version: orNull(Type.Integer()),
  who: orNull(Type.String()),
  when: orNull(time('UTC.')),
  why: orNull(Type.String()),
})

export const DriftEntry = Type.Object({
  kind: oneOf(['override', 'baseline', 'instance'], 'What differs from what.'),
  path: Type.String(),
  section: Type.String(),
  key: Type.String(),
  expected: maybe(Value),
  actual: maybe(Value),
  state: maybe(oneOf(['intentional', 'stale', 'redundant', 'orphaned'], 'What became of the base.')),
  isMask: maybe(Type.Boolean()),
  instance: maybe(Type.String()),
  needsRestart: maybe(Type.Boolean()),
  version: orNull(Type.Integer()),
  who: orNull(Type.String()),
  when: orNull(time('UTC.')),
  why: orNull(Type.String()),
})

export const HistoryEntry = Type.Object({
  id: Type.Integer(),
  namespace: Type.String(),
  operation: Type.String(),
  layer: oneOf(['override', 'base'], 'What was changed.'),
  section: Type.String(),
  key: Type.String(),
  oldValue: Value,
  newValue: Value,
  changedAt: time('UTC.'),
  changedBy: Type.String(),
  sourceIp: orNull(Type.String()),
  reason: orNull(Type.String()),
  comment: orNull(Type.String()),
  versionId: Type.Integer(),
})

export const OverridePair = Type.Object({
  path: Type.String(),
  section: Type.String(),
  key: Type.String(),
  base: maybe(Value),
  override: maybe(Value),
  isMask: Type.Boolean(),
  differs: Type.Boolean(),
})

export const SourceStatus = Type.Object({
  name: Type.String(),
  kind: oneOf(['file', 'env', 'url', 'inline'], 'What it is.'),
  isPinned: Type.Boolean(),
  state: oneOf(['ok', 'stale'], 'stale: its last good content is used.'),
  error: orNull(Type.String()),
  loadedAt: orNull(time('UTC.')),
  checkedAt: orNull(time('UTC.')),
})

export const SnapshotAnswer = Type.Object({
  version: orNull(Version),
  config: Tree,
  secrets: listOf(Type.String(), 'Paths that hold secrets.'),
  overrides: listOf(OverridePair),
  sources: listOf(SourceStatus),
})

export const Comparison = Type.Object({
  from: Version,
  to: Version,
  changes: listOf(
    Type.Object({
      path: Type.String(),
      section: Type.String(),
      key: Type.String(),
      before: maybe(Value),
      after: maybe(Value),
    }),
  ),
})

export const Instance = Type.Object({
  id: Type.String(),
  host: Type.String(),
  version: Type.Integer(),
  startVersion: Type.Integer(),
  startedAt: time('UTC.'),
  reportedAt: time('UTC.'),
  reportedBy: Type.String(),
  state: oneOf(['current', 'behind', 'gone'], 'gone: silent for 90 s.'),
  behindSince: orNull(time('UTC.')),
  pendingRestart: orNull(Type.Object({ since: time('UTC.'), paths: listOf(Type.String()) })),
})

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

export const PurgeResult = Type.Object({ history: Type.Integer(), versions: Type.Integer(), bytes: Type.Integer() })

export const Readiness = Type.Object({ isReady: Type.Boolean(), reasons: listOf(Type.String()) })

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    instance: maybe(text('The id of the request.')),
  },
  { description: 'A refusal (RFC 9457), with the details of its code beside.' },
)

/** A page of rows, newest first. */
export const pageOf = <S extends TSchema>(items: S) =>
  Type.Object({ items: listOf(items), nextCursor: orNull(text('Hand it back as cursor for the next page.')) })
