import { sha3 } from '../model/hash.ts'
import type { Version } from '../model/version.ts'
import { chainInput, rowsInput } from './chain.ts'
import type { NextIds } from './ids.ts'
import { type DocumentLogRow, type HistoryLogRow, type OverrideLogRow, toVersion, type VersionLogRow } from './rows.ts'
import type { DocumentWrite, HistoryWrite, OverrideWrite, Write } from './store.ts'

/** Where in its namespace's chain a version comes, and which numbers are free; those it takes are counted on. */
export interface Place {
  readonly namespace: string
  readonly previousChain: string | null
  readonly next: NextIds
}

/** All rows of one version but its marks. */
export interface VersionRows {
  readonly version: VersionLogRow
  readonly documents: readonly DocumentLogRow[]
  readonly overrides: readonly OverrideLogRow[]
  readonly history: readonly HistoryLogRow[]
}

/** The rows that a write becomes, with its hashes. */
export function rowsOf(write: Write, { namespace, previousChain, next }: Place): VersionRows {
  const id = next.version++
  const documents = write.documents.map((document) => documentRow(document, id))
  const overrides = write.overrides.map((override) =>
    overrideRow(override, { namespace, id: next.override++, version: id, write }),
  )
  const history = write.history.map((entry) => historyRow(entry, { namespace, id: next.history++, version: id, write }))
  const columns = {
    id,
    namespace,
    config_hash: write.configHash,
    created_at: write.createdAt,
    created_by: write.createdBy,
    description: write.description,
    cause: write.cause,
    rows_hash: sha3(rowsInput(documents, overrides)),
    previous_chain: previousChain,
  }
  const version: VersionLogRow = { ...columns, chain_hash: sha3(chainInput(columns, history)) }
  return { version, documents, overrides, history }
}

/** A version as it is right after it was written. */
export const asWritten = (row: VersionLogRow, { baseline, tags }: Write): Version => ({
  ...toVersion(row),
  isBaseline: baseline,
  tags: [...tags].sort(),
})

const documentRow = (document: DocumentWrite, version: number): DocumentLogRow => ({
  layer: document.layer,
  name: document.name,
  version_id: version,
  content: document.content,
  positions: document.content === null ? null : document.positions,
})

interface RowPlace {
  readonly namespace: string
  readonly id: number
  readonly version: number
  readonly write: Write
}

function overrideRow(override: OverrideWrite, { namespace, id, version, write }: RowPlace): OverrideLogRow {
  const set = override.value === null ? undefined : override
  return {
    id,
    namespace,
    section: override.section,
    key: override.key,
    value: set?.value.text ?? null,
    value_type: set?.value.type ?? null,
    created_at: write.createdAt,
    created_by: write.createdBy,
    reason: set?.reason ?? null,
    comment: set?.comment ?? null,
    base_value: set?.baseValue.text ?? null,
    base_type: set?.baseValue.type ?? null,
    version_id: version,
  }
}

const historyRow = (entry: HistoryWrite, { namespace, id, version, write }: RowPlace): HistoryLogRow => ({
  id,
  namespace,
  operation: entry.operation,
  layer: entry.layer,
  section: entry.section,
  key: entry.key,
  old_value: entry.oldValue.text,
  new_value: entry.newValue.text,
  changed_at: write.createdAt,
  changed_by: write.createdBy,
  source_ip: write.sourceIp,
  reason: write.reason,
  comment: write.comment,
  version_id: version,
  old_type: entry.oldValue.type,
  new_type: entry.newValue.type,
})
