import { HoldfastError } from '../model/errors.ts'
import type { VersionId } from '../model/version.ts'
import type { Driver, Transaction } from './driver.ts'
import { deleteInBatches } from './shelf-sql.ts'
import type { OnceRecord, OnceShelf } from './shelves.ts'

const FIND = `
SELECT owner, key, request_hash AS "requestHash", answer, version_id AS "versionId", created_at AS "createdAt"
FROM idempotency_keys WHERE namespace = ? AND owner = ? AND key = ?`

/** Answers that retries get again, in any database. */
export function onceShelf(driver: Driver): OnceShelf {
  return {
    async find(namespace, owner, key) {
      const [row] = await driver.query<OnceRecord & { answer: string; versionId: number | null }>(
        FIND,
        namespace,
        owner,
        key,
      )
      return row
    },
    insert: (namespace, record) => driver.transaction((tx) => insertOnce(tx, namespace, record, null)),
    deleteBefore: (at) =>
      deleteInBatches(driver, { table: 'idempotency_keys', key: 'number', where: 'created_at < ?' }, at),
  }
}

const INSERT = `
INSERT INTO idempotency_keys (namespace, owner, key, request_hash, answer, version_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING`

/** Remembers an answer inside a transaction, and refuses (`exists`) where its key was used before. */
export async function insertOnce(
  tx: Transaction,
  namespace: string,
  record: OnceRecord & { readonly answer: string },
  version: VersionId | null,
): Promise<void> {
  const { owner, key, requestHash, answer, createdAt } = record
  if ((await tx.run(INSERT, namespace, owner, key, requestHash, answer, version, createdAt)) > 0) return
  const what = `idempotency key ${key}`
  throw new HoldfastError('exists', `${what} was used before in namespace ${namespace}; nothing was changed`, { what })
}
