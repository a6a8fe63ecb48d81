import type { Client } from 'pg'
import { HoldfastError } from '../model/errors.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations/index.ts'
import type { PostgresTarget } from './postgres-url.ts'

/** The schema of the tables that this program reads and writes. */
const NEWEST = POSTGRES_MIGRATIONS.at(-1)!.version

/** Of advisory locks, the one that nodes take which set a store up or bring it forward. */
const LOCK = 'SELECT pg_advisory_xact_lock(hashtext($1))'

/** What a store is set up with, where it may be. */
export interface Setup {
  readonly create: boolean
  readonly now: () => Date
}

/** Brings a store forward to the newest schema in one transaction, and sets up an empty one: nodes that start together do it once. */
export async function migratePostgres(client: Client, { name, schema }: PostgresTarget, setup: Setup): Promise<void> {
  if ((await foundVersion(client, name, schema)) === NEWEST) return
  await client.query('BEGIN')
  try {
    await client.query(LOCK, [`holdfast ${schema}`])
    const found = await foundVersion(client, name, schema)
    if (found === 0 && !setup.create)
      throw new HoldfastError('not-found', `there is no store at ${name}`, { what: name })
    const at = setup.now().toISOString()
    if (found === 0) await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    await bringForward((sql, ...values) => client.query(sql, [...values]), found, at)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
  await addDigest(client)
}

type Run = (sql: string, ...values: readonly string[]) => Promise<unknown>

/** Brings the tables in the first schema of the search path from a version, 0 for none, to the newest; inside a transaction. */
export async function bringForward(run: Run, found: number, at: string): Promise<void> {
  for (const { version, sql } of POSTGRES_MIGRATIONS) if (version > found) await run(sql)
  if (found === 0) await describe(run, at)
  await run(`UPDATE system_metadata SET value = $1, updated_at = $2 WHERE key = 'schema_version'`, String(NEWEST), at)
}

/** The schema version of a store; 0 where there is none. Refuses tables that are not ours, or newer than we know. */
async function foundVersion(client: Client, name: string, schema: string): Promise<number> {
  const there = await client.query<{ found: string | null }>('SELECT to_regclass($1)::text AS found', [
    `${schema}.system_metadata`,
  ])
  if (there.rows[0]?.found == null) return 0
  const { rows } = await client.query<{ value: string }>(
    `SELECT value FROM system_metadata WHERE key = 'schema_version'`,
  )
  const version = Number(rows[0]?.value)
  if (Number.isInteger(version) && version >= 1 && version <= NEWEST) return version
  const text =
    version > NEWEST
      ? `schema version ${version} is newer than ${NEWEST}, the newest this program knows; the store was left as it is. Update Holdfast`
      : `schema ${schema} has other tables than ours; it was left as it is. Name another schema`
  throw new HoldfastError('store', `${name}: ${text}`, { store: name })
}

async function describe(run: Run, at: string): Promise<void> {
  const first = { schema_version: '0', instance_id: crypto.randomUUID(), config_source: '', last_url_fetch: '' }
  for (const [key, value] of Object.entries(first)) {
    await run('INSERT INTO system_metadata (key, value, updated_at) VALUES ($1, $2, $3)', key, value, at)
  }
}

/** For people who check the chain with `psql`; Holdfast itself does without, where the user may not make extensions. */
async function addDigest(client: Client): Promise<void> {
  await client.query('CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA public').catch(() => undefined)
}
