import type { AuditEntry } from '../model/access.ts'
import { matches } from '../model/principal.ts'
import type { Driver, Transaction } from './driver.ts'
import { limitOf } from './pages.ts'
import { deleteInBatches } from './shelf-sql.ts'
import type { AuditShelf } from './shelves.ts'

const SEEN = 'SELECT 1 AS seen FROM token_addresses WHERE token_id = ? AND ip = ?'
const SEE = 'INSERT INTO token_addresses (token_id, ip, first_seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'

/** The audit log in any database. */
export function auditShelf(driver: Driver): AuditShelf {
  return {
    append: (entries) =>
      driver.transaction(async (tx) => {
        for (const entry of entries) await insert(tx, entry)
      }),
    async list({ namespaces, ...filter }, page) {
      const names = await reached(driver, namespaces)
      const asked = FILTERS.filter((name) => filter[name] !== undefined)
      const where = ['id < ?', ...asked.map((name) => CONDITIONS[name]), ...(names ? [among(names)] : [])].join(' AND ')
      return driver.query<AuditEntry>(
        `${SELECT} WHERE ${where} ORDER BY id DESC LIMIT ?`,
        page.before ?? Number.MAX_SAFE_INTEGER,
        ...asked.map((name) => filter[name]!),
        ...(names ?? []),
        limitOf(page),
      )
    },
    async isNewAddress(tokenId, ip, at) {
      const [seen] = await driver.query(SEEN, tokenId, ip)
      return seen === undefined && (await driver.transaction((tx) => tx.run(SEE, tokenId, ip, at))) > 0
    },
    deleteBefore: (at) => deleteInBatches(driver, { table: 'audit_log', key: 'id', where: 'at < ?' }, at),
  }
}

const SELECT = `
SELECT id, at, event, who, token_id AS "tokenId", source_ip AS "sourceIp", namespace, subject, detail, request_id AS "requestId", count
FROM audit_log`

const CONDITIONS = {
  event: 'event = ?',
  who: 'who = ?',
  tokenId: 'token_id = ?',
  sourceIp: 'source_ip = ?',
  namespace: 'namespace = ?',
  since: 'at >= ?',
  until: 'at < ?',
} as const

const FILTERS = Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[]

/** Walks from name to name, so that the number of entries does not count. */
const NAMES = `
WITH RECURSIVE names (namespace) AS (
  SELECT min(namespace) FROM audit_log
  UNION ALL
  SELECT (SELECT min(a.namespace) FROM audit_log a WHERE a.namespace > names.namespace) FROM names WHERE names.namespace IS NOT NULL)
SELECT namespace FROM names WHERE namespace IS NOT NULL`

/** The namespaces of the log that patterns reach: a page of named ones is read along an index. Undefined: all, and no namespace too. */
async function reached(
  driver: Driver,
  patterns: readonly string[] | undefined,
): Promise<readonly string[] | undefined> {
  if (patterns === undefined || patterns.includes('*')) return undefined
  const rows = await driver.query<{ namespace: string }>(NAMES)
  return rows.map(({ namespace }) => namespace).filter((name) => patterns.some((pattern) => matches(pattern, name)))
}

const among = (names: readonly string[]): string =>
  names.length === 0 ? '1 = 0' : `namespace IN (${names.map(() => '?').join(', ')})`

const INSERT = `
INSERT INTO audit_log (at, event, who, token_id, source_ip, namespace, subject, detail, request_id, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insert = (tx: Transaction, entry: Omit<AuditEntry, 'id'>) =>
  tx.run(
    INSERT,
    entry.at,
    entry.event,
    entry.who,
    entry.tokenId,
    entry.sourceIp,
    entry.namespace,
    entry.subject,
    entry.detail,
    entry.requestId,
    entry.count,
  )
