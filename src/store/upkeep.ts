import type { Driver, Transaction } from './driver.ts'
import { readNamespaces } from './read.ts'
import type { SourceState, StoreStats } from './store.ts'

const SAVE_SOURCE = `
INSERT INTO source_states (namespace, name, state, error, fingerprint, loaded_at, checked_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, name) DO UPDATE SET state = excluded.state, error = excluded.error, fingerprint = excluded.fingerprint,
  loaded_at = excluded.loaded_at, checked_at = excluded.checked_at`

const SAVE_POSITIONS = `
UPDATE config_documents SET positions = ?
WHERE namespace = ? AND layer = ? AND name = ? AND content IS NOT NULL AND version_id = (
  SELECT max(x.version_id) FROM config_documents x WHERE x.namespace = ? AND x.layer = ? AND x.name = ?)`

/** Keeps how a source fared, and where its keys stand now: both change without a version. */
export async function saveSource(
  tx: Transaction,
  namespace: string,
  source: SourceState,
  positions: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const { name, state, error, fingerprint, loadedAt, checkedAt } = source
  await tx.run(SAVE_SOURCE, namespace, name, state, error, fingerprint, loadedAt, checkedAt)
  const layer = `source:${name}`
  for (const [document, text] of positions) {
    await tx.run(SAVE_POSITIONS, text, namespace, layer, document, namespace, layer, document)
  }
}

const SET_METADATA = `
INSERT INTO system_metadata (key, value, updated_at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`

export async function setMetadata(tx: Transaction, key: string, value: string, at: string): Promise<void> {
  await tx.run(SET_METADATA, key, value, at)
}

type NamespaceStats = StoreStats['namespaces'][number]

const STATS = `
SELECT (SELECT count(*) FROM version_log WHERE namespace = n.namespace) AS versions,
  (SELECT count(*) FROM config_history WHERE namespace = n.namespace) AS history,
  (SELECT count(*) FROM config_overrides WHERE namespace = n.namespace AND is_active) AS overrides,
  (SELECT created_at FROM version_log WHERE namespace = n.namespace ORDER BY id LIMIT 1) AS oldest,
  (SELECT created_at FROM version_log WHERE namespace = n.namespace ORDER BY id DESC LIMIT 1) AS newest,
  (SELECT coalesce(sum(octet_length(content)), 0) FROM config_documents WHERE namespace = n.namespace) AS "documentBytes"
FROM (SELECT ? AS namespace) n`

/** Sizes and counts, all asked of the database: reading its files would drop its locks. */
export async function readStats(driver: Driver): Promise<StoreStats> {
  const sizes = await driver.sizes()
  const metadata = await driver.query<{ value: string }>(
    `SELECT value FROM system_metadata WHERE key = 'schema_version'`,
  )
  const namespaces: NamespaceStats[] = []
  for (const namespace of await readNamespaces(driver)) {
    const [row] = await driver.query<Omit<NamespaceStats, 'namespace'>>(STATS, namespace)
    if (row) namespaces.push({ namespace, ...row })
  }
  return { ...sizes, schemaVersion: Number(metadata[0]?.value), namespaces }
}
