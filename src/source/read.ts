import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { HoldfastError } from '../model/errors.ts'
import { type Limits, withinLimit } from '../model/limits.ts'
import { refuseSource } from './refuse.ts'
import { lookedFor, type Place, refuseUnreadable, requireRegular, type Stamp, stampOf, toStamp } from './stamp.ts'

export interface FileBytes {
  readonly bytes: Uint8Array
  readonly stamp: Stamp
  /** False where a write in the same tick of the clock could have left the same stamp. */
  readonly isSettled: boolean
}

/** The whole content of a regular file, read while nobody wrote to it. */
export async function readRegular(place: Place, limits: Limits): Promise<FileBytes> {
  await stampOf(place)
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    const read = await readOnce(place, limits)
    if (read !== undefined) return read
  }
  return refuseSource(
    place.shown,
    `keeps changing while it is read${lookedFor(place)}; write it elsewhere and rename it into place`,
  )
}

const TRIES = 5
const PAUSE_MS = 50
const SETTLED_MS = 2000

async function readOnce(place: Place, limits: Limits): Promise<FileBytes | undefined> {
  const handle = await open(place.path, READ).catch((error) => refuseUnreadable(place, error))
  try {
    const before = await handle.stat({ bigint: true })
    requireRegular(place, before)
    withinLimit(limits, 'sourceBytes', Number(before.size), place.shown)
    const bytes = await readUpTo(handle, Number(before.size), { limits, shown: place.shown })
    const after = await handle.stat({ bigint: true })
    const isMoving = after.mtimeNs !== before.mtimeNs || after.size !== before.size
    if (isMoving || wasJustEmptied(bytes, after)) return undefined
    return { bytes, stamp: toStamp(after), isSettled: age(after) > SETTLED_MS }
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    return refuseUnreadable(place, error)
  } finally {
    await handle.close()
  }
}

/** What stands at the path may have become a FIFO since it was looked at: never block on it, never take a terminal. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

async function readUpTo(handle: FileHandle, size: number, at: { limits: Limits; shown: string }): Promise<Uint8Array> {
  let buffer = Buffer.allocUnsafe(size + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
    withinLimit(at.limits, 'sourceBytes', length, at.shown)
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
  }
}

/** Between truncating and writing a file is empty: not what anyone meant it to say. */
const wasJustEmptied = (bytes: Uint8Array, stats: BigIntStats): boolean =>
  bytes.length === 0 && Math.abs(age(stats)) < PAUSE_MS

const age = (stats: BigIntStats): number => {
  const newest = stats.mtimeNs > stats.ctimeNs ? stats.mtimeNs : stats.ctimeNs
  return Date.now() - Number(newest / 1_000_000n)
}
