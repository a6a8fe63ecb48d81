import type { AuditEntry } from './access.ts'

const COLUMNS = [
  'id',
  'at',
  'event',
  'who',
  'tokenId',
  'sourceIp',
  'namespace',
  'subject',
  'detail',
  'requestId',
  'count',
] as const satisfies readonly (keyof AuditEntry)[]

/** Audit entries as CSV (RFC 4180) with a line of names first. A cell that a spreadsheet would run as a formula gets a `'` in front. */
export const auditCsv = (entries: readonly AuditEntry[]): string =>
  [COLUMNS.join(','), ...entries.map(toLine)].map((line) => `${line}\r\n`).join('')

/** Audit entries as JSON Lines: each line is one entry. */
export const auditJsonLines = (entries: readonly AuditEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')

const toLine = (entry: AuditEntry): string => COLUMNS.map((name) => toCell(entry[name])).join(',')

/**
 * The beginning of a formula, in ASCII or full width, where a cell begins: also behind what begins a cell or a line for a spreadsheet whose
 * separator is `;` or the tab, because to that one the quotes around a cell of ours are text.
 */
const FORMULA = /(?<=^|[;\t\r\n])(?=[ "]*[=+\-@＝＋－＠])|^(?=[ "]*[\t\r\n])/g
const NEEDS_QUOTES = /[",;\t\r\n']|^\s|\s$/

function toCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = value.replace(FORMULA, "'")
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
