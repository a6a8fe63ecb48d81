import * as examples from './examples.ts'
import { inNamespace, PARAMETERS, type Route } from './route.ts'
import { listOf, maybe, only, text } from './schema-kit.ts'
import { Tree, Version } from './schemas.ts'
import {
  Backup,
  BackupReport,
  NamespaceStats,
  Readiness,
  Schedule,
  ScheduleRun,
  Stats,
  VerifiedBackup,
  VerifyResult,
} from './schemas-store.ts'

const PAGE = { description: 'A page to read.', type: 'text/html' }
const alive = { 200: { description: 'It runs.', schema: Tree, example: { status: 'ok' } } }

/** What concerns the whole store, and the server itself. */
export const STORE_ROUTES = {
  listNamespaces: {
    tag: 'namespaces',
    summary: 'The namespaces the caller may see',
    scope: 'token',
    answers: { 200: { description: 'All of them.', schema: listOf(NamespaceStats), example: [examples.namespace] } },
  },
  createNamespace: {
    tag: 'namespaces',
    summary: 'Begin a namespace',
    scope: 'admin',
    params: inNamespace,
    answers: {
      201: { description: 'Its first version.', schema: Version, example: { ...examples.version, cause: 'snapshot' } },
    },
  },
  deleteNamespace: {
    tag: 'namespaces',
    summary: 'Delete a namespace with all its versions and history',
    scope: 'admin',
    params: inNamespace,
    answers: { 204: { description: 'Done.' } },
  },
  listSchedules: {
    tag: 'store',
    summary: 'Timed work, and how it went',
    scope: 'admin',
    answers: {
      200: {
        description: 'The cron table.',
        schema: listOf(Schedule),
        example: [
          {
            name: 'nightly',
            task: 'backup',
            cron: '0 3 * * *',
            nextRun: '2026-11-23T03:00:00.000Z',
            lastRun: examples.run,
            keptBy: { node: 'node-7-9f2c41ab', since: '2026-11-20T08:00:00.000Z' },
          },
        ],
      },
    },
  },
  runSchedule: {
    tag: 'store',
    summary: 'Run one now, and wait for its end',
    scope: 'admin',
    params: only({ name: PARAMETERS.name }),
    answers: { 200: { description: 'How it ended.', schema: ScheduleRun, example: examples.run } },
  },
  listBackups: {
    tag: 'store',
    summary: 'The copies in the folder of backups',
    scope: 'admin',
    answers: {
      200: {
        description: 'Newest first.',
        schema: listOf(Backup),
        example: [{ name: 'holdfast-20261122T030000Z.db', bytes: 1_048_576, createdAt: '2026-11-22T03:00:00.000Z' }],
      },
    },
  },
  createBackup: {
    tag: 'store',
    summary: 'Copy the store while it is used, and check the copy',
    scope: 'admin',
    answers: {
      201: {
        description: 'The copy, verified.',
        schema: BackupReport,
        example: {
          name: 'holdfast-20261122T194503123Z.db',
          bytes: 1_048_576,
          versions: 42,
          history: 120,
          heads: examples.heads,
        },
      },
    },
  },
  readBackup: {
    tag: 'store',
    summary: 'A copy, as a file',
    scope: 'admin',
    params: only({ name: PARAMETERS.name }),
    answers: { 200: { description: 'An SQLite database.', type: 'application/vnd.sqlite3' } },
  },
  verifyBackup: {
    tag: 'store',
    summary: 'Open a copy, and recompute every hash and the chain in it',
    scope: 'admin',
    params: only({ name: PARAMETERS.name }),
    answers: {
      200: {
        description: 'What was found.',
        schema: VerifiedBackup,
        example: {
          name: 'holdfast-20261122T194503123Z.db',
          bytes: 1_048_576,
          ok: true,
          versions: 42,
          history: 120,
          problems: [],
          heads: examples.heads,
        },
      },
    },
  },
  verify: {
    tag: 'store',
    summary: 'Recompute every hash and the chain',
    scope: 'admin',
    body: only({
      namespace: maybe(PARAMETERS.ns),
      expectHead: maybe(text('The chain hash that namespace has, or had: 8 digits or more.', { maxLength: 64 })),
    }),
    isBodyOptional: true,
    example: { namespace: 'tacacs-prod' },
    answers: {
      200: {
        description: 'What was found.',
        schema: VerifyResult,
        example: { ok: true, versions: 42, problems: [], heads: examples.heads },
      },
    },
  },
  stats: {
    tag: 'store',
    summary: 'Sizes and counts',
    scope: 'admin',
    answers: {
      200: {
        description: 'Of the whole store.',
        schema: Stats,
        example: {
          store: 'data/config_overrides.db',
          bytes: 1_048_576,
          freeBytes: 0,
          walBytes: 32_768,
          growth: { hour: 8192, day: 122_880 },
          schemaVersion: 2,
          namespaces: [examples.namespace],
          largestKeys: [{ namespace: 'tacacs-prod', path: 'server.motd', bytes: 812 }],
        },
      },
    },
  },

  livez: { tag: 'server', summary: 'Does it run?', scope: 'none', answers: alive },
  healthz: { tag: 'server', summary: 'Does it run? (the same)', scope: 'none', answers: alive },
  readyz: {
    tag: 'server',
    summary: 'Can it do its work, and if not, why',
    scope: 'none',
    answers: {
      200: { description: 'Yes.', schema: Readiness, example: { isReady: true, reasons: [] } },
      503: {
        description: 'No.',
        schema: Readiness,
        example: { isReady: false, reasons: ['the store takes no writes'] },
      },
    },
  },
  metrics: {
    tag: 'server',
    summary: 'What Prometheus reads',
    scope: 'token',
    answers: { 200: { description: 'The metrics.', type: 'text/plain' } },
  },
  openapi: {
    tag: 'server',
    summary: 'This description',
    scope: 'none',
    answers: { 200: { description: 'OpenAPI 3.1.', schema: Tree, example: { openapi: '3.1.1' } } },
  },
  documentation: { tag: 'server', summary: 'This description, to read', scope: 'none', answers: { 200: PAGE } },
  documentationStyle: {
    tag: 'server',
    summary: 'How the pages look',
    scope: 'none',
    answers: { 200: { description: 'A style sheet.', type: 'text/css' } },
  },
  problem: {
    tag: 'server',
    summary: 'What a refusal means and how to mend it',
    scope: 'none',
    params: only({ code: PARAMETERS.code }),
    answers: { 200: PAGE },
  },
} as const satisfies Record<string, Route>
