import { stat } from 'node:fs/promises'
import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import { refuseExisting } from './files.ts'
import type { CheckpointMode, SlowRequest } from './slow-request.ts'
import { toStoreError } from './sqlite-errors.ts'
import type { StoreProblem } from './store.ts'
import { startThread, type ThreadError } from './thread.ts'
import { sleep } from './wait.ts'

/** Work that would hold up the event loop, done on a thread with a connection of its own. */
export interface SlowWork {
  /** True when all of the WAL is in the file. */
  checkpoint(mode: CheckpointMode): Promise<boolean>
  /** Empties the WAL, so that nothing deleted is left in it; gives up quietly while readers need it. */
  truncate(timeoutMs: number): Promise<void>
  check(): Promise<readonly StoreProblem[]>
  backup(file: string, options: BackupOptions): Promise<void>
  close(): Promise<void>
}

export interface BackupOptions {
  readonly total: number
  readonly onProgress?: (done: number, total: number) => void
}

/** `inline` does the work on the calling thread: for systems without threads, and for tests that count system calls. */
export async function startSlowWork(file: string, name: string, inline: boolean): Promise<SlowWork> {
  const { ask, stop } = inline
    ? await startInline(file, name)
    : startThread('sqlite-thread', import.meta.url, { data: file, toError: (error) => toError(error, name) })

  const checkpoint = (mode: CheckpointMode) => ask<boolean>({ kind: 'checkpoint', mode })

  return {
    checkpoint,
    async truncate(timeoutMs) {
      const deadline = performance.now() + Math.min(timeoutMs, 2000)
      while (!(await checkpoint('TRUNCATE')) && performance.now() < deadline) await sleep(20)
    },
    check: () => ask<readonly StoreProblem[]>({ kind: 'check' }),
    async backup(target, { total, onProgress }) {
      if (await exists(target)) throw refuseExisting(target)
      const partial = `${target}.partial-${crypto.randomUUID().slice(0, 8)}`
      const timer = setInterval(async () => {
        const size = (await exists(partial))?.size ?? 0
        onProgress?.(Math.min(size, total), total)
      }, 100)
      try {
        await ask({ kind: 'copy', file: target, partial })
      } finally {
        clearInterval(timer)
      }
      onProgress?.(total, total)
    },
    async close() {
      await ask({ kind: 'close' }).catch(() => undefined)
      await stop()
    },
  }
}

const exists = (file: string) => stat(file).catch(() => undefined)

interface Asked {
  readonly ask: <T>(request: SlowRequest) => Promise<T>
  readonly stop: () => Promise<unknown>
}

async function startInline(file: string, name: string): Promise<Asked> {
  const { slowAnswers } = await import('./sqlite-answer.ts')
  const answer = slowAnswers(file)
  const ask = async <T>(request: SlowRequest) => {
    try {
      return (await answer(request)) as T
    } catch (error) {
      throw toStoreError(error, name)
    }
  }
  return { ask, stop: async () => undefined }
}

/** Errors cross from the thread as text; the file system's codes become refusals like SQLite's. */
function toError({ message, code, details }: ThreadError, name: string): unknown {
  if (details !== undefined) return new HoldfastError(code as ErrorCode, message, details as never)
  const error = Object.assign(new Error(message), { code })
  if (code.startsWith('SQLITE_')) return toStoreError(error, name)
  return new HoldfastError('unavailable', `${name}: ${message}`, { store: name, retry: false }, { cause: error })
}
