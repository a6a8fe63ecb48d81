import { sha3 } from '../model/hash.ts'
import type { VersionId } from '../model/version.ts'
import { rowsInput } from './chain.ts'
import type { Driver, Reader, SqlValue, Transaction } from './driver.ts'
import { keepIds, nextIds } from './ids.ts'
import { baselineOf, insertMark } from './marks.ts'
import type { DocumentLogRow, OverrideLogRow } from './rows.ts'
import { readSeals, type Seal } from './seals.ts'
import type { PurgePlan, PurgeResult } from './store.ts'

/** Versions in one transaction at first, and at most: a purge cut short loses little. */
const FIRST = 10
const MOST = 100
/** How long writers should wait for a transaction: the next takes more versions where there was time, and fewer where there was not. */
const BATCH_MS = 20

/**
 * Drops what is older than asked, beyond the number to keep, and neither newest, baseline nor tagged. Each batch leaves a store that
 * verifies, so a purge that was cut short is simply run again.
 */
export async function purgeVersions(driver: Driver, namespace: string, plan: PurgePlan): Promise<PurgeResult> {
  if (plan.dryRun) return driver.read((reader) => previewPurge(reader, namespace, plan))

  const total = plan.onProgress === undefined ? 0 : await driver.read((reader) => countDoomed(reader, namespace, plan))
  let versions = 0
  let history = 0
  for (let size = FIRST; ; ) {
    const work = (tx: Transaction) => timed(() => purgeBatch(tx, namespace, plan, size))
    const { batch, ms } = await driver.transaction(work, { news: `namespace:${namespace}` })
    versions += batch.versions
    history += batch.history
    plan.onProgress?.(Math.min(versions, total), total)
    if (batch.versions < size) break
    size = Math.max(1, Math.min(MOST, ms < BATCH_MS / 2 ? size * 2 : ms > BATCH_MS ? Math.floor(size / 2) : size))
  }
  return { versions, history, bytes: await driver.shrink() }
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly batch: T; readonly ms: number }> {
  const start = performance.now()
  return { batch: await work(), ms: performance.now() - start }
}

