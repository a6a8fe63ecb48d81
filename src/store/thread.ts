import { Worker } from 'node:worker_threads'

/** An error as it crosses from a thread: ours with its details, others by their code, if they have one. */
export interface ThreadError {
  readonly message: string
  readonly code: string
  readonly details?: unknown
}

/** What a thread says: how something asked of it ended, or, without `result` and `error`, news meanwhile. */
export interface ThreadMessage {
  /** 0 where nobody asked. */
  readonly id: number
  readonly result?: unknown
  readonly error?: ThreadError
  readonly news?: unknown
}

export interface Thread {
  readonly hasEnded: boolean
  /** `onNews` hears what the thread tells before it is done. */
  ask<T>(request: unknown, onNews?: (news: never) => void): Promise<T>
  /** Ends the thread, whatever it does. */
  stop(): Promise<unknown>
}

export interface ThreadOptions {
  readonly data: unknown
  readonly toError: (error: ThreadError, request: unknown) => unknown
  /** Hears what the thread tells unasked. */
  readonly onNews?: (news: unknown) => void
}

const ENDED: ThreadError = { message: 'the thread ended', code: '' }

interface Waiting {
  readonly settle: (message: ThreadMessage) => void
  readonly onNews: ((news: never) => void) | undefined
}

/** Starts the module `name` beside the module `from`, on a thread that keeps the process running only while something is asked of it. */
export function startThread(name: string, from: string, { data, toError, onNews }: ThreadOptions): Thread {
  const extension = from.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./${name}.${extension}`, from), { workerData: data, execArgv: [] })
  const waiting = new Map<number, Waiting>()
  let last = 0
  let ended: ThreadError | undefined

  const endAll = (error: ThreadError) => {
    ended ??= error
    for (const [id, { settle }] of waiting) settle({ id, error: ended })
  }
  worker.unref()
  worker.on('message', (message: ThreadMessage) => {
    if (message.id === 0) onNews?.(message.news)
    else if (message.news !== undefined) waiting.get(message.id)?.onNews?.(message.news as never)
    else waiting.get(message.id)?.settle(message)
  })
  worker.on('error', (error) => endAll({ ...ENDED, message: error instanceof Error ? error.message : String(error) }))
  worker.on('exit', () => endAll(ENDED))

  return {
    get hasEnded() {
      return ended !== undefined
    },
    ask<T>(request: unknown, news?: (news: never) => void) {
      if (ended !== undefined) return Promise.reject(toError(ended, request))
      const id = ++last
      worker.ref()
      worker.postMessage({ id, request })
      return new Promise<T>((resolve, reject) => {
        const settle = ({ result, error }: ThreadMessage) => {
          waiting.delete(id)
          if (waiting.size === 0) worker.unref()
          if (error) reject(toError(error, request))
          else resolve(result as T)
        }
        waiting.set(id, { settle, onNews: news })
      })
    },
    stop() {
      worker.ref()
      return worker.terminate()
    },
  }
}
