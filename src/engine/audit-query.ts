import { AUDIT_EVENTS, type AuditEntry, type AuditQuery } from '../model/access.ts'
import type { List } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { authoriseWhole, type Principal } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import { listOf, pageOf, readPage, toTime } from './paging.ts'

/** A page of the audit log, newest first: of the namespaces in which `who` may read it, and with `*` also what concerns none. */
export async function readAudit(store: Store, who: Principal, query: AuditQuery): Promise<List<AuditEntry>> {
  if (query.namespace !== undefined) authoriseWhole(who, 'audit:read', query.namespace)
  const namespaces = namespacesOf(who)
  const page = pageOf(query)
  const filter = { ...filterOf(query), namespaces }
  const rows = await readPage(page, (one) => store.auditLog.list(filter, one))
  return listOf(rows, page, (entry) => Object.freeze(entry))
}

/** An entry belongs to a namespace and to no section, so that what is granted for sections alone shows none. */
function namespacesOf(who: Principal): readonly string[] {
  const grants = who.grants.filter(
    ({ actions, sections }) => sections === undefined && (actions.includes('audit:read') || actions.includes('admin')),
  )
  if (grants.length > 0) return [...new Set(grants.flatMap(({ namespaces }) => namespaces))]
  const text = `${who.name} may not audit:read in any whole namespace`
  throw new HoldfastError('forbidden', text, { action: 'audit:read', namespace: '*' })
}

function filterOf({ event, who, tokenId, sourceIp, namespace, since, until }: AuditQuery) {
  if (event !== undefined && !AUDIT_EVENTS.includes(event)) {
    const text = `not an event of the audit log: ${JSON.stringify(event)}. There are ${AUDIT_EVENTS.join(', ')}`
    throw new HoldfastError('malformed', text, { what: 'event' })
  }
  return {
    ...(event !== undefined && { event }),
    ...(who !== undefined && { who }),
    ...(tokenId !== undefined && { tokenId }),
    ...(sourceIp !== undefined && { sourceIp }),
    ...(namespace !== undefined && { namespace }),
    ...(since !== undefined && { since: toTime(since, 'since') }),
    ...(until !== undefined && { until: toTime(until, 'until') }),
  }
}
