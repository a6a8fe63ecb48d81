import Type from 'typebox'
import * as examples from './examples.ts'
import {
  atLeast,
  careful,
  inNamespace,
  LONGEST,
  ofTag,
  ofVersion,
  PARAMETERS,
  paging,
  type Route,
  why,
} from './route.ts'
import { flag, listOf, maybe, oneOf, only, pageOf, text, whole } from './schema-kit.ts'
import { ChangeResult, Comparison, Instance, SourceStatus, Value, Version } from './schemas.ts'
import { PurgeResult } from './schemas-store.ts'

const aVersion = { description: 'The version.', schema: Version, example: examples.version }
const restored = {
  200: {
    description: 'Nothing changed, or a dry run.',
    schema: ChangeResult,
    example: { ...examples.changed, version: null },
  },
  201: {
    description: 'A new version.',
    schema: ChangeResult,
    example: { ...examples.changed, version: { ...examples.version, cause: 'restore' } },
  },
}
const sources = {
  200: { description: 'How each fares.', schema: listOf(SourceStatus), example: [examples.source] },
}

/** Versions of a namespace, and what else belongs to one: its watchers, instances and sources. */
export const VERSION_ROUTES = {
  listVersions: {
    tag: 'versions',
    summary: 'The versions, newest first',
    scope: 'config:read',
    params: inNamespace,
    query: only({ ...paging, ...atLeast }),
    answers: {
      200: {
        description: 'A page.',
        schema: pageOf(Version),
        example: { items: [examples.version], nextCursor: '42' },
      },
    },
  },
  createVersion: {
    tag: 'versions',
    summary: 'Take a snapshot: a version that changes nothing',
    scope: 'config:write',
    params: inNamespace,
    body: only({
      description: maybe(text('What it is for.', { maxLength: LONGEST })),
      comment: why.comment,
      tags: maybe(Type.Array(Type.String(), { description: 'Names for it.', maxItems: 100 })),
      baseline: maybe(flag('Declare it to be what is meant.')),
    }),
    isBodyOptional: true,
    example: { description: 'before enabling X', tags: ['pre-x'], baseline: true },
    answers: { 201: aVersion },
  },
  readVersion: {
    tag: 'versions',
    summary: 'One version',
    scope: 'config:read',
    params: ofVersion,
    answers: { 200: aVersion },
  },
  restore: {
    tag: 'versions',
    summary: 'Make the configuration equal to a version',
    scope: 'config:write',
    params: ofVersion,
    body: only({
      mode: maybe(
        oneOf(['effective', 'overrides'], 'effective unless told otherwise; overrides puts back only those.'),
      ),
      sections: maybe(listOf(Type.String(), 'Only these.')),
      paths: maybe(
        Type.Array(Type.String(), { description: 'Only these keys, and what is below them.', maxItems: 10_000 }),
      ),
      ...why,
      ...careful,
    }),
    isBodyOptional: true,
    example: { reason: 'the load balancer was not ready' },
    answers: restored,
  },
  revert: {
    tag: 'versions',
    summary: 'Undo the changes of one version and keep later ones',
    scope: 'config:write',
    params: ofVersion,
    body: only({ ...why, ...careful }),
    isBodyOptional: true,
    example: { reason: 'it was a mistake' },
    answers: restored,
  },
  tag: {
    tag: 'versions',
    summary: 'Name a version',
    scope: 'config:write',
    params: ofTag,
    answers: { 200: aVersion },
  },
  untag: {
    tag: 'versions',
    summary: 'Take a name off a version',
    scope: 'config:write',
    params: ofTag,
    answers: { 204: { description: 'Done.' } },
  },
  setBaseline: {
    tag: 'versions',
    summary: 'Declare a version to be what is meant',
    scope: 'config:write',
    params: inNamespace,
    body: only({ ref: PARAMETERS.ref }),
    example: { ref: 'latest' },
    answers: { 200: { ...aVersion, example: { ...examples.version, isBaseline: true } } },
  },
  compare: {
    tag: 'versions',
    summary: 'What changed from one version to another',
    scope: 'config:read',
    params: inNamespace,
    query: only({
      from: text('A version.', { examples: ['baseline'] }),
      to: text('A version.', { examples: ['latest'] }),
      format: maybe(
        oneOf(['json', 'json-patch'], 'json unless told otherwise; json-patch is RFC 6902, without secrets.'),
      ),
      ...atLeast,
    }),
    answers: {
      200: {
        description: 'The differences.',
        schema: Type.Union([Comparison, listOf(Value)]),
        example: {
          from: { ...examples.version, id: 41 },
          to: examples.version,
          changes: [{ path: 'server.port', section: 'server', key: 'port', before: 4949, after: 5050 }],
        },
      },
    },
  },
  watch: {
    tag: 'versions',
    summary: 'Every later version, as server-sent events',
    scope: 'config:read',
    params: inNamespace,
    query: only({
      since: maybe(
        text('The id of the last event seen, or a version; Last-Event-ID goes before it.', { examples: ['42'] }),
      ),
      section: maybe(
        Type.Union([Type.String(), listOf(Type.String())], {
          description: 'Only events about this one; may stand more than once.',
        }),
      ),
      reveal: maybe(flag('Show secrets in a reset: needs secrets:read and is audited.')),
    }),
    answers: { 200: { description: 'A stream that goes on.', type: 'text/event-stream' } },
  },
  listInstances: {
    tag: 'instances',
    summary: 'What runs where',
    scope: 'config:read',
    params: inNamespace,
    answers: {
      200: {
        description: 'What processes said of themselves.',
        schema: listOf(Instance),
        example: [examples.instance],
      },
    },
  },
  reportInstance: {
    tag: 'instances',
    summary: 'Tell what a process uses',
    scope: 'config:read',
    params: only({ ns: PARAMETERS.ns, id: PARAMETERS.id }),
    body: only({
      host: text('Where it runs.', { minLength: 1, maxLength: 255 }),
      version: whole('The version it uses.'),
      startVersion: whole('The version it read when it started.'),
      startedAt: text('When it started.', { format: 'date-time' }),
    }),
    example: { host: 'node-7', version: 41, startVersion: 40, startedAt: '2026-11-22T08:00:00.000Z' },
    answers: { 200: { description: 'As it is kept.', schema: Instance, example: examples.instance } },
  },
  listSources: {
    tag: 'config',
    summary: 'Where base values come from',
    scope: 'config:read',
    params: inNamespace,
    answers: sources,
  },
  reloadSources: {
    tag: 'config',
    summary: 'Load all sources again now',
    scope: 'config:write',
    params: inNamespace,
    answers: sources,
  },
  purge: {
    tag: 'versions',
    summary: 'Drop old history and versions',
    scope: 'admin',
    params: inNamespace,
    body: only({
      olderThan: maybe(text('An age.', { pattern: '^[0-9]{1,9}(s|min|m|h|d|w|y)$', examples: ['90d'] })),
      olderThanSeconds: maybe(whole('The same in seconds.')),
      keep: maybe(whole('Versions that stay whatever their age.')),
      dryRun: maybe(flag('Tell what would go.')),
    }),
    example: { olderThan: '90d', keep: 100, dryRun: true },
    answers: {
      200: {
        description: 'What went.',
        schema: PurgeResult,
        example: { history: 812, versions: 640, bytes: 1_048_576 },
      },
    },
  },
} as const satisfies Record<string, Route>
