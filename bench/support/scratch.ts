import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const CACHE = new URL('../../node_modules/.cache', import.meta.url).pathname
const MEMORY = '/dev/shm'
const TMPFS = 0x01021994

export type Medium = 'disk' | 'memory'

const folders: string[] = []

/** A folder of its own, taken away at the end: on the disk that the checkout is on, or where an fsync costs nothing. */
export function scratch(medium: Medium = 'disk'): string {
  const parent = medium === 'memory' ? MEMORY : CACHE
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'holdfast-bench-'))
  folders.push(folder)
  return folder
}

/** The media there are here: a file system in memory shows what our own code costs, without the disk. */
export const media = (): readonly Medium[] => (isMemory(MEMORY) ? ['disk', 'memory'] : ['disk'])

function isMemory(path: string): boolean {
  try {
    return statfsSync(path).type === TMPFS
  } catch {
    return false
  }
}

export function removeScratch(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
