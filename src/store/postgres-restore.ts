import { emptyOut, restoreByCopy } from './copy-backup.ts'
import { isEmpty } from './copy-tables.ts'
import type { Transaction } from './driver.ts'
import { openPostgresDriver } from './postgres.ts'
import { inUse } from './postgres-connections.ts'
import { isBusy } from './postgres-errors.ts'
import { bringForward } from './postgres-migrate.ts'
import { type PostgresTarget, parsePostgresUrl } from './postgres-url.ts'
import { openElsewhere } from './standing.ts'

/** How long connections that are being closed may still be there. */
const WAIT = "SET LOCAL lock_timeout = '3s'"

export interface PostgresRestoreOptions {
  readonly now?: () => Date
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Puts a backup in the place of what a schema has, in one transaction: until it is committed, all is as it was. What was there is kept in a schema
 * of its own, whose store is told; null where there was nothing. Refused while another process has the store open.
 */
export async function restorePostgres(
  backup: string,
  url: string,
  { now = () => new Date(), onProgress }: PostgresRestoreOptions = {},
): Promise<string | null> {
  const target = parsePostgresUrl(url)
  const driver = await openPostgresDriver(url, { copying: true, isAlone: true, now })
  const makeRoom = async (tx: Transaction): Promise<string | null> => {
    await requireAlone(tx, target)
    return (await isEmpty(tx)) ? emptyOut(tx) : setAside(tx, target, now())
  }
  try {
    return await restoreByCopy(backup, driver, { makeRoom, ...(onProgress && { onProgress }) })
  } finally {
    await driver.close()
  }
}

/** Whoever connects from here on waits until the transaction is over. */
async function requireAlone(tx: Transaction, { schema, name }: PostgresTarget): Promise<void> {
  try {
    await tx.run(WAIT)
    await tx.query(`SELECT ${inUse(schema, 'alone')}`)
  } catch (error) {
    throw isBusy(error) ? openElsewhere(name, error) : error
  }
}

/** The count of writes goes on, and so do the tokens of leases: what a process knew of the old store holds for nothing in the new one. */
async function setAside(tx: Transaction, { schema, name }: PostgresTarget, now: Date): Promise<string> {
  const kept = keptName(schema, now)
  await tx.run(`ALTER SCHEMA ${schema} RENAME TO ${kept}`)
  await tx.run(`CREATE SCHEMA ${schema}`)
  await bringForward((sql, ...values) => tx.run(sql, ...values), 0, now.toISOString())
  await tx.run(`UPDATE store_head SET serial = (SELECT serial FROM ${kept}.store_head)`)
  await tx.run(`INSERT INTO leases (name, token, since) SELECT name, token, since FROM ${kept}.leases`)
  return storeIn(kept, name)
}

/** At most 41 characters, so that what was kept can be opened as a store. */
const keptName = (schema: string, now: Date): string =>
  `${schema.slice(0, 13)}_replaced_${now.toISOString().replace(/[-:.]/g, '').toLowerCase()}`

/** The URL of a store, with another schema in it. */
function storeIn(schema: string, name: string): string {
  const rest = name.replace(/([?&])schema=[^&]*&?/, '$1').replace(/[?&]$/, '')
  return `${rest}${rest.includes('?') ? '&' : '?'}schema=${schema}`
}
