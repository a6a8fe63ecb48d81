import { closeSync, fsyncSync, linkSync, openSync, renameSync, unlinkSync } from 'node:fs'
import { HoldfastError } from '../model/errors.ts'

/** Makes the content of a file durable. Never for a database that this process has open: closing it would drop SQLite's locks. */
export function syncFile(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Makes names in a folder durable. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Gives a finished file its name, never replacing one that is there. */
export function publish(partial: string, file: string): void {
  try {
    linkSync(partial, file)
    unlinkSync(partial)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST') throw refuseExisting(file)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
    renameSync(partial, file)
  }
}

export const refuseExisting = (file: string): HoldfastError =>
  new HoldfastError('exists', `${file} exists already; it was left as it is. Name another file`, { what: file })
