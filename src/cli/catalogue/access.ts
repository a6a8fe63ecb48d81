import { AUDIT_EVENTS } from '../../model/access.ts'
import { WEBHOOK_KINDS } from '../../model/webhook.ts'
import type { Command } from '../command.ts'
import { SETTING_OPTIONS } from '../serving/settings.ts'
import { PAGING } from './see.ts'

const PATTERNS = 'A pattern is a name, or the beginning of names and a star: tacacs-*.'

export const ACCESS: readonly Command[] = [
  {
    name: 'serve',
    group: 'Server and access',
    summary: 'Offer the store to others over HTTP, and the console to browsers, until stopped',
    details: [
      'Namespaces, sources, schemas and schedules are those of holdfast.yaml. Each setting is taken from its flag, else its HOLDFAST_ variable (--tls-cert is HOLDFAST_TLS_CERT; with _FILE the variable names a file), else "serve:" in holdfast.yaml (tlsCert), else what stands in brackets here.',
      'The first start without any token makes one admin token and prints it once. SIGTERM and SIGINT stop it when requests under way have ended, a second one at once; SIGHUP reads certificates and sources again.',
    ],
    arguments: [],
    options: SETTING_OPTIONS,
    examples: [
      ['holdfast serve', 'on 127.0.0.1:7420, where a browser finds the console'],
      ['holdfast serve --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem', 'for others'],
      ['holdfast serve --host 0.0.0.0 --insecure --trust-proxy 10.0.0.0/8', 'behind a proxy that ends TLS'],
    ],
    load: () => import('../commands/serve.ts'),
  },
  {
    name: 'token',
    group: 'Server and access',
    summary: 'Create, list, rotate or revoke tokens for the server',
    details: [
      'create and rotate print the text of the token, this once, on standard output. A token is for one namespace (-n) unless --namespace-pattern says otherwise; what concerns the whole store, such as tokens themselves, needs admin for "*".',
      PATTERNS,
    ],
    arguments: [
      { name: 'ACTION', choices: ['create', 'list', 'rotate', 'revoke'] },
      { name: 'NAME', isOptional: true },
    ],
    options: [
      {
        name: 'scope',
        value: 'SCOPE',
        isMany: true,
        summary: 'what it may do: config:read, config:write, secrets:read, audit:read, admin; commas or repeat',
      },
      { name: 'namespace-pattern', value: 'PATTERN', isMany: true, summary: 'where; repeat it for more' },
      { name: 'section', value: 'PATTERN', isMany: true, summary: 'only in these sections; repeat it for more' },
      { name: 'expires', value: 'TIME', summary: 'ends by itself: 90d from now, or a date' },
      { name: 'overlap', value: 'TIME', summary: 'how long the text before a rotation stays good (1h)' },
    ],
    examples: [
      ['holdfast token create web -n tacacs-prod --scope config:read --expires 90d', 'for a service'],
      ["holdfast token create ops --scope admin --namespace-pattern '*'", 'for an administrator'],
      ['holdfast token rotate web --overlap 1d', 'a new text for the same token'],
      ['holdfast token revoke web', 'ends it at once'],
    ],
    load: () => import('../commands/token.ts'),
  },
  {
    name: 'whoami',
    group: 'Server and access',
    summary: 'Tell whom the server takes you for, and what you may do',
    arguments: [],
    options: [],
    examples: [
      ['holdfast whoami --server https://config.example.com', 'is my token good?'],
      ['holdfast whoami --json', 'for a program'],
    ],
    load: () => import('../commands/whoami.ts'),
  },
  {
    name: 'audit',
    group: 'Server and access',
    summary: 'List who was refused, and who read or did what; newest first',
    details: [
      'What was changed stands in the history. CSV is made so that a spreadsheet does not take a cell for a formula.',
    ],
    arguments: [],
    options: [
      { name: 'event', value: 'EVENT', choices: AUDIT_EVENTS, summary: 'only this' },
      { name: 'who', value: 'NAME', summary: 'only by this person or token' },
      { name: 'token', value: 'ID', summary: 'only with this token' },
      { name: 'ip', value: 'ADDRESS', summary: 'only from this address' },
      { name: 'since', value: 'TIME', summary: 'from this time on: a date, or 90d ago' },
      { name: 'until', value: 'TIME', summary: 'before this time' },
      { name: 'format', value: 'NAME', choices: ['table', 'json', 'csv', 'jsonl'], summary: 'how to print it' },
      ...PAGING,
    ],
    examples: [
      ['holdfast audit --event refused --since 1d', 'who was refused since yesterday'],
      ['holdfast audit --event secret-read --who web', 'which secrets a token read'],
      ['holdfast audit --format csv --limit 1000 > audit.csv', 'for a spreadsheet'],
    ],
    load: () => import('../commands/audit.ts'),
  },
  {
    name: 'webhook',
    group: 'Server and access',
    summary: 'Have the server tell others of changes, and see how that went',
    details: [
      'Messages are signed by Standard Webhooks 1.0; create and rotate print the signing secret, this once, on standard output. HOOK is a name or an id.',
      PATTERNS,
    ],
    arguments: [
      {
        name: 'ACTION',
        choices: ['create', 'list', 'test', 'deliveries', 'replay', 'rotate', 'enable', 'disable', 'delete'],
      },
      { name: 'HOOK', isOptional: true },
      { name: 'URL|DELIVERY', isOptional: true },
    ],
    options: [
      {
        name: 'kind',
        value: 'KIND',
        isMany: true,
        choices: WEBHOOK_KINDS,
        summary: 'only of this; repeat it for more',
      },
      { name: 'namespace-pattern', value: 'PATTERN', isMany: true, summary: 'only of these namespaces' },
      { name: 'section', value: 'PATTERN', isMany: true, summary: 'only of these sections' },
      { name: 'yes', summary: 'do not ask' },
      ...PAGING,
    ],
    examples: [
      ['holdfast webhook create chat https://hooks.example.com/x --kind change', 'tell of changes'],
      ['holdfast webhook deliveries chat', 'what was sent, and what came back'],
      ['holdfast webhook replay chat msg_2f9a', 'send a message again'],
    ],
    load: () => import('../commands/webhook.ts'),
  },
]
