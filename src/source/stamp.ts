import type { BigIntStats } from 'node:fs'
import { codeOf, refuseSource } from './refuse.ts'

/** Through `import`, `node:fs` would load all it could ever offer: 3 ms, where most commands only look whether a file has changed. */
const { stat } = process.getBuiltinModule('node:fs')

/** A file as the spec names it, and where that is looked for. */
export interface Place {
  readonly shown: string
  readonly path: string
}

/** What changes with every write, replacement or move of a file. */
export type Stamp = Readonly<Record<'mtime' | 'ctime' | 'size' | 'inode' | 'device', string>>

/** The stamp of the regular file at `place`, without opening it: opening a device or a FIFO can block or have effects. */
export async function stampOf(place: Place): Promise<Stamp> {
  const stats = await look(place.path).catch((error) => refuseUnreadable(place, error))
  requireRegular(place, stats)
  return toStamp(stats)
}

export const toStamp = (stats: BigIntStats): Stamp => ({
  mtime: String(stats.mtimeNs),
  ctime: String(stats.ctimeNs),
  size: String(stats.size),
  inode: String(stats.ino),
  device: String(stats.dev),
})

/** What the path leads to now, as text that differs after every write or replacement. */
export async function state(path: string): Promise<string> {
  const found = await look(path).catch(() => undefined)
  return found === undefined ? 'missing' : Object.values(toStamp(found)).join()
}

const look = (path: string): Promise<BigIntStats> =>
  new Promise((found, failed) => {
    stat(path, { bigint: true }, (error, stats) => (error === null ? found(stats) : failed(error)))
  })

export function requireRegular(place: Place, stats: BigIntStats): void {
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

export function refuseUnreadable(place: Place, error: unknown): never {
  const code = codeOf(error)
  return refuseSource(place.shown, `${REASONS[code] ?? `cannot be read (${code})`}${lookedFor(place)}`, error)
}

export const lookedFor = (place: Place): string => (place.path === place.shown ? '' : ` (looked for ${place.path})`)
