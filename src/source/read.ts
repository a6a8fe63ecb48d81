import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { HoldfastError } from '../model/errors.ts'
import { type Limits, withinLimit } from '../model/limits.ts'
import { codeOf, refuseSource } from './refuse.ts'

/** A file as the spec names it, and where that is looked for. */
export interface Place {
  readonly shown: string
  readonly path: string
}

/** What changes with every write, replacement or move of a file. */
export type Stamp = Readonly<Record<'mtime' | 'ctime' | 'size' | 'inode' | 'device', string>>

export interface FileBytes {
  readonly bytes: Uint8Array
  readonly stamp: Stamp
  /** False where a write in the same tick of the clock could have left the same stamp. */
  readonly isSettled: boolean
}

/** The stamp of the regular file at `place`, without opening it: opening a device or a FIFO can block or have effects. */
export async function stampOf(place: Place): Promise<Stamp> {
  const stats = await stat(place.path, { bigint: true }).catch((error) => refuseUnreadable(place, error))
  requireRegular(place, stats)
  return stamp(stats)
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
    return { bytes, stamp: stamp(after), isSettled: age(after) > SETTLED_MS }
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

const stamp = (stats: BigIntStats): Stamp => ({
  mtime: String(stats.mtimeNs),
  ctime: String(stats.ctimeNs),
  size: String(stats.size),
  inode: String(stats.ino),
  device: String(stats.dev),
})

function requireRegular(place: Place, stats: BigIntStats): void {
  if (stats.isFile()) return
  const found = stats.isDirectory() ? 'a directory' : 'a FIFO, socket or device'
  refuseSource(place.shown, `is ${found}; a source is a regular file${lookedFor(place)}`)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file, or a link to one that is missing',
  ENOTDIR: 'a part of its path is not a directory',
  EACCES: 'not readable by this user',
  EPERM: 'not readable by this user',
  ELOOP: 'its symbolic links run in a circle',
  ENXIO: 'is a socket or device; a source is a regular file',
}

function refuseUnreadable(place: Place, error: unknown): never {
  const code = codeOf(error)
  return refuseSource(place.shown, `${REASONS[code] ?? `cannot be read (${code})`}${lookedFor(place)}`, error)
}

const lookedFor = (place: Place): string => (place.path === place.shown ? '' : ` (looked for ${place.path})`)
