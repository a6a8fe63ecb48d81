/** Values of a register by key; every written value is written once in a history, so that it tells who wrote it. */
export type State = Readonly<Record<string, string>>

interface Timed {
  /** When it was asked for and when it was answered, by one clock; never answered is infinite. */
  readonly invoked: number
  readonly responded: number
}

/** A write of one key, only where `ifVersion` is the head if that is said. Asked again under the same key it is still one operation. */
export interface WriteOperation extends Timed {
  readonly kind: 'write'
  readonly key: string
  readonly value: string
  readonly ifVersion?: number
  readonly outcome: WriteOutcome
}

/** `refused`: for whatever other reason, and not done. `unknown`: done or not, and if so, at any time after it was asked for. */
export type WriteOutcome =
  | { readonly kind: 'done'; readonly version: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown' }

/** A read of everything that was answered. */
export interface ReadOperation extends Timed {
  readonly kind: 'read'
  /** The version it asked for at least; without it the answer may be of any time before. */
  readonly min?: number
  /** Whether it must see all that was answered to anybody before it began: `min` was the newest version that anybody had heard of. */
  readonly isFresh: boolean
  readonly version: number
  readonly state: State
}

export type Operation = WriteOperation | ReadOperation

/** One version of the stored history, read when all was over; oldest first. */
export interface Committed {
  readonly version: number
  readonly key: string
  readonly value: string
}

/** What is wrong, and with what. */
export interface Finding {
  readonly kind:
    | 'lost'
    | 'duplicate'
    | 'phantom'
    | 'wrong-version'
    | 'refused-but-done'
    | 'not-ascending'
    | 'order'
    | 'cas'
    | 'stale'
    | 'future'
    | 'wrong-state'
  readonly message: string
}
