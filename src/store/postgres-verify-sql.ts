/** The JSON text of an array without spaces, as `JSON.stringify` gives it and SQLite's `json_array`. */
const line = (...columns: readonly string[]): string =>
  `array_to_json(ARRAY[${columns.map((column) => `to_json(${column})`).join(', ')}])::text`

const sha3 = (input: string): string => `encode(digest(convert_to(${input}, 'UTF8'), 'sha3-256'), 'hex')`

const columnsOf = (alias: string, names: string): readonly string[] =>
  names.split(' ').map((name) => (name.startsWith("'") ? `${name}::text` : `${alias}.${name}`))

const VERSION = line(
  ...columnsOf('v', 'previous_chain namespace id config_hash rows_hash created_at created_by description cause'),
)
const HISTORY = line(
  ...columnsOf(
    'h',
    'id namespace operation layer section key old_value new_value changed_at changed_by source_ip reason comment version_id old_type new_type',
  ),
)
const DOCUMENT = line(...columnsOf('d', "'document' layer name version_id content"))
const OVERRIDE = line(
  ...columnsOf(
    'o',
    "'override' id namespace section key value value_type created_at created_by reason comment base_value base_type version_id",
  ),
)
const MARK = line(...columnsOf('m', 'previous_chain id namespace kind tag version_id created_at created_by detail'))

/**
 * What `verify-sql.ts` asks of SQLite, asked of PostgreSQL, whose extension pgcrypto has the hash. It stands in docs/STORAGE.md too, for people who
 * check a store with nothing but `psql`; no row means that all holds.
 */
export const POSTGRES_VERIFY_SQL = `
WITH
entries AS (
  SELECT h.namespace, h.version_id, string_agg(chr(10) || ${HISTORY}, '' ORDER BY h.id) AS lines
  FROM config_history h GROUP BY h.namespace, h.version_id),
versions AS (
  SELECT v.*, lag(v.chain_hash) OVER (PARTITION BY v.namespace ORDER BY v.id) AS found,
    ${VERSION} || coalesce(e.lines, '') AS chain_input
  FROM version_log v LEFT JOIN entries e ON e.namespace = v.namespace AND e.version_id = v.id),
written AS (
  SELECT d.namespace, d.version_id, ${DOCUMENT} AS line, 0 AS part, d.layer, d.name, 0::bigint AS id FROM config_documents d
  UNION ALL
  SELECT o.namespace, o.version_id, ${OVERRIDE}, 1, '', '', o.id FROM override_log o),
row_lines AS (
  SELECT namespace, version_id, string_agg(line, chr(10) ORDER BY part, layer, name, id) AS lines
  FROM written GROUP BY namespace, version_id),
deleted AS (
  SELECT substr(m.key, 10) AS namespace FROM system_metadata m
  WHERE m.key LIKE 'deleting:%' AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.namespace = substr(m.key, 10))),
homeless AS (
  SELECT w.namespace, max(w.version_id) AS version_id,
    string_agg(w.line, chr(10) ORDER BY w.part, w.layer, w.name, w.version_id, w.id) AS lines
  FROM written w
  WHERE w.namespace NOT IN (SELECT namespace FROM deleted)
    AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.id = w.version_id AND v.namespace = w.namespace)
  GROUP BY w.namespace),
seals AS (
  SELECT m.namespace, m.id, m.detail::json ->> 'previous' AS previous, m.detail::json ->> 'chain' AS chain,
    m.detail::json ->> 'kept' AS kept
  FROM config_marks m WHERE m.kind = 'purge'),
namespaces AS (
  SELECT namespace FROM version_log UNION SELECT namespace FROM config_marks
  UNION SELECT namespace FROM config_documents UNION SELECT namespace FROM override_log),
marks AS (
  SELECT m.*, lag(m.chain_hash) OVER (PARTITION BY m.namespace ORDER BY m.id) AS found, ${MARK} AS chain_input
  FROM config_marks m)

SELECT namespace, id AS version_id, 'the version or its history was changed: chain_hash does not hold' AS problem
FROM versions WHERE chain_hash <> ${sha3('chain_input')}
UNION ALL
SELECT v.namespace, v.id, 'documents or overrides of this version were changed: rows_hash does not hold'
FROM versions v LEFT JOIN row_lines r ON r.namespace = v.namespace AND r.version_id = v.id
WHERE v.rows_hash <> ${sha3("coalesce(r.lines, '')")}
UNION ALL
SELECT namespace, id, 'the version before this one was removed or changed: previous_chain does not hold'
FROM versions v WHERE previous_chain IS DISTINCT FROM found AND NOT EXISTS (
  SELECT 1 FROM seals s
  WHERE s.namespace = v.namespace AND s.previous IS NOT DISTINCT FROM v.found AND s.chain IS NOT DISTINCT FROM v.previous_chain)
UNION ALL
SELECT n.namespace, h.version_id, 'rows of versions that are gone were changed: no purge has sealed them so'
FROM namespaces n LEFT JOIN homeless h ON h.namespace = n.namespace
WHERE coalesce((SELECT s.kept FROM seals s WHERE s.namespace = n.namespace ORDER BY s.id DESC LIMIT 1), ${sha3("''")})
  <> ${sha3("coalesce(h.lines, '')")}
UNION ALL
SELECT namespace, version_id, 'history entry ' || id || ' belongs to no version'
FROM config_history h
WHERE h.namespace NOT IN (SELECT namespace FROM deleted) AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.id = h.version_id AND v.namespace = h.namespace)
UNION ALL
SELECT namespace, version_id, 'mark ' || id || ' (' || kind || ') or the one before it was changed: its chain does not hold'
FROM marks WHERE chain_hash <> ${sha3('chain_input')} OR previous_chain IS DISTINCT FROM found
UNION ALL
SELECT namespace, version_id, 'the document ' || to_json(name) || ' of layer ' || layer || ' is missing from config_names'
FROM config_documents d WHERE NOT EXISTS (
  SELECT 1 FROM config_names n
  WHERE n.namespace = d.namespace AND n.layer = d.layer AND n.name = d.name AND n.quoted = to_json(d.name)::text)
UNION ALL
SELECT namespace, NULL, to_json(name) || ' of layer ' || layer || ' stands twice in config_names'
FROM config_names GROUP BY namespace, layer, name HAVING count(*) > 1
UNION ALL
SELECT namespace, version_id, 'override ' || id || ' is missing from override_keys'
FROM override_log o WHERE NOT EXISTS (
  SELECT 1 FROM override_keys k WHERE k.namespace = o.namespace AND k.section = o.section AND k.key = o.key)
`
