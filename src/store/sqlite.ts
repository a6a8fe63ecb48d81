import { dirname, resolve } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import type { Driver } from './driver.ts'
import type { Migration } from './migrations/index.ts'
import { STANDING, type Standing } from './read.ts'
import { sqlStore } from './sql.ts'
import { Connection } from './sqlite-connection.ts'
import { SqliteDriver } from './sqlite-driver.ts'
import { isBusy, toStoreError } from './sqlite-errors.ts'
import { inspectSchema, isThere, type OpenReader, openReader, refuseStump, SCHEMA_VERSION } from './sqlite-open.ts'
import type { Store } from './store.ts'
import { retry } from './wait.ts'

export interface SqliteOptions {
  /** Whether a file that is not there may be made; true unless told otherwise. */
  readonly create?: boolean
  /** How long a call waits for a lock that another process holds; 30,000 unless told otherwise. */
  readonly lockTimeoutMs?: number
  readonly now?: () => Date
  /** Does checkpoints, copies and checks on the calling thread instead of one of their own. */
  readonly inline?: boolean
  /** Opens, and writes, what is not in use: a copy that is not whole yet, or a store that has moved. */
  readonly copying?: boolean
  /** The steps to the newest schema, for tests of migrating. */
  readonly migrations?: readonly Migration[]
}

/** Opens a SQLite file, or `:memory:`, as a store: sets it up where empty, brings it forward where older, refuses it where foreign or newer. */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Store> {
  return sqlStore(await openDriver(path, options))
}

/** @internal */
export async function openDriver(path: string, options: SqliteOptions = {}): Promise<Driver> {
  const { lockTimeoutMs = 30_000, inline = false, copying = false } = options
  if (path === ':memory:') return openMemory(options)
  const file = resolve(path)
  try {
    const reader = await openCurrent(file, path, options)
    return new SqliteDriver({ name: path, file, reader, lockTimeoutMs, inline, copying })
  } catch (error) {
    throw toStoreError(error, path)
  }
}

async function openMemory({
  now = () => new Date(),
  lockTimeoutMs = 30_000,
  migrations,
}: SqliteOptions): Promise<Driver> {
  const connection = new Connection(':memory:', { mode: 'write' })
  const { migrateMemory } = await import('./migrate.ts')
  migrateMemory(connection, { timeoutMs: lockTimeoutMs, now, ...(migrations && { migrations }) })
  return new SqliteDriver({
    name: ':memory:',
    file: null,
    reader: { connection, writable: true },
    lockTimeoutMs,
    inline: true,
  })
}

async function openCurrent(file: string, name: string, options: SqliteOptions): Promise<OpenReader> {
  const { create = true, lockTimeoutMs = 30_000, now = () => new Date(), migrations, copying = false } = options
  const newest = migrations?.at(-1)?.version ?? SCHEMA_VERSION
  const patience = { isWorthWaiting: isBusy, timeoutMs: lockTimeoutMs }
  const open = async () =>
    requireWhole(name, await retry(() => openInspected(file, name, { newest, copying }), patience))

  const found = await open()
  if (found?.version === newest) return found.reader
  found?.reader.connection.close()
  if (!found?.version && !create) throw new HoldfastError('not-found', `there is no store at ${name}`, { what: name })

  const { makeFolder, migrateFile } = await import('./migrate.ts')
  makeFolder(dirname(file))
  await migrateFile(file, { timeoutMs: lockTimeoutMs, now, ...(migrations && { migrations }) })
  return (await open())!.reader
}

interface Wanted {
  readonly newest: number
  readonly copying: boolean
}

interface Inspected {
  readonly reader: OpenReader
  readonly version: number
  readonly standing: readonly Standing[]
}

function openInspected(file: string, name: string, { newest, copying }: Wanted): Inspected | undefined {
  if (!isThere(file)) return undefined
  refuseStump(file, name)
  const reader = openReader(file)
  try {
    const version = inspectSchema(reader.connection, name, newest)
    const standing = version === 0 || copying ? [] : reader.connection.all<Standing>(STANDING)
    return { reader, version, standing }
  } catch (error) {
    reader.connection.close()
    throw error
  }
}

async function requireWhole(name: string, found: Inspected | undefined): Promise<Inspected | undefined> {
  if (found === undefined || found.standing.length === 0) return found
  const standing = await import('./standing.ts')
  try {
    standing.requireWhole(name, found.standing)
    return found
  } catch (error) {
    found.reader.connection.close()
    throw error
  }
}
