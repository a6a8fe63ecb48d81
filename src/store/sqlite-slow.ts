import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { HoldfastError } from '../model/errors.ts'
import { refuseExisting } from './files.ts'
import type { CheckpointMode, SlowReply, SlowRequest } from './slow-request.ts'
import { toStoreError } from './sqlite-errors.ts'
import type { StoreProblem } from './store.ts'
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
  const { ask, stop } = inline ? await startInline(file, name) : startThread(file, name)

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

function startThread(file: string, name: string): Asked {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const url = new URL(`./sqlite-thread.${extension}`, import.meta.url)
  const worker = new Worker(url, { workerData: file, execArgv: [] })
  const waiting = new Map<number, (reply: SlowReply) => void>()
  let last = 0
  let hasEnded = false

  const settleAll = (message: string) => {
    hasEnded = true
    for (const [id, settle] of waiting) settle({ id, error: { message, code: '' } })
  }
  worker.unref()
  worker.on('message', (reply: SlowReply) => waiting.get(reply.id)?.(reply))
  worker.on('error', (error) => settleAll(error instanceof Error ? error.message : String(error)))
  worker.on('exit', () => settleAll('the thread ended'))

  const ask = <T>(request: SlowRequest): Promise<T> => {
    if (hasEnded) return Promise.reject(toError({ message: 'the thread ended', code: '' }, name))
    const id = ++last
    worker.ref()
    worker.postMessage({ id, request })
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (waiting.size === 0) worker.unref()
        if (error) reject(toError(error, name))
        else resolve(result as T)
      })
    })
  }
  const stop = () => {
    worker.ref()
    return worker.terminate()
  }
  return { ask, stop }
}

/** Errors cross from the thread as text; the file system's codes become refusals like SQLite's. */
function toError({ message, code }: NonNullable<SlowReply['error']>, name: string): unknown {
  const error = Object.assign(new Error(message), { code })
  if (code.startsWith('SQLITE_')) return toStoreError(error, name)
  if (code === 'exists') return new HoldfastError('exists', message, { what: message })
  return new HoldfastError('unavailable', `${name}: ${message}`, { store: name, retry: false }, { cause: error })
}
