import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import type { Fence } from '../model/lease.ts'
import type { VersionRef } from '../model/version.ts'
import { openSqlite, type SqliteOptions } from './sqlite.ts'
import type { PurgePlan, Store } from './store.ts'
import { startThread, type Thread, type ThreadError } from './thread.ts'
import type { ShelfName, StoreRequest, ThreadPlace } from './thread-request.ts'

/**
 * Where a method is run. What may read much has a thread of its own, so that it keeps no commit waiting; what writes, and what finds a few rows
 * by their key, has the other. None is run here: even a look at a few rows touches pages that a disk may be busy with.
 */
type Place = 'reading' | 'writing'

type Plain = Exclude<
  keyof Store,
  ShelfName | 'name' | 'directory' | 'find' | 'purge' | 'backup' | 'audit' | 'fenced' | 'onForeignCommit' | 'close'
>

const METHODS = {
  commit: 'writing',
  mark: 'writing',
  saveSource: 'writing',
  deleteNamespace: 'writing',
  clearDeleted: 'writing',
  setMetadata: 'writing',
  head: 'writing',
  state: 'reading',
  delta: 'reading',
  versions: 'reading',
  configJson: 'reading',
  history: 'reading',
  lastChanges: 'reading',
  sources: 'writing',
  namespaces: 'writing',
  metadata: 'writing',
  stats: 'reading',
  sizes: 'writing',
  check: 'reading',
} as const satisfies Record<Plain, Place>

const SHELVES = {
  tokens: {
    insert: 'writing',
    insertFirst: 'writing',
    all: 'writing',
    rotate: 'writing',
    revoke: 'writing',
    touch: 'writing',
  },
  sessions: { insert: 'writing', find: 'writing', touch: 'writing', delete: 'writing', deleteOld: 'writing' },
  auditLog: { append: 'writing', list: 'reading', isNewAddress: 'writing', deleteBefore: 'writing' },
  once: { find: 'writing', insert: 'writing', deleteBefore: 'writing' },
  instances: { save: 'writing', list: 'writing', deleteBefore: 'writing' },
  webhooks: {
    insert: 'writing',
    list: 'writing',
    update: 'writing',
    delete: 'writing',
    cursor: 'writing',
    enqueue: 'writing',
    due: 'writing',
    nextDue: 'writing',
    settle: 'writing',
    find: 'writing',
    deliveries: 'reading',
    waiting: 'writing',
    deleteBefore: 'writing',
  },
  schedules: {
    begin: 'writing',
    beginDue: 'writing',
    end: 'writing',
    last: 'writing',
    lastDue: 'writing',
    closeAbandoned: 'writing',
    deleteBefore: 'writing',
  },
  leases: {
    join: 'writing',
    beat: 'writing',
    leave: 'writing',
    bury: 'writing',
    take: 'writing',
    release: 'writing',
    require: 'writing',
    list: 'writing',
  },
} as const satisfies { readonly [Name in ShelfName]: Record<keyof Store[Name], Place> }

type Method = (...values: readonly unknown[]) => Promise<unknown>
type Methods = Readonly<Record<string, Method>>

/** Opens a SQLite file as `openSqlite` does, for a process whose event loop must wait neither for a disk nor for long reading. */
export async function openThreaded(path: string, options: SqliteOptions = {}): Promise<Store> {
  const here = await openSqlite(path, options)
  const { lockTimeoutMs } = options
  const place: ThreadPlace = { path, options: { create: false, ...(lockTimeoutMs !== undefined && { lockTimeoutMs }) } }
  return new Threads(here, place).store()
}

const isNumber = ({ base, back }: VersionRef): boolean => base.kind === 'id' && back === 0

class Threads {
  readonly #here: Store
  readonly #place: ThreadPlace
  readonly #threads = new Map<Place, Thread>()
  readonly #listeners = new Set<() => void>()
  #closing: Promise<void> | undefined

  constructor(here: Store, place: ThreadPlace) {
    this.#here = here
    this.#place = place
  }

