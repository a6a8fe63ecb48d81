import { workerData } from 'node:worker_threads'
import { openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'
import { answerWith, tellUnasked } from './thread-answers.ts'
import type { StoreRequest, ThreadPlace } from './thread-request.ts'

/** The thread's side of `threaded.ts`: a store of its own on the same file. */
const { path, options } = workerData as ThreadPlace
let opening: Promise<Store> | undefined

/** One that cannot be opened now is tried again with the next request. */
function open(): Promise<Store> {
  opening ??= openSqlite(path, options).catch((error: unknown) => {
    opening = undefined
    throw error
  })
  return opening
}

type Method = (...values: readonly unknown[]) => Promise<unknown>

answerWith(async (request: StoreRequest, tell) => {
  const opened = await open()
  const store = (request.fences ?? []).reduce((outer, fence) => outer.fenced(fence), opened)
  if (request.method === 'onForeignCommit') return void store.onForeignCommit(() => tellUnasked('committed'))
  const onProgress = (done: number, total: number): void => tell({ done, total })
  if (request.method === 'purge') return purge(store, request, onProgress)
  if (request.method === 'backup') return store.backup(request.values[0] as string, onProgress)
  const shelf = (request.shelf === undefined ? store : store[request.shelf]) as unknown as Record<string, Method>
  return shelf[request.method]!(...request.values)
})

function purge(store: Store, { values, hasNews }: StoreRequest, onProgress: (done: number, total: number) => void) {
  const [namespace, plan] = values as Parameters<Store['purge']>
  return store.purge(namespace, hasNews ? { ...plan, onProgress } : plan)
}
