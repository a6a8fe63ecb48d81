import { dirname, resolve } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import type { Driver } from './driver.ts'
import type { Migration } from './migrations/index.ts'
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
  /** The steps to the newest schema, for tests of migrating. */
  readonly migrations?: readonly Migration[]
}

/** Opens a SQLite file, or `:memory:`, as a store: sets it up where empty, brings it forward where older, refuses it where foreign or newer. */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Store> {
  return sqlStore(await openDriver(path, options))
}

/** @internal */
export async function openDriver(path: string, options: SqliteOptions = {}): Promise<Driver> {
  const { lockTimeoutMs = 30_000, inline = false } = options
  if (path === ':memory:') return openMemory(options)
  const file = resolve(path)
  try {
    const reader = await openCurrent(file, path, options)
    return new SqliteDriver({ name: path, file, reader, lockTimeoutMs, inline })
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
  const { create = true, lockTimeoutMs = 30_000, now = () => new Date(), migrations } = options
  const newest = migrations?.at(-1)?.version ?? SCHEMA_VERSION
  const open = () =>
    retry(() => openInspected(file, name, newest), { isWorthWaiting: isBusy, timeoutMs: lockTimeoutMs })

  const found = await open()
  if (found?.version === newest) return found.reader
  found?.reader.connection.close()
  if (!found?.version && !create) throw new HoldfastError('not-found', `there is no store at ${name}`, { what: name })

  const { makeFolder, migrateFile } = await import('./migrate.ts')
  makeFolder(dirname(file))
  await migrateFile(file, { timeoutMs: lockTimeoutMs, now, ...(migrations && { migrations }) })
  return (await open())!.reader
}

function openInspected(file: string, name: string, newest: number) {
  if (!isThere(file)) return undefined
  refuseStump(file, name)
  const reader = openReader(file)
  try {
    return { reader, version: inspectSchema(reader.connection, name, newest) }
  } catch (error) {
    reader.connection.close()
    throw error
  }
}
