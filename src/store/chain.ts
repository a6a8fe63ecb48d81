import type { DocumentLogRow, HistoryLogRow, MarkLogRow, OverrideLogRow, VersionLogRow } from './rows.ts'

/**
 * What the hashes are taken of (docs/STORAGE.md): lines of JSON arrays, joined by line feeds, written so that `JSON.stringify` and SQLite's
 * `json_array` give the same bytes.
 */
export function chainInput(version: Omit<VersionLogRow, 'chain_hash'>, history: readonly HistoryLogRow[]): string {
  return [versionLine(version), ...history.map(historyLine)].join('\n')
}

const versionLine = (row: Omit<VersionLogRow, 'chain_hash'>) =>
  JSON.stringify([
    row.previous_chain,
    row.namespace,
    row.id,
    row.config_hash,
    row.rows_hash,
    row.created_at,
    row.created_by,
    row.description,
    row.cause,
  ])

const historyLine = (row: HistoryLogRow) =>
  JSON.stringify([
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
  ])

/** Rows versions wrote: documents by layer and name in the order of their UTF-8 bytes and by version, then overrides by id. */
export function rowsInput(documents: readonly DocumentLogRow[], overrides: readonly OverrideLogRow[]): string {
  const sorted = [...documents].sort(
    (a, b) => byUtf8(a.layer, b.layer) || byUtf8(a.name, b.name) || a.version_id - b.version_id,
  )
  return [...sorted.map(documentLine), ...overrides.map(overrideLine)].join('\n')
}

const documentLine = (row: DocumentLogRow) =>
  JSON.stringify(['document', row.layer, row.name, row.version_id, row.content])

const overrideLine = (row: OverrideLogRow) =>
  JSON.stringify([
    'override',
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
  ])

/** What a mark's own chain covers: the mark before it in its namespace, and its columns. */
export const markInput = (row: MarkLogRow): string =>
  JSON.stringify([
    row.previous_chain,
    row.id,
    row.namespace,
    row.kind,
    row.tag,
    row.version_id,
    row.created_at,
    row.created_by,
    row.detail,
  ])

/** The order of UTF-8 bytes, which is the order of code points; `<` on strings is that of UTF-16 units. */
export function byUtf8(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  if (at === a.length || at === b.length) return a.length - b.length
  if (at > 0 && isLow(a, at) && isLow(b, at)) at--
  return a.codePointAt(at)! - b.codePointAt(at)!
}

const isLow = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00

/** A name as UTF-16 big-endian bytes: the order RFC 8785 asks for, in a column a database can sort by. */
export function sortKey(name: string): Uint8Array {
  const bytes = new Uint8Array(name.length * 2)
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    bytes[2 * i] = unit >> 8
    bytes[2 * i + 1] = unit & 0xff
  }
  return bytes
}
