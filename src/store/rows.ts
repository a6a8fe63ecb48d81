import type { Cause, Operation, StoredValue, Version } from '../model/version.ts'
import type { Reader } from './driver.ts'
import type { DocumentLayer, DocumentWrite, HistoryRow, OverrideRow } from './store.ts'

/** A row of `version_log`, column by column. */
export interface VersionLogRow {
  readonly id: number
  readonly namespace: string
  readonly config_hash: string
  readonly created_at: string
  readonly created_by: string
  readonly description: string | null
  readonly cause: Cause
  readonly rows_hash: string
  readonly previous_chain: string | null
  readonly chain_hash: string
}

/** A row of `config_documents`; `content` null says that the name is gone from here on. */
export interface DocumentLogRow {
  readonly layer: DocumentLayer
  readonly name: string
  readonly version_id: number
  readonly content: string | null
  readonly positions: string | null
}

/** A row of `override_log`; `value_type` null says that the override ended. */
export interface OverrideLogRow {
  readonly id: number
  readonly namespace: string
  readonly section: string
  readonly key: string
  readonly value: string | null
  readonly value_type: StoredValue['type']
  readonly created_at: string
  readonly created_by: string
  readonly reason: string | null
  readonly comment: string | null
  readonly base_value: string | null
  readonly base_type: StoredValue['type']
  readonly version_id: number
}

export interface HistoryLogRow {
  readonly id: number
  readonly namespace: string
  readonly operation: Operation
  readonly layer: 'override' | 'base'
  readonly section: string
  readonly key: string
  readonly old_value: string | null
  readonly new_value: string | null
  readonly changed_at: string
  readonly changed_by: string
  readonly source_ip: string | null
  readonly reason: string | null
  readonly comment: string | null
  readonly version_id: number
  readonly old_type: StoredValue['type']
  readonly new_type: StoredValue['type']
}

export interface MarkLogRow {
  readonly id: number
  readonly namespace: string
  readonly kind: 'tag' | 'untag' | 'baseline' | 'purge'
  readonly tag: string
  readonly version_id: number
  readonly created_at: string
  readonly created_by: string
  readonly detail: string | null
  readonly previous_chain: string | null
}

export function toDocument(row: DocumentLogRow): DocumentWrite {
  const { layer, name, content, positions } = row
  return content === null ? { layer, name, content } : { layer, name, content, positions }
}

export function toOverride(row: OverrideLogRow): OverrideRow {
  return {
    section: row.section,
    key: row.key,
    value: { text: row.value, type: row.value_type },
    createdAt: row.created_at,
    createdBy: row.created_by,
    reason: row.reason,
    comment: row.comment,
    baseValue: { text: row.base_value, type: row.base_type },
    versionId: row.version_id,
  }
}

export const toOverrideOrEnd = (row: OverrideLogRow) =>
  row.value_type === null ? { section: row.section, key: row.key, value: null } : toOverride(row)

export function toHistory(row: HistoryLogRow): HistoryRow {
  return {
    id: row.id,
    operation: row.operation,
    layer: row.layer,
    section: row.section,
    key: row.key,
    oldValue: { text: row.old_value, type: row.old_type },
    newValue: { text: row.new_value, type: row.new_type },
    changedAt: row.changed_at,
    changedBy: row.changed_by,
    sourceIp: row.source_ip,
    reason: row.reason,
    comment: row.comment,
    versionId: row.version_id,
  }
}

const TAGS = 'SELECT version_id, tag FROM config_tags WHERE namespace = ? AND version_id BETWEEN ? AND ? ORDER BY tag'
const BASELINE = `SELECT version_id FROM config_marks WHERE namespace = ? AND kind = 'baseline' ORDER BY id DESC LIMIT 1`

/** Turns rows of one namespace into versions, with the tags and the baseline as they are now. */
export async function toVersions(reader: Reader, rows: readonly VersionLogRow[]): Promise<Version[]> {
  const [first] = rows
  if (!first) return []
  const ids = rows.map((row) => row.id)
  const tagged = await reader.query<{ version_id: number; tag: string }>(
    TAGS,
    first.namespace,
    Math.min(...ids),
    Math.max(...ids),
  )
  const [baseline] = await reader.query<{ version_id: number }>(BASELINE, first.namespace)
  return rows.map((row) => ({
    ...toVersion(row),
    isBaseline: row.id === baseline?.version_id,
    tags: tagged.filter((mark) => mark.version_id === row.id).map((mark) => mark.tag),
  }))
}

/** A version that nobody has marked yet. */
export function toVersion(row: VersionLogRow): Version {
  return {
    id: row.id,
    hash: row.config_hash,
    chainHash: row.chain_hash,
    createdAt: row.created_at,
    createdBy: row.created_by,
    description: row.description,
    cause: row.cause,
    isBaseline: false,
    tags: [],
  }
}
