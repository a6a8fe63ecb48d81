/**
 * Finds what was edited, deleted, added or reordered with another tool. It stands in docs/STORAGE.md too, for people who check a store with
 * nothing but the `sqlite3` shell, whose own `sha3` it uses; no row means that all holds.
 */
export const VERIFY_SQL = `
WITH
versions AS (
  SELECT v.*,
    lag(v.chain_hash) OVER (PARTITION BY v.namespace ORDER BY v.id) AS found,
    json_array(v.previous_chain, v.namespace, v.id, v.config_hash, v.rows_hash, v.created_at, v.created_by, v.description, v.cause)
    || coalesce((
      SELECT group_concat(line, '') FROM (
        SELECT char(10) || json_array(h.id, h.namespace, h.operation, h.layer, h.section, h.key, h.old_value, h.new_value, h.changed_at,
          h.changed_by, h.source_ip, h.reason, h.comment, h.version_id, h.old_type, h.new_type) AS line
        FROM config_history h WHERE h.namespace = v.namespace AND h.version_id = v.id ORDER BY h.id)), '') AS chain_input
  FROM version_log v),
documents AS (
  SELECT d.namespace, d.version_id, d.layer, d.name,
    json_array('document', d.layer, d.name, d.version_id, d.content) AS line
  FROM config_documents d),
overrides AS (
  SELECT o.namespace, o.version_id, o.id,
    json_array('override', o.id, o.namespace, o.section, o.key, o.value, o.value_type, o.created_at, o.created_by, o.reason, o.comment,
      o.base_value, o.base_type, o.version_id) AS line
  FROM override_log o),
seals AS (
  SELECT m.namespace, m.id,
    CASE WHEN json_valid(m.detail) THEN json_extract(m.detail, '$.previous') END AS previous,
    CASE WHEN json_valid(m.detail) THEN json_extract(m.detail, '$.chain') END AS chain,
    CASE WHEN json_valid(m.detail) THEN json_extract(m.detail, '$.kept') END AS kept
  FROM config_marks m WHERE m.kind = 'purge'),
deleted AS (
  SELECT substr(m.key, 10) AS namespace FROM system_metadata m
  WHERE m.key LIKE 'deleting:%' AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.namespace = substr(m.key, 10))),
homeless AS (
  SELECT namespace, version_id, line, row_number() OVER (ORDER BY layer, name, version_id) AS nth, 0 AS part FROM documents d
  WHERE d.namespace NOT IN (SELECT namespace FROM deleted)
    AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.id = d.version_id AND v.namespace = d.namespace)
  UNION ALL
  SELECT namespace, version_id, line, id, 1 FROM overrides o
  WHERE o.namespace NOT IN (SELECT namespace FROM deleted)
    AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.id = o.version_id AND v.namespace = o.namespace)),
namespaces AS (
  SELECT namespace FROM version_log UNION SELECT namespace FROM config_marks
  UNION SELECT namespace FROM config_documents UNION SELECT namespace FROM override_log),
marks AS (
  SELECT m.*,
    lag(m.chain_hash) OVER (PARTITION BY m.namespace ORDER BY m.id) AS found,
    json_array(m.previous_chain, m.id, m.namespace, m.kind, m.tag, m.version_id, m.created_at, m.created_by, m.detail) AS chain_input
  FROM config_marks m)

SELECT namespace, id AS version_id, 'the version or its history was changed: chain_hash does not hold' AS problem
FROM versions WHERE chain_hash <> lower(hex(sha3(chain_input, 256)))
UNION ALL
SELECT namespace, id, 'documents or overrides of this version were changed: rows_hash does not hold'
FROM versions v WHERE rows_hash <> lower(hex(sha3(coalesce((
  SELECT group_concat(line, char(10)) FROM (
    SELECT line FROM (
      SELECT d.line, 0 AS part, d.layer, d.name, 0 AS id FROM documents d WHERE d.namespace = v.namespace AND d.version_id = v.id
      UNION ALL
      SELECT o.line, 1, '', '', o.id FROM overrides o WHERE o.namespace = v.namespace AND o.version_id = v.id)
    ORDER BY part, layer, name, id)), ''), 256)))
UNION ALL
SELECT namespace, id, 'the version before this one was removed or changed: previous_chain does not hold'
FROM versions v WHERE previous_chain IS NOT found AND NOT EXISTS (
  SELECT 1 FROM seals s WHERE s.namespace = v.namespace AND s.previous IS v.found AND s.chain IS v.previous_chain)
UNION ALL
SELECT n.namespace, (SELECT max(h.version_id) FROM homeless h WHERE h.namespace = n.namespace),
  'rows of versions that are gone were changed: no purge has sealed them so'
FROM namespaces n
WHERE coalesce((SELECT s.kept FROM seals s WHERE s.namespace = n.namespace ORDER BY s.id DESC LIMIT 1), lower(hex(sha3('', 256))))
  <> lower(hex(sha3(coalesce((
    SELECT group_concat(line, char(10)) FROM (SELECT line FROM homeless h WHERE h.namespace = n.namespace ORDER BY part, nth)), ''), 256)))
UNION ALL
SELECT namespace, version_id, 'history entry ' || id || ' belongs to no version'
FROM config_history h WHERE h.namespace NOT IN (SELECT namespace FROM deleted)
  AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.id = h.version_id AND v.namespace = h.namespace)
UNION ALL
SELECT namespace, version_id, 'mark ' || id || ' (' || kind || ') or the one before it was changed: its chain does not hold'
FROM marks WHERE chain_hash <> lower(hex(sha3(chain_input, 256))) OR previous_chain IS NOT found
UNION ALL
SELECT namespace, version_id, 'the document ' || json_quote(name) || ' of layer ' || layer || ' is missing from config_names'
FROM documents d WHERE NOT EXISTS (
  SELECT 1 FROM config_names n
  WHERE n.namespace = d.namespace AND n.layer = d.layer AND n.name = d.name AND n.quoted = json_quote(d.name))
UNION ALL
SELECT namespace, NULL, json_quote(name) || ' of layer ' || layer || ' stands twice in config_names'
FROM config_names GROUP BY namespace, layer, name HAVING count(*) > 1
UNION ALL
SELECT namespace, version_id, 'override ' || id || ' is missing from override_keys'
FROM override_log o WHERE NOT EXISTS (
  SELECT 1 FROM override_keys k WHERE k.namespace = o.namespace AND k.section = o.section AND k.key = o.key)
`
