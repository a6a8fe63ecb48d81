import { HoldfastError } from '../model/errors.ts'
import type { Fence } from '../model/lease.ts'
import type { Store } from '../store/store.ts'
import { SILENCE } from './patience.ts'

/** Milliseconds that a read and a write may wait for a store that is away. */
export interface Waits {
  readonly read: number
  readonly write: number
}

/** Who looks after the calls of a store. */
export interface Attendant {
  /** A call failed: `method` says what it was. */
  onFailure(method: string, error: unknown): void
}

interface Call {
  readonly isWrite: boolean
  readonly begun: number
  readonly giveUp: (error: HoldfastError) => void
}

/** What takes as long as the store is large, tells as it goes on, or is no question. */
const LEFT_ALONE: ReadonlySet<string> = new Set([
  'purge',
  'clearDeleted',
  'backup',
  'audit',
  'check',
  'stats',
  'onForeignCommit',
  'close',
])

/** What changes nothing. Of everything else, once it is given up, nobody can say whether it was done. */
const READS: ReadonlySet<string> = new Set([
  ...['head', 'state', 'delta', 'find', 'versions', 'configJson', 'history', 'lastChanges', 'sources', 'namespaces'],
  ...['metadata', 'sizes', 'all', 'list', 'cursor', 'due', 'nextDue', 'deliveries', 'waiting', 'last'],
])

type Method = (...given: readonly unknown[]) => Promise<unknown>

/** A store each of whose calls can be given up: whoever waits for it is told, and what becomes of it is the store's affair. */
export class AttendedStore {
  readonly store: Store
  /** True while the store answers nothing: nobody else is let wait for it, and what is asked is not done. */
  isSilent = false
  readonly #attendant: Attendant
  readonly #calls = new Set<Call>()

  constructor(store: Store, attendant: Attendant) {
    this.#attendant = attendant
    this.store = this.#attended(store)
  }

  /** Ends the waiting of calls that have waited for too long. Of a write nobody can say then what became of it. */
  giveUp({ read, write }: Waits): void {
    const now = performance.now()
    for (const call of this.#calls) {
      if (now - call.begun < (call.isWrite ? write : read)) continue
      call.giveUp(call.isWrite ? inDoubt() : silent())
    }
  }

  /** The methods of a store, or of one of its shelves. */
  #attended<T extends object>(methods: T): T {
    const entries = Object.entries(methods).map(([name, member]): [string, unknown] => {
      if (name === 'fenced') return [name, (fence: Fence) => this.#attended((member as Store['fenced'])(fence))]
      if (typeof member === 'function')
        return [name, LEFT_ALONE.has(name) ? member : this.#method(name, member as Method)]
      return [name, typeof member === 'object' && member !== null ? this.#attended(member) : member]
    })
    return Object.fromEntries(entries) as T
  }

  #method(name: string, method: Method): Method {
    const isWrite = !READS.has(name)
    return async (...given) => {
      if (this.isSilent) throw silent()
      const { promise, reject } = Promise.withResolvers<never>()
      const call: Call = { isWrite, begun: performance.now(), giveUp: reject }
      this.#calls.add(call)
      try {
        return await Promise.race([method(...given), promise])
      } catch (error) {
        this.#attendant.onFailure(name, error)
        throw error
      } finally {
        this.#calls.delete(call)
      }
    }
  }
}

const silent = (): HoldfastError => new HoldfastError('unavailable', SILENCE, { store: 'store', retry: true })

const inDoubt = (): HoldfastError =>
  new HoldfastError(
    'unknown',
    `${SILENCE}, so that what was asked may or may not have been done. Repeat it with the same Idempotency-Key, or look at the newest version before trying again`,
    { store: 'store' },
  )
