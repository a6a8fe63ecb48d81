import { closeSync, openSync, rmSync, statSync } from 'node:fs'
import { Connection } from './sqlite-connection.ts'
import { isBusy } from './sqlite-errors.ts'
import { retry } from './wait.ts'

const PATIENCE_MS = 10_000

/**
 * Runs `work` while no other process does so for the same file. The lock is SQLite's, on an empty file beside it that goes away afterwards: a
 * process that is killed lets go of it.
 */
export async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`
  const held = await hold(lock)
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
    held.close()
  }
}

/** Whoever waited may hold the lock of a file that its last holder took away: only one that still has its name counts. */
async function hold(lock: string): Promise<Connection> {
  for (;;) {
    make(lock)
    const meant = inodeOf(lock)
    const held = await retry(() => tryToHold(lock), { isWorthWaiting: isBusy, timeoutMs: PATIENCE_MS })
    if (meant !== undefined && inodeOf(lock) === meant) return held
    held.close()
  }
}

/** A file that is there is never opened here: closing it would drop SQLite's locks. */
function make(lock: string): void {
  try {
    closeSync(openSync(lock, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

const inodeOf = (lock: string): bigint | undefined => statSync(lock, { bigint: true, throwIfNoEntry: false })?.ino

function tryToHold(lock: string): Connection {
  const connection = new Connection(lock, { mode: 'write' })
  try {
    connection.exec('BEGIN EXCLUSIVE')
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}
