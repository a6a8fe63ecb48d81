import { HoldfastError } from '../model/errors.ts'
import type { Driver } from './driver.ts'
import { type Pg, PostgresConnections } from './postgres-connections.ts'
import { PostgresDriver } from './postgres-driver.ts'
import { toStoreError } from './postgres-errors.ts'
import { migratePostgres } from './postgres-migrate.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import { STANDING, type Standing } from './read.ts'
import { sqlStore } from './sql.ts'
import { requireWhole } from './standing.ts'
import type { Store } from './store.ts'

export interface PostgresOptions {
  /** Whether a schema that is not there may be made; true unless told otherwise. */
  readonly create?: boolean
  /** How long a call waits for a lock that another node holds; 30,000 unless told otherwise. */
  readonly lockTimeoutMs?: number
  /** How long a commit may take before its outcome counts as unknown; 15,000 unless told otherwise. */
  readonly commitTimeoutMs?: number
  readonly now?: () => Date
  /** Opens, and writes, what is not in use: a copy that is not whole yet, or a store that has moved. */
  readonly copying?: boolean
  /** Is not counted among those who use the store: for what wants it alone. */
  readonly isAlone?: boolean
}

/** Opens a schema of a PostgreSQL database, 14 or later, as a store: sets it up where there is none, brings it forward, refuses one that is newer. */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Store> {
  return sqlStore(await openPostgresDriver(url, options))
}

/** @internal */
export async function openPostgresDriver(url: string, options: PostgresOptions = {}): Promise<Driver> {
  const { lockTimeoutMs = 30_000, commitTimeoutMs = 15_000, create = true, now = () => new Date() } = options
  const { copying = false, isAlone = false } = options
  const target = parsePostgresUrl(url)
  const connections = new PostgresConnections(await loadPg(), target, {
    connectMs: 5000,
    statementMs: 60_000,
    lockMs: lockTimeoutMs,
    commitMs: commitTimeoutMs,
    isAlone,
  })
  try {
    const client = await connections.connect()
    try {
      await migratePostgres(client, target, { create, now })
      if (!copying) requireWhole(target.name, (await client.query<Standing>(STANDING)).rows)
    } finally {
      await client.end()
    }
    return new PostgresDriver(connections, { url, schema: target.schema, copying })
  } catch (error) {
    await connections.close()
    throw toStoreError(error, target.name)
  }
}

/** An optional peer: who keeps one file need not have it. */
async function loadPg(): Promise<Pg> {
  try {
    return (await import('pg')).default
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const text = 'a store on PostgreSQL needs the package pg, version 8.16 or later: npm install pg'
    throw new HoldfastError('unsupported', text, { what: 'pg' }, { cause: error })
  }
}
