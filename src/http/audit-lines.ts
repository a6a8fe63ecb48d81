import { Readable } from 'node:stream'
import type { AuditEntry, AuditQuery } from '../model/access.ts'
import type { Admin } from '../model/admin.ts'
import { auditCsv, auditJsonLines } from '../model/audit-text.ts'
import type { List } from '../model/config.ts'
import type { Answer } from './answer.ts'

type Format = 'csv' | 'ndjson'

const TYPES: Readonly<Record<Format, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
}

/** The whole audit log that a filter finds, page after page, each read when the one before has gone out. */
export function auditLines(
  admin: Admin,
  { filter, page, format }: { readonly filter: AuditQuery; readonly page: List<AuditEntry>; readonly format: Format },
): Answer {
  return {
    stream: Readable.from(pages(admin, filter, page, format === 'csv' ? auditCsv : auditJsonLines, format === 'csv')),
    type: TYPES[format],
    headers: { 'content-disposition': `attachment; filename="audit.${format}"` },
  }
}

async function* pages(
  admin: Admin,
  filter: AuditQuery,
  first: List<AuditEntry>,
  write: (entries: readonly AuditEntry[]) => string,
  hasNames: boolean,
): AsyncGenerator<string> {
  yield write(first.items)
  for (let cursor = first.nextCursor; cursor !== null; ) {
    const page = await admin.audit({ ...filter, cursor })
    const text = write(page.items)
    yield hasNames ? text.slice(text.indexOf('\n') + 1) : text
    cursor = page.nextCursor
  }
}
