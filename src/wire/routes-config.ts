import Type from 'typebox'
import { DRIFT_KINDS } from '../model/config.ts'
import * as examples from './examples.ts'
import {
  at,
  atLeast,
  careful,
  explain,
  format,
  inNamespace,
  ofKey,
  ofSection,
  paging,
  type Route,
  reveal,
  why,
} from './route.ts'
import { flag, listOf, mapOf, maybe, oneOf, only, pageOf, text, whole } from './schema-kit.ts'
import {
  BlameEntry,
  ChangeResult,
  DriftEntry,
  Explanation,
  HistoryEntry,
  OverridePair,
  SnapshotAnswer,
  Tree,
  ValidationResult,
  Value,
} from './schemas.ts'

const waiting = {
  wait: maybe(
    text('Wait for a version after since, or for min: 30s, at most 60s.', {
      pattern: '^[0-9]{1,6}(ms|s|m)?$',
      examples: ['30s'],
    }),
  ),
  since: maybe(whole('The version that is known.')),
}

const setting = {
  set: maybe(mapOf(Type.Unknown(), 'Section, key, value; keys outside any section stand under "".')),
  unset: maybe(listOf(Type.String(), 'Paths whose overrides end.')),
  mask: maybe(listOf(Type.String(), 'Paths of base keys to take away.')),
  isText: maybe(flag('Strings in set may be read as the type the schema tells.')),
}

const changed = {
  200: {
    description: 'Nothing changed, or a dry run.',
    schema: ChangeResult,
    example: { ...examples.changed, version: null },
  },
  201: { description: 'A new version.', schema: ChangeResult, example: examples.changed },
}
const notModified = { 304: { description: 'What If-None-Match names is still current.' } }

/** Reading and changing the configuration of one namespace. */
export const CONFIG_ROUTES = {
  readConfig: {
    tag: 'config',
    summary: 'The effective configuration',
    scope: 'config:read',
    params: inNamespace,
    query: only({ ...at, ...format, ...reveal, ...atLeast, ...waiting }),
    answers: { 200: { description: 'The values.', schema: Tree, example: examples.config }, ...notModified },
  },
  readSection: {
    tag: 'config',
    summary: 'One section',
    scope: 'config:read',
    params: ofSection,
    query: only({ ...at, ...format, ...reveal, ...explain, ...atLeast }),
    answers: {
      200: {
        description: 'Its values, or with explain a list of explanations.',
        schema: Value,
        example: examples.config.server,
      },
      ...notModified,
    },
  },
  readKey: {
    tag: 'config',
    summary: 'One key, or what is below it',
    scope: 'config:read',
    params: ofKey,
    query: only({ ...at, ...format, ...reveal, ...explain, ...atLeast }),
    answers: {
      200: {
        description: 'Its value, or with explain its explanation.',
        schema: Type.Union([Explanation, Value]),
        example: 5050,
      },
      ...notModified,
    },
  },
  readSnapshot: {
    tag: 'config',
    summary: 'All that a client keeps in memory',
    scope: 'config:read',
    params: inNamespace,
    query: only({ ...at, ...reveal, ...atLeast }),
    answers: {
      200: {
        description: 'Configuration, overrides and sources at one version.',
        schema: SnapshotAnswer,
        example: {
          version: examples.version,
          config: examples.config,
          secrets: [],
          overrides: [examples.pair],
          sources: [examples.source],
        },
      },
      ...notModified,
    },
  },
  change: {
    tag: 'config',
    summary: 'Change overrides: all of it or nothing',
    scope: 'config:write',
    params: inNamespace,
    body: only({ ...setting, ...why, ...careful }),
    example: { set: { server: { port: 5050 } }, unset: ['server.log_level'], reason: 'port for the load balancer' },
    answers: changed,
  },
  listOverrides: {
    tag: 'config',
    summary: 'The overrides and what they win over',
    scope: 'config:read',
    params: inNamespace,
    query: only({ section: maybe(text('Only of this section.')), ...atLeast }),
    answers: { 200: { description: 'All of them.', schema: listOf(OverridePair), example: [examples.pair] } },
  },
  setOverride: {
    tag: 'config',
    summary: 'Set one override',
    scope: 'config:write',
    params: ofKey,
    body: only({ value: Value, isText: setting.isText, ...why, ...careful }),
    example: { value: 5050, reason: 'port for the load balancer' },
    answers: changed,
  },
  endOverride: {
    tag: 'config',
    summary: 'End one override: the base counts again',
    scope: 'config:write',
    params: ofKey,
    query: only({ ...why, ...careful }),
    answers: changed,
  },
  validate: {
    tag: 'config',
    summary: 'Check the configuration, or a change of it',
    scope: 'config:read',
    params: inNamespace,
    body: only(setting),
    isBodyOptional: true,
    example: { set: { server: { port: 'abc' } } },
    answers: {
      200: {
        description: 'The findings. With changes it needs config:write, as making them does.',
        schema: ValidationResult,
        example: { valid: false, issues: [{ path: 'server.port', code: 'type', message: 'must be an integer' }] },
      },
    },
  },
  drift: {
    tag: 'config',
    summary: 'Where what is differs from what is meant',
    scope: 'config:read',
    params: inNamespace,
    query: only({
      kind: maybe(oneOf(DRIFT_KINDS, 'override unless told otherwise.')),
      section: maybe(text('Only this one.')),
      ...atLeast,
    }),
    answers: {
      200: {
        description: 'The differences.',
        schema: listOf(DriftEntry),
        example: [
          {
            kind: 'override',
            path: 'server.port',
            section: 'server',
            key: 'port',
            expected: 4949,
            actual: 5050,
            state: 'intentional',
            isMask: false,
            version: 42,
            who: 'deploy',
            when: examples.version.createdAt,
            why: 'port for the load balancer',
          },
        ],
      },
    },
  },
  blame: {
    tag: 'config',
    summary: 'Who set each key last',
    scope: 'config:read',
    params: inNamespace,
    query: only({ section: maybe(text('Only this one.')), ...atLeast }),
    answers: {
      200: {
        description: 'One entry a key.',
        schema: listOf(BlameEntry),
        example: [
          {
            path: 'server.port',
            section: 'server',
            key: 'port',
            value: 5050,
            layer: 'override',
            version: 42,
            who: 'deploy',
            when: examples.version.createdAt,
            why: null,
          },
        ],
      },
    },
  },
  history: {
    tag: 'config',
    summary: 'What was changed, newest first',
    scope: 'config:read',
    params: inNamespace,
    query: only({
      section: maybe(text('Only this section.')),
      key: maybe(text('Only this key.')),
      by: maybe(text('Only by this one.')),
      since: maybe(text('From this time on.', { examples: ['2026-11-01T12:00:00Z'] })),
      until: maybe(text('Before this time.')),
      ...paging,
      ...atLeast,
    }),
    answers: {
      200: {
        description: 'A page.',
        schema: pageOf(HistoryEntry),
        example: {
          items: [
            {
              id: 120,
              namespace: 'tacacs-prod',
              operation: 'CREATE',
              layer: 'override',
              section: 'server',
              key: 'port',
              oldValue: 4949,
              newValue: 5050,
              changedAt: examples.version.createdAt,
              changedBy: 'deploy',
              sourceIp: '192.168.1.100',
              reason: 'port for the load balancer',
              comment: null,
              versionId: 42,
            },
          ],
          nextCursor: null,
        },
      },
    },
  },
} as const satisfies Record<string, Route>
