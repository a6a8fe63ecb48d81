import type { Version, VersionId } from '../model/version.ts'
import type { Reader } from './driver.ts'
import {
  type DocumentLogRow,
  type HistoryLogRow,
  type OverrideLogRow,
  toDocument,
  toHistory,
  toOverride,
  toOverrideOrEnd,
  toVersions,
  type VersionLogRow,
} from './rows.ts'
import type { Delta, Document, SourceState, StoredState } from './store.ts'

const HEAD = 'SELECT * FROM version_log WHERE namespace = ? ORDER BY id DESC LIMIT 1'
const VERSION = 'SELECT * FROM version_log WHERE namespace = ? AND id = ?'

/** The newest version of a namespace, or the one with the number. */
export async function readVersion(reader: Reader, namespace: string, id?: VersionId): Promise<Version | undefined> {
  const rows =
    id === undefined
      ? await reader.query<VersionLogRow>(HEAD, namespace)
      : await reader.query<VersionLogRow>(VERSION, namespace, id)
  const [version] = await toVersions(reader, rows)
  return version
}

/** Seeks the latest document of each name, so that an old version costs its sections and not its history. */
const DOCUMENTS = `
SELECT d.layer, d.name, d.version_id, d.content, d.positions
FROM config_names n
JOIN config_documents d ON d.namespace = n.namespace AND d.layer = n.layer AND d.name = n.name
  AND d.version_id = (
    SELECT max(x.version_id) FROM config_documents x
    WHERE x.namespace = n.namespace AND x.layer = n.layer AND x.name = n.name AND x.version_id <= ?)
WHERE n.namespace = ? AND d.content IS NOT NULL
ORDER BY n.layer, n.sort`

const OVERRIDES = `
SELECT o.*
FROM override_keys k
JOIN override_log o ON o.namespace = k.namespace AND o.section = k.section AND o.key = k.key
  AND o.version_id = (
    SELECT max(x.version_id) FROM override_log x
    WHERE x.namespace = k.namespace AND x.section = k.section AND x.key = k.key AND x.version_id <= ?)
WHERE k.namespace = ? AND o.value_type IS NOT NULL
ORDER BY k.section, k.key`

/** What is in force at a version, the newest where none is named. */
export async function readState(reader: Reader, namespace: string, id?: VersionId): Promise<StoredState | undefined> {
  const version = await readVersion(reader, namespace, id)
  if (!version) return undefined
  const documents = await reader.query<DocumentLogRow>(DOCUMENTS, version.id, namespace)
  const overrides = await reader.query<OverrideLogRow>(OVERRIDES, version.id, namespace)
  return {
    version,
    documents: documents.map((row) => toDocument(row) as Document),
    overrides: overrides.map(toOverride),
  }
}

const VERSIONS_FROM = 'SELECT * FROM version_log WHERE namespace = ? AND id >= ? AND id <= ? ORDER BY id'

const DOCUMENTS_SINCE = `
SELECT d.layer, d.name, d.version_id, d.content, d.positions
FROM config_documents d
WHERE d.namespace = ? AND d.version_id > ? AND d.version_id <= ? AND d.version_id = (
  SELECT max(x.version_id) FROM config_documents x
  WHERE x.namespace = d.namespace AND x.layer = d.layer AND x.name = d.name AND x.version_id <= ?)
ORDER BY d.version_id`

const OVERRIDES_SINCE = `
SELECT o.*
FROM override_log o
WHERE o.namespace = ? AND o.version_id > ? AND o.version_id <= ? AND o.version_id = (
  SELECT max(x.version_id) FROM override_log x
  WHERE x.namespace = o.namespace AND x.section = o.section AND x.key = o.key AND x.version_id <= ?)
ORDER BY o.id`

const HISTORY_SINCE =
  'SELECT * FROM config_history WHERE namespace = ? AND version_id > ? AND version_id <= ? ORDER BY id'

/** What changed after version `since`, up to version `upTo`. */
export async function readDelta(reader: Reader, namespace: string, since: VersionId, upTo: VersionId): Promise<Delta> {
  const found = await reader.query<VersionLogRow>(VERSIONS_FROM, namespace, since, upTo)
  const known = found[0]?.id === since ? found[0] : undefined
  const rows = known ? found.slice(1) : found
  const { documents, overrides } = await readChanges(reader, namespace, since, upTo)
  const history = await reader.query<HistoryLogRow>(HISTORY_SINCE, namespace, since, upTo)
  return {
    versions: await toVersions(reader, rows),
    documents,
    overrides,
    history: history.map(toHistory),
    isWhole: (since === 0 || known !== undefined) && isChained(known, rows),
  }
}

/** Whether each version names the one before it as that: where one was purged, the next does not. */
function isChained(known: VersionLogRow | undefined, rows: readonly VersionLogRow[]): boolean {
  return rows.every((row, i) => row.previous_chain === ((i === 0 ? known : rows[i - 1])?.chain_hash ?? null))
}

/** The last word after version `since`, up to version `upTo`, on each document and override. */
export async function readChanges(
  reader: Reader,
  namespace: string,
  since: VersionId,
  upTo: VersionId,
): Promise<Pick<Delta, 'documents' | 'overrides'>> {
  const documents = await reader.query<DocumentLogRow>(DOCUMENTS_SINCE, namespace, since, upTo, upTo)
  const overrides = await reader.query<OverrideLogRow>(OVERRIDES_SINCE, namespace, since, upTo, upTo)
  return { documents: documents.map(toDocument), overrides: overrides.map(toOverrideOrEnd) }
}

/** The canonical text of a version, as people read it in the table. */
export async function readConfigJson(reader: Reader, namespace: string, id: VersionId): Promise<string | undefined> {
  const sql = 'SELECT config_json FROM config_versions WHERE namespace = ? AND id = ?'
  const [row] = await reader.query<{ config_json: string }>(sql, namespace, id)
  return row?.config_json
}

/** Walks from name to name, so that the number of versions does not count. */
const NAMESPACES = `
WITH RECURSIVE names (namespace) AS (
  SELECT min(namespace) FROM version_log
  UNION ALL
  SELECT (SELECT min(v.namespace) FROM version_log v WHERE v.namespace > names.namespace) FROM names WHERE names.namespace IS NOT NULL)
SELECT namespace FROM names WHERE namespace IS NOT NULL`

export async function readNamespaces(reader: Reader): Promise<readonly string[]> {
  const rows = await reader.query<{ namespace: string }>(NAMESPACES)
  return rows.map((row) => row.namespace)
}

const SOURCES = `
SELECT name, state, error, fingerprint, loaded_at AS "loadedAt", checked_at AS "checkedAt" FROM source_states WHERE namespace = ? ORDER BY name`

export const readSources = (reader: Reader, namespace: string): Promise<readonly SourceState[]> =>
  reader.query<SourceState>(SOURCES, namespace)

export async function readMetadata(reader: Reader): Promise<ReadonlyMap<string, string>> {
  const rows = await reader.query<{ key: string; value: string }>('SELECT key, value FROM system_metadata')
  return new Map(rows.map((row) => [row.key, row.value]))
}

/** What `system_metadata` says of a store that is not to be written to: it has moved, or is not yet whole. */
export const STANDING = `SELECT key, value FROM system_metadata WHERE key IN ('moved_to', 'copy_from')`

export interface Standing {
  readonly key: string
  readonly value: string
}
