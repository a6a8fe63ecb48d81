import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { publish, refuseExisting, syncFile, syncFolder } from './files.ts'
import type { Connection } from './sqlite-connection.ts'

/** Copies a database as it is at one moment while others write, and gives the copy its name only when it is whole and durable. */
export function copyTo(connection: Connection, file: string, partial = `${file}.partial`): void {
  if (existsSync(file)) throw refuseExisting(file)
  try {
    connection.change('VACUUM INTO ?', partial)
    syncFile(partial)
    publish(partial, file)
    syncFolder(dirname(file))
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}
