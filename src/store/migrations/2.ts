/**
 * What a server keeps beside the configuration. Nothing here is under a hash, and no secret stands in it: of tokens and sessions there are
 * digests, of the secrets of webhooks ciphertext. Rows that pages go by are numbered once and for ever, also after deletion.
 */
export const sql = `
CREATE TABLE tokens (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  previous_digest TEXT,
  previous_until TEXT,
  grants TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at TEXT,
  revoked_at TEXT,
  last_used_at TEXT,
  last_used_ip TEXT
) STRICT;
CREATE UNIQUE INDEX tokens_of_name ON tokens (name) WHERE revoked_at IS NULL;

CREATE TABLE token_addresses (
  token_id TEXT NOT NULL,
  ip TEXT NOT NULL,
  first_seen_at TEXT NOT NULL,
  PRIMARY KEY (token_id, ip)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL,
  token_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  source_ip TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  event TEXT NOT NULL,
  who TEXT,
  token_id TEXT,
  source_ip TEXT,
  namespace TEXT,
  subject TEXT,
  detail TEXT,
  request_id TEXT,
  count INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_log_of_time ON audit_log (at);
CREATE INDEX audit_log_of_event ON audit_log (event);
CREATE INDEX audit_log_of_who ON audit_log (who);
CREATE INDEX audit_log_of_token ON audit_log (token_id);
CREATE INDEX audit_log_of_address ON audit_log (source_ip);
CREATE INDEX audit_log_of_namespace ON audit_log (namespace);
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE ON audit_log
BEGIN SELECT raise(ABORT, 'audit_log is append-only'); END;

CREATE TABLE idempotency_keys (
  number INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  answer TEXT NOT NULL,
  version_id INTEGER,
  created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idempotency_keys_of_owner ON idempotency_keys (namespace, owner, key);
CREATE INDEX idempotency_keys_of_time ON idempotency_keys (created_at);

CREATE TABLE instances (
  namespace TEXT NOT NULL,
  id TEXT NOT NULL,
  host TEXT NOT NULL,
  version_id INTEGER NOT NULL,
  start_version_id INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  reported_at TEXT NOT NULL,
  reported_by TEXT NOT NULL,
  PRIMARY KEY (namespace, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhooks (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  namespaces TEXT NOT NULL,
  sections TEXT,
  kinds TEXT NOT NULL,
  is_enabled INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  disabled_reason TEXT,
  secret TEXT NOT NULL,
  previous_secret TEXT,
  previous_until TEXT
) STRICT;

CREATE TABLE webhook_cursors (
  webhook_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  version_id INTEGER NOT NULL,
  PRIMARY KEY (webhook_id, namespace)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  webhook_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  namespace TEXT,
  created_at TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  last_attempt_at TEXT,
  next_attempt_at TEXT,
  status INTEGER,
  error TEXT,
  duration REAL,
  payload TEXT NOT NULL
) STRICT;
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_attempt_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (created_at) WHERE state <> 'waiting';

CREATE TABLE schedule_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  started_at TEXT NOT NULL,
  started_by TEXT NOT NULL,
  outcome TEXT NOT NULL,
  duration REAL,
  detail TEXT
) STRICT;
CREATE INDEX schedule_runs_of_name ON schedule_runs (name);
`