  /** A plain object, as other stores are; with `fences`, one whose writes are made under these leases. */
  store(fences: readonly Fence[] = []): Store {
    const here = this.#here
    const entries = Object.entries(SHELVES).map(([name, places]) => [
      name,
      this.#methods(places, { shelf: name as ShelfName, fences }),
    ])
    return {
      ...(this.#methods(METHODS, { fences }) as unknown as Pick<Store, Plain>),
      ...(Object.fromEntries(entries) as Pick<Store, ShelfName>),
      name: here.name,
      directory: here.directory,
      fenced: (fence) => this.store([...fences, fence]),
      find: (namespace, ref) =>
        this.#ask(isNumber(ref) ? 'writing' : 'reading', { method: 'find', values: [namespace, ref] }),
      purge: (namespace, plan) => this.#purge(namespace, plan, fences),
      backup: (file, onProgress) => this.#ask('reading', { method: 'backup', values: [file] }, onProgress),
      audit: (namespace) => here.audit(namespace),
      onForeignCommit: (listener) => this.#listen(listener),
      close: () => {
        this.#closing ??= this.#close()
        return this.#closing
      },
    }
  }

  #methods(places: Readonly<Record<string, Place>>, where: Pick<StoreRequest, 'shelf' | 'fences'>): Methods {
    const methods = Object.entries(places).map(([method, place]): [string, Method] => [
      method,
      (...values) => this.#ask(place, { method, values, ...where }),
    ])
    return Object.fromEntries(methods)
  }

  #purge(namespace: string, { onProgress, ...plan }: PurgePlan, fences: readonly Fence[]): ReturnType<Store['purge']> {
    const request = { method: 'purge', values: [namespace, plan], fences, hasNews: onProgress !== undefined }
    return this.#ask(plan.dryRun ? 'reading' : 'writing', request, onProgress)
  }

  async #ask<T>(place: Place, request: StoreRequest, onProgress?: (done: number, total: number) => void): Promise<T> {
    if (this.#closing !== undefined)
      throw new HoldfastError('closed', `${this.#here.name} is closed`, { what: this.#here.name })
    const onNews = onProgress && (({ done, total }: { done: number; total: number }) => onProgress(done, total))
    return this.#thread(place).ask<T>(request, onNews)
  }

  /** One that has died of something is begun anew. */
  #thread(place: Place): Thread {
    const known = this.#threads.get(place)
    if (known !== undefined && !known.hasEnded) return known
    const thread = startThread('store-thread', import.meta.url, {
      data: this.#place,
      toError: (error) => toError(error, place, this.#here.name),
      onNews: () => {
        for (const listener of this.#listeners) listener()
      },
    })
    this.#threads.set(place, thread)
    if (place === 'writing' && this.#listeners.size > 0) this.#hear(thread)
    return thread
  }

  /** What the thread that writes did not commit itself, another process did. */
  #listen(listener: () => void): () => void {
    const isFirst = this.#listeners.size === 0
    this.#listeners.add(listener)
    const isRunning = this.#threads.has('writing')
    const thread = this.#thread('writing')
    if (isFirst && isRunning) this.#hear(thread)
    return () => void this.#listeners.delete(listener)
  }

  #hear(thread: Thread): void {
    thread.ask({ method: 'onForeignCommit', values: [] } satisfies StoreRequest).catch(() => undefined)
  }

  async #close(): Promise<void> {
    this.#listeners.clear()
    await Promise.all([...this.#threads.values()].map(end))
    await this.#here.close()
  }
}

async function end(thread: Thread): Promise<void> {
  if (!thread.hasEnded) await thread.ask({ method: 'close', values: [] } satisfies StoreRequest).catch(() => undefined)
  await thread.stop()
}

/** A thread that ended may have written what was asked of it, or not. */
function toError({ code, message, details }: ThreadError, place: Place, store: string): unknown {
  if (details !== undefined) return new HoldfastError(code as ErrorCode, message, details as never)
  if (place === 'reading') return new HoldfastError('unavailable', `${store}: ${message}`, { store, retry: true })
  const text = `${store}: ${message} while it wrote, so that the change may or may not have happened. Look at the newest version before trying again`
  return new HoldfastError('unknown', text, { store })
}
