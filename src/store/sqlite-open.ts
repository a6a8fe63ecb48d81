import { HoldfastError } from '../model/errors.ts'
import { Connection } from './sqlite-connection.ts'
import { isReadOnly } from './sqlite-errors.ts'

/** Importing it as a module costs 4 ms, a tenth of a short command: its promises come along. */
const { existsSync, readFileSync, statSync } = process.getBuiltinModule('node:fs')

/** `Hold` in ASCII: tells our files from other programs'. */
export const APPLICATION_ID = 0x486f6c64

/** The schema this program reads and writes. */
export const SCHEMA_VERSION = 3

/**
 * The schema version of an open database; 0 for one that nothing was ever put into. Refuses what is not ours, or newer than we know, before
 * anything is written.
 */
export function inspectSchema(connection: Connection, name: string, newest = SCHEMA_VERSION): number {
  const id = connection.value<number>('PRAGMA application_id')
  if (id !== APPLICATION_ID) {
    const isEmpty = id === 0 && connection.value<number>('SELECT count(*) FROM sqlite_schema') === 0
    if (isEmpty) return 0
    throw refusal(name, 'this database was made by another program; it was left as it is. Name another file')
  }
  const found = Number(connection.value<string>(`SELECT value FROM system_metadata WHERE key = 'schema_version'`))
  if (Number.isInteger(found) && found >= 1 && found <= newest) return found
  if (found > newest) {
    const text = `schema version ${found} is newer than ${newest}, the newest this program knows; the file was left as it is`
    throw refusal(name, `${text}. Update Holdfast`)
  }
  throw refusal(name, 'system_metadata does not say its schema_version; the file was left as it is. Restore a backup')
}

const refusal = (name: string, text: string) => new HoldfastError('store', `${name}: ${text}`, { store: name })

/** What every SQLite file begins with (file format, section 1.3). */
const HEADER_BYTES = 100

/** SQLite takes a file that is shorter than its header for an empty one: what is left of a database would be made anew. */
export function refuseStump(file: string, name: string): void {
  const { size } = statSync(file)
  if (size === 0 || size >= HEADER_BYTES) return
  const text = `the file is cut off after ${size} bytes, so it is no database; it was left as it is. Restore a backup`
  throw refusal(name, text)
}

export interface OpenReader {
  readonly connection: Connection
  readonly writable: boolean
}

/** Whether there is anything at a path; links are followed. */
export const isThere = (path: string): boolean => existsSync(path)

/** Opens for reading. Where the file or its folder cannot be written, reads what can be read without writing. */
export function openReader(path: string): OpenReader {
  try {
    return { connection: probed(new Connection(path, { mode: 'read', mustExist: true })), writable: true }
  } catch (error) {
    if (!isReadOnly(error) || !existsSync(path)) throw error
    return { connection: openUnwritable(path, error), writable: false }
  }
}

/** A WAL that cannot be joined may hold the newest commits: without it the file would be an older database. */
function openUnwritable(path: string, cause: unknown): Connection {
  try {
    return probed(new Connection(path, { mode: 'read', readonly: true }))
  } catch (error) {
    if (!isReadOnly(error) || existsSync(`${path}-wal`)) throw cause
    return probed(new Connection(withoutWal(readFileSync(path)), { mode: 'read', readonly: true }))
  }
}

/** Nobody can write beside the file, so nobody has it open for writing: its bytes are the whole of it, once they do not ask for a WAL. */
function withoutWal(bytes: Buffer): Buffer {
  const isWal = bytes[18] === 2 && bytes[19] === 2
  if (isWal) bytes.fill(1, 18, 20)
  return bytes
}

/** SQLite opens files at first use; this is it. */
function probed(connection: Connection): Connection {
  try {
    connection.value('SELECT count(*) FROM sqlite_schema')
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}
