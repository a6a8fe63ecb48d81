import Type from 'typebox'
import { CAUSES } from '../model/version.ts'
import { anything, listOf, maybe, oneOf, orNull, text, time, whole } from './schema-kit.ts'

/** A JSON value of any type. */
export const Value = anything('A JSON value; a secret is shown as ••••••••.')
export const Tree = Type.Unsafe<{ [key: string]: unknown }>({
  type: 'object',
  description: 'Values by section and key.',
})

export const Version = Type.Object({
  id: whole('Numbers grow by one over the whole store.'),
  hash: text(
    'SHA-256 (hex) of the canonical text of the whole configuration. To who may not read all of it: a keyed digest, equal where the hash is.',
  ),
  chainHash: text('Covers this version, its history and the version before; keyed likewise.'),
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
