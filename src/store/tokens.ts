import { HoldfastError } from '../model/errors.ts'
import type { Driver, Reader, Transaction } from './driver.ts'
import { requireChanged } from './shelf-sql.ts'
import type { TokenRow, TokenShelf } from './shelves.ts'

const ALL = `
SELECT id, name, digest, previous_digest AS "previousDigest", previous_until AS "previousUntil", grants, created_at AS "createdAt",
  created_by AS "createdBy", expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt",
  last_used_ip AS "lastUsedIp"
FROM tokens ORDER BY number`

const ROTATE = 'UPDATE tokens SET digest = ?, previous_digest = ?, previous_until = ? WHERE id = ?'
const REVOKE = 'UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?'
const TOUCH = `
UPDATE tokens SET last_used_at = ?, last_used_ip = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)`

const NEWS = { news: 'tokens' } as const

/** Tokens in any database, in the order they were made. */
export function tokenShelf(driver: Driver): TokenShelf {
  return {
    insert: (row) =>
      driver.transaction(async (tx) => {
        await refuseTaken(tx, row)
        await insert(tx, row)
      }, NEWS),
    insertFirst: (row) =>
      driver.transaction(async (tx) => {
        const [any] = await tx.query('SELECT id FROM tokens LIMIT 1')
        if (any === undefined) await insert(tx, row)
        return any === undefined
      }),
    async all() {
      const rows = await driver.query<Omit<TokenRow, 'grants'> & { readonly grants: string }>(ALL)
      return rows.map((row) => ({ ...row, grants: JSON.parse(row.grants) as TokenRow['grants'] }))
    },
    rotate: (id, { digest, previousDigest, previousUntil }) =>
      driver.transaction(
        async (tx) => requireChanged(await tx.run(ROTATE, digest, previousDigest, previousUntil, id), `token ${id}`),
        NEWS,
      ),
    revoke: (id, at) =>
      driver.transaction(async (tx) => requireChanged(await tx.run(REVOKE, at, id), `token ${id}`), NEWS),
    touch: (uses) =>
      driver.transaction(async (tx) => {
        for (const { id, at, ip } of uses) await tx.run(TOUCH, at, ip, id, at)
      }),
  }
}

async function refuseTaken(tx: Reader, { id, name }: TokenRow): Promise<void> {
  const sql = 'SELECT id FROM tokens WHERE (name = ? AND revoked_at IS NULL) OR id = ?'
  const [taken] = await tx.query<{ id: string }>(sql, name, id)
  if (taken === undefined) return
  const text = `there is a token named ${name} already (${taken.id}); revoke it first, or choose another name`
  throw new HoldfastError('exists', text, { what: `token ${name}` })
}

const INSERT = `
INSERT INTO tokens (id, name, digest, previous_digest, previous_until, grants, created_at, created_by, expires_at, revoked_at,
  last_used_at, last_used_ip)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insert = (tx: Transaction, row: TokenRow) =>
  tx.run(
    INSERT,
    row.id,
    row.name,
    row.digest,
    row.previousDigest,
    row.previousUntil,
    JSON.stringify(row.grants),
    row.createdAt,
    row.createdBy,
    row.expiresAt,
    row.revokedAt,
    row.lastUsedAt,
    row.lastUsedIp,
  )