/** Which versions may go: a condition on `version_log v`, and its values. */
interface Doomed {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

async function doomed(reader: Reader, namespace: string, plan: PurgePlan): Promise<Doomed | undefined> {
  const keep = Math.max(1, plan.keep)
  const oldestKept = 'SELECT id FROM version_log WHERE namespace = ? ORDER BY id DESC LIMIT 1 OFFSET ?'
  const [cutoff] = await reader.query<{ id: number }>(oldestKept, namespace, keep - 1)
  if (!cutoff) return undefined
  const baseline = (await baselineOf(reader, namespace)) ?? 0
  const tagged = 'SELECT 1 FROM config_tags t WHERE t.namespace = v.namespace AND t.version_id = v.id'
  return {
    sql: `v.namespace = ? AND v.created_at < ? AND v.id < ? AND v.id <> ? AND NOT EXISTS (${tagged})`,
    values: [namespace, plan.before, cutoff.id, baseline],
  }
}

async function purgeBatch(tx: Transaction, namespace: string, plan: PurgePlan, size: number) {
  const which = await doomed(tx, namespace, plan)
  const sql = `SELECT v.id FROM version_log v WHERE ${which?.sql} ORDER BY v.id LIMIT ${size}`
  const ids = which ? (await tx.query<{ id: number }>(sql, ...which.values)).map((row) => row.id) : []
  if (ids.length === 0) return { versions: 0, history: 0 }

  await keepIds(tx, plan.at)
  const gaps = await dropVersions(tx, namespace, ids)
  const last = ids.at(-1)!
  await tx.run(deleteUnused('config_documents', ['layer', 'name']), namespace, last)
  await tx.run(deleteUnused('override_log', ['section', 'key']), namespace, last)
  await sealGaps(tx, { namespace, plan, ids })
  return { versions: ids.length, history: gaps }
}

async function dropVersions(tx: Transaction, namespace: string, ids: readonly VersionId[]): Promise<number> {
  let history = 0
  for (const id of ids) {
    history += await tx.run('DELETE FROM config_history WHERE namespace = ? AND version_id = ?', namespace, id)
    await tx.run('DELETE FROM version_log WHERE namespace = ? AND id = ?', namespace, id)
  }
  return history
}

/** Deletes rows up to a version that are in force at no version that stays. */
const deleteUnused = (table: string, name: readonly [string, string]) => `
DELETE FROM ${table} AS d
WHERE d.namespace = ? AND d.version_id <= ? AND ${unused(table, name)}`

const unused = (table: string, [a, b]: readonly [string, string], stays = '') => `NOT EXISTS (
  SELECT 1 FROM version_log v
  WHERE v.namespace = d.namespace AND v.id >= d.version_id${stays} AND v.id < coalesce((
    SELECT min(x.version_id) FROM ${table} x
    WHERE x.namespace = d.namespace AND x.${a} = d.${a} AND x.${b} = d.${b} AND x.version_id > d.version_id), ${Number.MAX_SAFE_INTEGER}))`

interface Removed {
  readonly namespace: string
  readonly plan: PurgePlan
  readonly ids: readonly VersionId[]
}

async function sealGaps(tx: Transaction, { namespace, plan, ids }: Removed): Promise<void> {
  const kept = await keptHash(tx, namespace, ids.at(-1)!)
  const next = await nextIds(tx)
  for (const gap of await findGaps(tx, namespace, ids)) {
    const seal: Seal = { ...gap, kept }
    await insertMark(tx, {
      id: next.mark++,
      namespace,
      kind: 'purge',
      tag: '',
      versionId: gap.last,
      createdAt: plan.at,
      createdBy: plan.by,
      detail: JSON.stringify(seal),
    })
  }
}

const BEFORE = 'SELECT id, chain_hash FROM version_log WHERE namespace = ? AND id < ? ORDER BY id DESC LIMIT 1'
const AFTER = 'SELECT id, previous_chain FROM version_log WHERE namespace = ? AND id > ? ORDER BY id LIMIT 1'

/** The gaps the removed versions stand in, each as a whole, with what earlier purges removed beside them. */
async function findGaps(tx: Reader, namespace: string, ids: readonly VersionId[]): Promise<Omit<Seal, 'kept'>[]> {
  const seals = await readSeals(tx, namespace)
  const gaps: Omit<Seal, 'kept'>[] = []
  for (let at = 0; at < ids.length; ) {
    const [before] = await tx.query<{ id: number; chain_hash: string }>(BEFORE, namespace, ids[at]!)
    const [after] = await tx.query<{ id: number; previous_chain: string }>(AFTER, namespace, ids[at]!)
    const removed = ids.slice(at).filter((id) => id < after!.id)
    const inside = seals.filter((seal) => seal.first > (before?.id ?? 0) && seal.last < after!.id)
    gaps.push({
      first: Math.min(removed[0]!, ...inside.map((seal) => seal.first)),
      last: Math.max(removed.at(-1)!, ...inside.map((seal) => seal.last)),
      previous: before?.chain_hash ?? null,
      chain: after!.previous_chain,
      count: removed.length,
    })
    at += removed.length
  }
  return gaps
}

/** The hash of rows that outlive their version: their version's own hash is gone with it. */
async function keptHash(tx: Reader, namespace: string, last: VersionId): Promise<string> {
  const highest = Math.max(last, ...(await readSeals(tx, namespace)).map((seal) => seal.last))
  const documents = await tx.query<DocumentLogRow>(orphans('config_documents', 'd.layer'), namespace, highest)
  const overrides = await tx.query<OverrideLogRow>(orphans('override_log', 'd.id'), namespace, highest)
  return sha3(rowsInput(documents, overrides))
}

const orphans = (table: string, order: string) => `
SELECT d.* FROM ${table} d
WHERE d.namespace = ? AND d.version_id <= ?
  AND NOT EXISTS (SELECT 1 FROM version_log v WHERE v.namespace = d.namespace AND v.id = d.version_id)
ORDER BY ${order}`

async function countDoomed(reader: Reader, namespace: string, plan: PurgePlan): Promise<number> {
  const which = await doomed(reader, namespace, plan)
  if (!which) return 0
  const sql = `SELECT count(*) AS count FROM version_log v WHERE ${which.sql}`
  const [row] = await reader.query<{ count: number }>(sql, ...which.values)
  return row?.count ?? 0
}

async function previewPurge(reader: Reader, namespace: string, plan: PurgePlan): Promise<PurgeResult> {
  const which = await doomed(reader, namespace, plan)
  if (!which) return { versions: 0, history: 0, bytes: 0 }
  const [versions] = await reader.query<Count>(
    `SELECT count(*) AS count, 400 * count(*) AS bytes FROM version_log v WHERE ${which.sql}`,
    ...which.values,
  )
  const [history] = await reader.query<Count>(
    `SELECT count(*) AS count, coalesce(sum(150 + ${length('h', ['section', 'key', 'old_value', 'new_value', 'reason', 'comment'])}), 0) AS bytes
     FROM version_log v JOIN config_history h ON h.namespace = v.namespace AND h.version_id = v.id WHERE ${which.sql}`,
    ...which.values,
  )
  const documents = await countUnused(reader, which, 'config_documents', ['layer', 'name'], ['content', 'positions'])
  const overrides = await countUnused(
    reader,
    which,
    'override_log',
    ['section', 'key'],
    ['value', 'base_value', 'reason'],
  )
  const bytes = [versions, history, documents, overrides].reduce((sum, row) => sum + Number(row?.bytes ?? 0), 0)
  return { versions: versions?.count ?? 0, history: history?.count ?? 0, bytes }
}

interface Count {
  readonly count: number
  readonly bytes: number
}

async function countUnused(
  reader: Reader,
  which: Doomed,
  table: string,
  name: readonly [string, string],
  columns: readonly string[],
): Promise<Count | undefined> {
  const [namespace] = which.values
  const sql = `
SELECT count(*) AS count, coalesce(sum(100 + ${length('d', columns)}), 0) AS bytes FROM ${table} d
WHERE d.namespace = ? AND ${unused(table, name, ` AND NOT (${which.sql})`)}`
  const [row] = await reader.query<Count>(sql, namespace!, ...which.values)
  return row
}

const length = (table: string, columns: readonly string[]) =>
  columns.map((column) => `coalesce(octet_length(${table}.${column}), 0)`).join(' + ')
