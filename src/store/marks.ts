import { HoldfastError } from '../model/errors.ts'
import { sha3 } from '../model/hash.ts'
import { markInput } from './chain.ts'
import type { Reader, Transaction } from './driver.ts'
import { nextIds } from './ids.ts'
import type { MarkLogRow } from './rows.ts'
import type { MarkWrite } from './store.ts'

/** Tags a version, takes its tag off, or declares it the baseline. What already is so is left as it is. */
export async function mark(tx: Transaction, namespace: string, write: MarkWrite): Promise<void> {
  await requireVersion(tx, namespace, write.versionId)
  if (write.kind === 'baseline' && (await baselineOf(tx, namespace)) === write.versionId) return
  if (write.kind !== 'baseline') {
    const tagged = await taggedVersion(tx, namespace, write.tag)
    if (write.kind === 'tag' && tagged === write.versionId) return
    if (write.kind === 'tag') await refuseTakenTag(tx, namespace, write.tag)
    if (write.kind === 'untag' && tagged !== write.versionId) {
      const what = `tag ${write.tag} on version ${write.versionId}`
      throw new HoldfastError('not-found', `there is no ${what} in namespace ${namespace}`, { what })
    }
  }
  const { mark: id } = await nextIds(tx)
  await insertMark(tx, { ...write, namespace, id, detail: null })
}

/** Refuses a tag that names a version already: a tag that moved by accident would restore the wrong configuration. */
export async function refuseTakenTag(tx: Reader, namespace: string, tag: string): Promise<void> {
  const version = await taggedVersion(tx, namespace, tag)
  if (version === undefined) return
  const what = `tag ${tag} of version ${version}`
  throw new HoldfastError('exists', `tag ${tag} is on version ${version} already; delete it there first`, { what })
}

/** The version a tag names now. */
export async function taggedVersion(reader: Reader, namespace: string, tag: string): Promise<number | undefined> {
  const sql = 'SELECT version_id FROM config_tags WHERE namespace = ? AND tag = ?'
  const [row] = await reader.query<{ version_id: number }>(sql, namespace, tag)
  return row?.version_id
}

/** The version that was declared the baseline last. */
export async function baselineOf(reader: Reader, namespace: string): Promise<number | undefined> {
  const sql = `SELECT version_id FROM config_marks WHERE namespace = ? AND kind = 'baseline' ORDER BY id DESC LIMIT 1`
  const [row] = await reader.query<{ version_id: number }>(sql, namespace)
  return row?.version_id
}

async function requireVersion(tx: Reader, namespace: string, version: number): Promise<void> {
  const [row] = await tx.query('SELECT id FROM version_log WHERE namespace = ? AND id = ?', namespace, version)
  if (row) return
  const what = `version ${version}`
  throw new HoldfastError('not-found', `namespace ${namespace} has no ${what}; it may have been purged`, { what })
}

export interface NewMark extends Omit<MarkWrite, 'kind'> {
  readonly id: number
  readonly namespace: string
  readonly kind: MarkLogRow['kind']
  readonly detail: string | null
}

const LAST_MARK = 'SELECT chain_hash FROM config_marks WHERE namespace = ? ORDER BY id DESC LIMIT 1'
const INSERT_MARK = `
INSERT INTO config_marks (id, namespace, kind, tag, version_id, created_at, created_by, detail, previous_chain, chain_hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Appends a mark to the namespace's chain of marks. */
export async function insertMark(tx: Transaction, mark: NewMark): Promise<void> {
  const { id, namespace, kind, tag, versionId, createdAt, createdBy, detail } = mark
  const [last] = await tx.query<{ chain_hash: string }>(LAST_MARK, namespace)
  const previous = last?.chain_hash ?? null
  const chain = sha3(
    markInput({
      id,
      namespace,
      kind,
      tag,
      version_id: versionId,
      created_at: createdAt,
      created_by: createdBy,
      detail,
      previous_chain: previous,
    }),
  )
  await tx.run(INSERT_MARK, id, namespace, kind, tag, versionId, createdAt, createdBy, detail, previous, chain)
}
