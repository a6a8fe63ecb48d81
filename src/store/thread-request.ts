import type { Fence } from '../model/lease.ts'
import type { SqliteOptions } from './sqlite.ts'
import type { Store } from './store.ts'

type Shelves = Pick<
  Store,
  'tokens' | 'sessions' | 'auditLog' | 'once' | 'instances' | 'webhooks' | 'schedules' | 'leases'
>

export type ShelfName = keyof Shelves

/** Where a thread finds the store. */
export interface ThreadPlace {
  readonly path: string
  readonly options: Pick<SqliteOptions, 'lockTimeoutMs' | 'create'>
}

/** A method of the store, or of one of its shelves, and what it is called with. */
export interface StoreRequest {
  readonly shelf?: ShelfName
  readonly method: string
  readonly values: readonly unknown[]
  /** The leases under which it writes. */
  readonly fences?: readonly Fence[]
  /** Somebody listens to how far it is. */
  readonly hasNews?: boolean
}
