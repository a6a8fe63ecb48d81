import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Threads and processes that tests start compile each source file once, together: they start three times as fast. */
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

/** Where there is memory for it, files of tests are kept there: what is killed is a process, never the machine, and each sync costs a twentieth. */
const MEMORY = '/dev/shm'
if (freeBytes(MEMORY) > 4 * 1024 ** 3) process.env['TMPDIR'] ??= MEMORY

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return 0
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    reporters: ['default'],
    restoreMocks: true,
    unstubEnvs: true,
  },
})
