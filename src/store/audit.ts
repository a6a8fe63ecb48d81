import { chainInput, rowsInput } from './chain.ts'
import type { Driver, Reader } from './driver.ts'
import { readChanges, readConfigJson } from './read.ts'
import { type DocumentLogRow, type HistoryLogRow, type OverrideLogRow, toVersions, type VersionLogRow } from './rows.ts'
import { readSeals, type Seal } from './seals.ts'
import type { AuditRecord } from './store.ts'

const BATCH = 50
const VERSIONS = 'SELECT * FROM version_log WHERE namespace = ? AND id > ? ORDER BY id LIMIT ?'

/** Every version of a namespace, oldest first, a batch at a time so that writers go on meanwhile. */
export async function* auditVersions(driver: Driver, namespace: string): AsyncGenerator<AuditRecord> {
  let last: VersionLogRow | undefined
  for (;;) {
    const records = await driver.read((reader) => readBatch(reader, namespace, last))
    for (const { record, row } of records) {
      yield { ...record, configJson: () => readConfigJson(driver, namespace, row.id) }
      last = row
    }
    if (records.length < BATCH) return
  }
}

async function readBatch(reader: Reader, namespace: string, last: VersionLogRow | undefined) {
  const rows = await reader.query<VersionLogRow>(VERSIONS, namespace, last?.id ?? 0, BATCH)
  const versions = await toVersions(reader, rows)
  const seals = await readSeals(reader, namespace)
  const records: { row: VersionLogRow; record: Omit<AuditRecord, 'configJson'> }[] = []
  let found = last
  for (const [i, row] of rows.entries()) {
    const record = {
      version: versions[i]!,
      previousChain: row.previous_chain,
      rowsHash: row.rows_hash,
      chainInput: chainInput(row, await historyOf(reader, row)),
      rowsInput: rowsInput(await documentsOf(reader, row), await overridesOf(reader, row)),
      found: found?.chain_hash ?? null,
      sealed: isSealed(seals, found, row),
      ...(await readChanges(reader, namespace, found?.id ?? 0, row.id)),
    }
    records.push({ row, record })
    found = row
  }
  return records
}

const isSealed = (seals: readonly Seal[], found: VersionLogRow | undefined, row: VersionLogRow): boolean =>
  seals.some((seal) => seal.previous === (found?.chain_hash ?? null) && seal.chain === row.previous_chain)

const HISTORY = 'SELECT * FROM config_history WHERE namespace = ? AND version_id = ? ORDER BY id'
const DOCUMENTS = 'SELECT * FROM config_documents WHERE namespace = ? AND version_id = ?'
const OVERRIDES = 'SELECT * FROM override_log WHERE namespace = ? AND version_id = ? ORDER BY id'

const historyOf = (reader: Reader, row: VersionLogRow) => reader.query<HistoryLogRow>(HISTORY, row.namespace, row.id)
const documentsOf = (reader: Reader, row: VersionLogRow) =>
  reader.query<DocumentLogRow>(DOCUMENTS, row.namespace, row.id)
const overridesOf = (reader: Reader, row: VersionLogRow) =>
  reader.query<OverrideLogRow>(OVERRIDES, row.namespace, row.id)
