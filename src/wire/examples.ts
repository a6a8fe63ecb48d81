/** What answers look like: one small story, used in the documentation of each route. */
export const version = {
  id: 42,
  hash: '3f9a01bc5de2f0a1c4b7d8e9f00112233445566778899aabbccddeeff0011223',
  chainHash: '9c1185a5c5e9fc54612808977ee8f548b2258d31a1b0c3d4e5f60718293a4b5c',
  createdAt: '2026-11-22T19:45:03.123Z',
  createdBy: 'deploy',
  description: 'port for the load balancer',
  cause: 'change',
  isBaseline: false,
  tags: ['release-7'],
}

export const config = { server: { port: 5050, log_level: 'INFO' } }

export const changed = {
  version,
  changes: [{ operation: 'CREATE', section: 'server', key: 'port', oldValue: 4949, newValue: 5050 }],
  restartRequired: ['server.port'],
}

export const source = {
  name: 'config/tacacs.conf',
  kind: 'file',
  isPinned: false,
  state: 'ok',
  error: null,
  loadedAt: '2026-11-22T19:40:00.000Z',
  checkedAt: '2026-11-22T19:45:00.000Z',
}

export const pair = {
  path: 'server.port',
  section: 'server',
  key: 'port',
  base: 4949,
  override: 5050,
  isMask: false,
  differs: true,
}

export const instance = {
  id: 'tacacs-1',
  host: 'node-7',
  version: 41,
  startVersion: 40,
  startedAt: '2026-11-22T08:00:00.000Z',
  reportedAt: '2026-11-22T19:45:00.000Z',
  reportedBy: 'tacacs',
  state: 'behind',
  behindSince: '2026-11-22T19:45:03.123Z',
  pendingRestart: { since: '2026-11-22T19:45:03.123Z', paths: ['server.port'] },
}

export const grants = [{ actions: ['config:read', 'config:write'], namespaces: ['tacacs-*'] }]

export const token = {
  id: 'k7h2m9q4',
  name: 'deploy',
  grants,
  createdAt: '2026-11-22T19:00:00.000Z',
  createdBy: 'admin',
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: '2026-11-22T19:45:03.123Z',
  lastUsedIp: '192.168.1.100',
  overlapUntil: null,
  state: 'active',
}

export const newToken = { token, text: 'hf_k7h2m9q4_…' }

export const webhook = {
  id: 'wh_3k9',
  name: 'chat',
  url: 'https://hooks.example.com/holdfast',
  namespaces: ['*'],
  sections: null,
  kinds: ['change', 'drift'],
  isEnabled: true,
  createdAt: '2026-11-22T19:00:00.000Z',
  createdBy: 'admin',
  disabledReason: null,
}

export const delivery = {
  id: 'msg_7d1',
  webhookId: 'wh_3k9',
  kind: 'change',
  namespace: 'tacacs-prod',
  createdAt: '2026-11-22T19:45:03.123Z',
  state: 'delivered',
  attempts: 1,
  lastAttemptAt: '2026-11-22T19:45:03.200Z',
  nextAttemptAt: null,
  status: 204,
  error: null,
  duration: 41,
}

export const run = {
  startedAt: '2026-11-22T03:00:00.000Z',
  duration: 812,
  outcome: 'done',
  detail: 'made holdfast-20261122T030000Z.db',
  by: 'schedule',
}

export const heads = { 'tacacs-prod': version.chainHash }

export const namespace = {
  namespace: 'tacacs-prod',
  versions: 42,
  history: 120,
  overrides: 3,
  oldest: '2026-09-01T08:00:00.000Z',
  newest: version.createdAt,
  documentBytes: 18_211,
}
