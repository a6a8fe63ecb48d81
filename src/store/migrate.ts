import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFile, syncFolder } from './files.ts'
import { MIGRATIONS, type Migration } from './migrations/index.ts'
import { Connection } from './sqlite-connection.ts'
import { isBusy } from './sqlite-errors.ts'
import { APPLICATION_ID, inspectSchema } from './sqlite-open.ts'
import { type Patience, retry } from './wait.ts'

export interface MigrateOptions {
  readonly timeoutMs: number
  readonly now: () => Date
  readonly migrations?: readonly Migration[]
}

/** Brings a file forward to the newest schema, in one transaction, after a backup beside it; an empty one is set up. */
export async function migrateFile(path: string, options: MigrateOptions): Promise<void> {
  const patience: Patience = { isWorthWaiting: isBusy, timeoutMs: options.timeoutMs }
  const connection = await retry(() => new Connection(path, { mode: 'write' }), patience)
  try {
    await retry(() => prepareFile(connection, path, options), patience)
    await retry(() => connection.exec('BEGIN IMMEDIATE'), patience)
    migrate(connection, path, options)
    connection.exec('COMMIT')
  } finally {
    connection.rollback()
    connection.close()
  }
}

/** Sets up a database in memory. */
export function migrateMemory(connection: Connection, options: MigrateOptions): void {
  connection.exec('BEGIN IMMEDIATE')
  migrate(connection, ':memory:', options)
  connection.exec('COMMIT')
}

/** What cannot be said inside a transaction. Free pages can be given back only if a file was born that way. */
function prepareFile(connection: Connection, path: string, { migrations }: MigrateOptions): void {
  if (inspectSchema(connection, path, newest(migrations)) === 0) {
    connection.exec('PRAGMA auto_vacuum = INCREMENTAL')
    if (connection.value('PRAGMA page_count') !== 0 && connection.value('PRAGMA auto_vacuum') !== 2)
      connection.exec('VACUUM')
  }
  connection.exec('PRAGMA journal_mode = WAL')
  connection.exec('PRAGMA synchronous = FULL')
}

const newest = (migrations = MIGRATIONS): number => migrations.at(-1)!.version

/** Another process may have been faster: only what is found under the lock counts. */
function migrate(connection: Connection, path: string, { now, migrations = MIGRATIONS }: MigrateOptions): void {
  const found = inspectSchema(connection, path, newest(migrations))
  const steps = migrations.filter((step) => step.version > found)
  if (steps.length === 0) return
  if (found > 0) backUpBefore(path, steps[0]!.version)
  for (const step of steps) connection.exec(step.sql)
  if (found === 0) describe(connection, now().toISOString())
  const update = `UPDATE system_metadata SET value = ?, updated_at = ? WHERE key = 'schema_version'`
  connection.change(update, String(newest(migrations)), now().toISOString())
}

function describe(connection: Connection, at: string): void {
  connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  const first = { schema_version: '0', instance_id: crypto.randomUUID(), config_source: '', last_url_fetch: '' }
  for (const [key, value] of Object.entries(first)) {
    connection.change('INSERT INTO system_metadata (key, value, updated_at) VALUES (?, ?, ?)', key, value, at)
  }
}

/** Copies through a connection of its own while the caller's transaction keeps writers out. */
function backUpBefore(path: string, version: number): void {
  if (path === ':memory:') return
  const file = `${path}.before-v${version}`
  const partial = `${file}.partial`
  rmSync(partial, { force: true })
  const reader = new Connection(path, { mode: 'write' })
  try {
    reader.change('VACUUM INTO ?', partial)
  } finally {
    reader.close()
  }
  syncFile(partial)
  renameSync(partial, file)
  syncFolder(dirname(path))
}

/** Makes the folder of a first store, so that its name is durable before anything in it is acknowledged. */
export function makeFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true })
  if (made !== undefined) syncFolder(dirname(made))
}
