import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import type { Driver } from './driver.ts'
import { syncFile, syncFolder } from './files.ts'
import { makeFolder } from './migrate.ts'
import { sqlStore } from './sql.ts'
import { openDriver } from './sqlite.ts'
import { Connection } from './sqlite-connection.ts'
import { isBusy, sqliteCode, toStoreError } from './sqlite-errors.ts'
import { inspectSchema, openReader, SCHEMA_VERSION } from './sqlite-open.ts'
import { openElsewhere } from './standing.ts'
import type { Store } from './store.ts'

/** The schema that brought sessions; a backup of an older one has none to end. */
const SESSIONS_SINCE = 2

export interface RestoreResult {
  /** Where the file that was there before is kept; null where there was none. */
  readonly replaced: string | null
}

/**
 * Puts a backup in the place of a database. The backup is checked first; a database that another process has open is refused; what was there
 * is kept beside. A crash at any point leaves the old file or the new one, whole.
 */
export function restoreBackup(backup: string, target: string, { now = () => new Date() } = {}): RestoreResult {
  backupVersion(backup)
  try {
    return { replaced: replace(resolve(backup), resolve(target), now()) }
  } catch (error) {
    throw toStoreError(error, target)
  }
}

/** Opens a backup as a store for `work`, and leaves it byte for byte as it is. */
export const inspectBackup = <T>(backup: string, work: (store: Store) => Promise<T>): Promise<T> =>
  readBackup(backup, (driver) => work(sqlStore(driver)))

/** Opens a backup's database for `work`, and leaves it byte for byte as it is: one of an older schema is looked at in a copy. */
export async function readBackup<T>(backup: string, work: (driver: Driver) => Promise<T>): Promise<T> {
  if (backupVersion(backup) === SCHEMA_VERSION) return inspect(backup, work)
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-backup-'))
  try {
    copyFileSync(backup, join(folder, basename(backup)))
    return await inspect(join(folder, basename(backup)), work)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function inspect<T>(file: string, work: (driver: Driver) => Promise<T>): Promise<T> {
  const driver = await openDriver(file, { create: false })
  try {
    return await work(driver)
  } finally {
    await driver.close()
  }
}

/** The schema version of a backup; refuses what is none. */
function backupVersion(backup: string): number {
  if (!existsSync(backup)) throw new HoldfastError('not-found', `there is no backup at ${backup}`, { what: backup })
  let connection: Connection | undefined
  try {
    connection = openReader(backup).connection
    const version = inspectSchema(connection, backup)
    if (version > 0 && connection.value<string>('PRAGMA quick_check(1)') === 'ok') return version
  } catch (error) {
    throw toStoreError(error, backup)
  } finally {
    connection?.close()
  }
  const text = `${backup}: this backup is empty or damaged; nothing was changed. Name another one`
  throw new HoldfastError('store', text, { store: backup })
}

function replace(backup: string, target: string, now: Date): string | null {
  makeFolder(dirname(target))
  const stamp = now.toISOString().replace(/[-:.]/g, '')
  const incoming = `${target}.restoring-${stamp}`
  const outgoing = `${target}.replaced-${stamp}`
  copyFileSync(backup, incoming)
  try {
    settleIn(incoming)
    syncFile(incoming)
    if (!existsSync(target)) {
      dropWal(target)
      moveInto(incoming, target)
      return null
    }
    const old = setAside(target, outgoing)
    moveInto(incoming, target)
    old?.close()
    return outgoing
  } finally {
    rmSync(incoming, { force: true })
    dropWal(incoming)
  }
}

/**
 * Nobody is signed in to a restored store: who signed out, or was made to, since the backup must stay so. And it is in use, also where it is the
 * backup of one that had moved.
 */
function settleIn(incoming: string): void {
  const connection = new Connection(incoming, { mode: 'write', mustExist: true })
  try {
    connection.exec('PRAGMA journal_mode = DELETE')
    if (inspectSchema(connection, incoming) >= SESSIONS_SINCE) connection.exec('DELETE FROM sessions')
    connection.exec(`DELETE FROM system_metadata WHERE key = 'moved_to'`)
  } finally {
    connection.close()
  }
}

/**
 * Keeps a copy of the old database, and its lock until the new one stands in its place. Leaving WAL mode needs the file for oneself, so it tells
 * whether somebody has it open; it also takes in the WAL, which must not be applied to the new file; and whoever waits for the lock finds
 * that the file has moved when he writes.
 */
function setAside(target: string, outgoing: string): Connection | undefined {
  let connection: Connection | undefined
  try {
    connection = new Connection(target, { mode: 'write', mustExist: true })
    connection.exec('PRAGMA locking_mode = EXCLUSIVE')
    const mode = connection.value<string>('PRAGMA journal_mode = DELETE')
    if (mode !== 'delete') throw openElsewhere(target)
    connection.exec('BEGIN EXCLUSIVE; COMMIT')
    connection.change('VACUUM INTO ?', outgoing)
    syncFile(outgoing)
    return connection
  } catch (error) {
    connection?.close()
    if (isBusy(error)) throw openElsewhere(target, error)
    if (!/^SQLITE_(NOTADB|CORRUPT)/.test(sqliteCode(error))) throw error
    keepDamaged(target, outgoing)
    return undefined
  }
}

/** What SQLite cannot read is kept as it is, with its WAL. */
function keepDamaged(target: string, outgoing: string): void {
  for (const suffix of ['', '-wal']) {
    if (existsSync(target + suffix)) copyFileSync(target + suffix, outgoing + suffix)
  }
  dropWal(target)
}

function dropWal(target: string): void {
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(target + suffix, { force: true })
}

function moveInto(incoming: string, target: string): void {
  renameSync(incoming, target)
  syncFolder(dirname(target))
}
