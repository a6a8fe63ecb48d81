import { HoldfastError } from '../model/errors.ts'
import type { Version, VersionId } from '../model/version.ts'
import { sortKey } from './chain.ts'
import type { Reader, Transaction } from './driver.ts'
import { requireLease } from './fence.ts'
import { nextIds } from './ids.ts'
import { insertMark, refuseTakenTag } from './marks.ts'
import { insertOnce } from './once.ts'
import type { DocumentLogRow, HistoryLogRow, OverrideLogRow, VersionLogRow } from './rows.ts'
import type { Write } from './store.ts'
import { asWritten, type Place, rowsOf } from './version-rows.ts'

const HEAD = 'SELECT id, chain_hash FROM version_log WHERE namespace = ? ORDER BY id DESC LIMIT 1'

/** Appends `writes` as the next versions of `namespace`, inside a transaction; refuses when they were staged on another head. */
export async function appendVersions(
  tx: Transaction,
  namespace: string,
  head: VersionId,
  writes: readonly Write[],
): Promise<readonly Version[]> {
  const [top] = await tx.query<{ id: number; chain_hash: string }>(HEAD, namespace)
  refuseMovedHead(namespace, head, top?.id ?? 0)

  const next = await nextIds(tx)
  const versions: Version[] = []
  let previousChain = top?.chain_hash ?? null
  for (const write of writes) {
    if (write.fence) await requireLease(tx, write.fence)
    const version = await appendVersion(tx, { namespace, write, previousChain, next })
    previousChain = version.chainHash
    versions.push(version)
  }
  return withLastBaseline(versions)
}

/** Whether a version of this very chain is in the store: what a commit that failed midway asks afterwards. */
export async function wasAppended(reader: Reader, version: Version | undefined): Promise<boolean> {
  const sql = 'SELECT id FROM version_log WHERE id = ? AND chain_hash = ?'
  return !version || (await reader.query(sql, version.id, version.chainHash)).length > 0
}

/** Refuses a write staged on another head than the namespace has. */
export function refuseMovedHead(namespace: string, expected: VersionId, found: VersionId): void {
  if (found === expected) return
  throw new HoldfastError(
    'conflict',
    `expected version ${expected} as the newest of namespace ${namespace}, found ${found}: something else was changed first. Look at it and try again`,
    { expected, found },
  )
}

interface Append extends Place {
  readonly write: Write
}

async function appendVersion(tx: Transaction, { namespace, write, previousChain, next }: Append): Promise<Version> {
  const { version, documents, overrides, history } = rowsOf(write, { namespace, previousChain, next })
  const { id } = version

  await insertVersion(tx, version)
  for (const document of documents) await insertDocument(tx, namespace, document)
  for (const override of overrides) await insertOverride(tx, override)
  for (const entry of history) await insertHistory(tx, entry)
  await markVersion(tx, { namespace, write, version: id, next })
  if (write.once) await insertOnce(tx, namespace, write.once, id)
  return asWritten(version, write)
}

async function markVersion(
  tx: Transaction,
  { namespace, write, version, next }: Pick<Append, 'namespace' | 'write' | 'next'> & { readonly version: number },
): Promise<void> {
  const common = { namespace, versionId: version, createdAt: write.createdAt, createdBy: write.createdBy, detail: null }
  for (const tag of write.tags) {
    await refuseTakenTag(tx, namespace, tag)
    await insertMark(tx, { ...common, id: next.mark++, kind: 'tag', tag })
  }
  if (write.baseline) await insertMark(tx, { ...common, id: next.mark++, kind: 'baseline', tag: '' })
}

export const withLastBaseline = (versions: readonly Version[]): readonly Version[] => {
  const last = versions.findLast((version) => version.isBaseline)
  return versions.map((version) =>
    version.isBaseline && version !== last ? { ...version, isBaseline: false } : version,
  )
}

const INSERT_VERSION = `
INSERT INTO version_log (id, namespace, config_hash, created_at, created_by, description, cause, rows_hash, previous_chain, chain_hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insertVersion = (tx: Transaction, row: VersionLogRow) =>
  tx.run(
    INSERT_VERSION,
    row.id,
    row.namespace,
    row.config_hash,
    row.created_at,
    row.created_by,
    row.description,
    row.cause,
    row.rows_hash,
    row.previous_chain,
    row.chain_hash,
  )

const INSERT_NAME =
  'INSERT INTO config_names (namespace, layer, name, quoted, sort) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
const INSERT_DOCUMENT =
  'INSERT INTO config_documents (namespace, layer, name, version_id, content, positions) VALUES (?, ?, ?, ?, ?, ?)'

async function insertDocument(tx: Transaction, namespace: string, row: DocumentLogRow): Promise<void> {
  const { layer, name } = row
  await tx.run(INSERT_NAME, namespace, layer, name, JSON.stringify(name), sortKey(name))
  await tx.run(INSERT_DOCUMENT, namespace, layer, name, row.version_id, row.content, row.positions)
}

const INSERT_KEY = 'INSERT INTO override_keys (namespace, section, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const INSERT_OVERRIDE = `
INSERT INTO override_log (id, namespace, section, key, value, value_type, created_at, created_by, reason, comment, base_value, base_type, version_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

async function insertOverride(tx: Transaction, row: OverrideLogRow): Promise<void> {
  await tx.run(INSERT_KEY, row.namespace, row.section, row.key)
  await tx.run(
    INSERT_OVERRIDE,
    row.id,
    row.namespace,
    row.section,
    row.key,
    row.value,
    row.value_type,
    row.created_at,
    row.created_by,
    row.reason,
    row.comment,
    row.base_value,
    row.base_type,
    row.version_id,
  )
}

const INSERT_HISTORY = `
INSERT INTO config_history (id, namespace, operation, layer, section, key, old_value, new_value, changed_at, changed_by, source_ip, reason, comment,
  version_id, old_type, new_type)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insertHistory = (tx: Transaction, row: HistoryLogRow) =>
  tx.run(
    INSERT_HISTORY,
    row.id,
    row.namespace,
    row.operation,
    row.layer,
    row.section,
    row.key,
    row.old_value,
    row.new_value,
    row.changed_at,
    row.changed_by,
    row.source_ip,
    row.reason,
    row.comment,
    row.version_id,
    row.old_type,
    row.new_type,
  )
