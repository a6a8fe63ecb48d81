/**
 * The first schema. Everything a version says is append-only, so that a hash can cover all of it: a change never touches an older row. The
 * tables people read by the contract's names are views where what is kept is a log.
 */
export const sql = `
CREATE TABLE system_metadata (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE version_log (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  config_hash TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  description TEXT,
  cause TEXT NOT NULL,
  rows_hash TEXT NOT NULL,
  previous_chain TEXT,
  chain_hash TEXT NOT NULL
) STRICT;
CREATE INDEX version_log_of_namespace ON version_log (namespace);

CREATE TABLE config_names (
  namespace TEXT NOT NULL,
  layer TEXT NOT NULL,
  name TEXT NOT NULL,
  quoted TEXT NOT NULL,
  sort BLOB NOT NULL,
  PRIMARY KEY (namespace, layer, sort)
) STRICT, WITHOUT ROWID;

CREATE TABLE config_documents (
  namespace TEXT NOT NULL,
  layer TEXT NOT NULL,
  name TEXT NOT NULL,
  version_id INTEGER NOT NULL,
  content TEXT,
  positions TEXT
) STRICT;
CREATE UNIQUE INDEX config_documents_of_name ON config_documents (namespace, layer, name, version_id);
CREATE INDEX config_documents_of_version ON config_documents (namespace, version_id);

CREATE TABLE override_keys (
  namespace TEXT NOT NULL,
  section TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (namespace, section, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE override_log (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  section TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT,
  value_type TEXT,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  reason TEXT,
  comment TEXT,
  base_value TEXT,
  base_type TEXT,
  version_id INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX override_log_of_key ON override_log (namespace, section, key, version_id);
CREATE INDEX override_log_of_version ON override_log (namespace, version_id);

CREATE TABLE config_history (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  operation TEXT NOT NULL,
  layer TEXT NOT NULL,
  section TEXT NOT NULL,
  key TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  source_ip TEXT,
  reason TEXT,
  comment TEXT,
  version_id INTEGER NOT NULL,
  old_type TEXT,
  new_type TEXT
) STRICT;
CREATE INDEX config_history_of_section ON config_history (namespace, section);
CREATE INDEX config_history_of_key ON config_history (namespace, section, key);
CREATE INDEX config_history_of_author ON config_history (namespace, changed_by);
CREATE INDEX config_history_of_version ON config_history (namespace, version_id);

CREATE TABLE config_marks (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  kind TEXT NOT NULL,
  tag TEXT NOT NULL,
  version_id INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  detail TEXT,
  previous_chain TEXT,
  chain_hash TEXT NOT NULL
) STRICT;
CREATE INDEX config_marks_of_namespace ON config_marks (namespace);
CREATE INDEX config_marks_of_tag ON config_marks (namespace, kind, tag);
CREATE INDEX config_marks_of_version ON config_marks (namespace, version_id);

CREATE TABLE source_states (
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  error TEXT,
  fingerprint TEXT,
  loaded_at TEXT,
  checked_at TEXT NOT NULL,
  PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;

CREATE VIEW config_versions AS
SELECT v.id, v.namespace,
  '{' || coalesce((
    SELECT group_concat(member, ',') FROM (
      SELECT n.quoted || ':' || d.content AS member
      FROM config_names n
      JOIN config_documents d ON d.namespace = n.namespace AND d.layer = n.layer AND d.name = n.name
        AND d.version_id = (
          SELECT max(x.version_id) FROM config_documents x
          WHERE x.namespace = n.namespace AND x.layer = n.layer AND x.name = n.name AND x.version_id <= v.id)
      WHERE n.namespace = v.namespace AND n.layer = 'effective' AND d.content IS NOT NULL
      ORDER BY n.sort)), '') || '}' AS config_json,
  v.config_hash, v.created_at, v.created_by, v.description,
  v.id = coalesce((
    SELECT m.version_id FROM config_marks m
    WHERE m.namespace = v.namespace AND m.kind = 'baseline' ORDER BY m.id DESC LIMIT 1), 0) AS is_baseline,
  v.cause, v.chain_hash, v.previous_chain, v.rows_hash
FROM version_log v;

CREATE VIEW config_overrides AS
SELECT id, namespace, section, key, value, value_type, created_at, created_by, reason, comment,
  ended_by IS NULL AS is_active, base_value, base_type, version_id, ended_by
FROM (
  SELECT o.*, (
    SELECT min(x.version_id) FROM override_log x
    WHERE x.namespace = o.namespace AND x.section = o.section AND x.key = o.key AND x.version_id > o.version_id) AS ended_by
  FROM override_log o
  WHERE o.value_type IS NOT NULL);

CREATE VIEW config_tags AS
SELECT m.namespace, m.tag, m.version_id, m.created_at, m.created_by
FROM config_marks m
WHERE m.kind = 'tag' AND NOT EXISTS (
  SELECT 1 FROM config_marks x
  WHERE x.namespace = m.namespace AND x.kind IN ('tag', 'untag') AND x.tag = m.tag AND x.id > m.id);

CREATE TRIGGER version_log_is_append_only BEFORE UPDATE ON version_log
BEGIN SELECT raise(ABORT, 'version_log is append-only'); END;
CREATE TRIGGER override_log_is_append_only BEFORE UPDATE ON override_log
BEGIN SELECT raise(ABORT, 'override_log is append-only'); END;
CREATE TRIGGER config_history_is_append_only BEFORE UPDATE ON config_history
BEGIN SELECT raise(ABORT, 'config_history is append-only'); END;
CREATE TRIGGER config_marks_is_append_only BEFORE UPDATE ON config_marks
BEGIN SELECT raise(ABORT, 'config_marks is append-only'); END;
CREATE TRIGGER config_documents_is_append_only BEFORE UPDATE OF namespace, layer, name, version_id, content ON config_documents
BEGIN SELECT raise(ABORT, 'config_documents is append-only, positions apart'); END;
`
