import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from './measure.ts'

const PAGE = Buffer.alloc(4096, 1)
/** Written round and round, as a write-ahead log is. */
const PAGES = 256

/** What a disk takes for one page, in a file of its own beside the store: the store's own files must not be touched. */
export interface Disk {
  readonly task: Task
  close(): void
}

/** Opens such a file; `undefined` where none can be made. */
export function openDisk(folder: string): Disk | undefined {
  const file = join(folder, `.holdfast-bench-${randomBytes(6).toString('hex')}`)
  const fd = open(file)
  if (fd === undefined) return undefined
  let page = 0
  return {
    task: {
      name: 'floor',
      what: 'floor: fsync of 4 KiB',
      lanes: 1,
      async run() {
        writeSync(fd, PAGE, 0, PAGE.length, (page++ % PAGES) * PAGE.length)
        fsyncSync(fd)
      },
    },
    close() {
      closeSync(fd)
      rmSync(file, { force: true })
    },
  }
}

function open(file: string): number | undefined {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined // the table has no such line then
  }
}
