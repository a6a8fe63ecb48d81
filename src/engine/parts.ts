import type { ChangeEvent } from '../model/config.ts'
import type { Limits } from '../model/limits.ts'
import type { Principal } from '../model/principal.ts'
import type { Reveal } from '../model/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Log } from './options.ts'
import type { Rules } from './rules.ts'
import type { Secrets } from './secrets.ts'
import type { State } from './stored.ts'
import type { View } from './view.ts'

/** What the engine of one namespace is made of; `open.ts` puts it together. */
export interface Parts {
  readonly namespace: string
  readonly store: Store
  readonly secrets: Secrets
  readonly rules: Rules
  readonly reveal: Reveal
  /** The state as `view` has it. Only what has everything may stage, commit and move it. */
  readonly head: Head
  readonly view: View
  readonly limits: Limits
  readonly log: Log
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  readonly now: () => Date
  readonly publish: (event: ChangeEvent) => void
}

/** The current state in memory. Only the writer moves it, after the commit that made it. */
export interface Head {
  readonly state: State
  move(next: State): void
}

/** A plain field: a getter over a closure would double the time of a read. */
export function headAt(first: State): Head {
  const head = {
    state: first,
    move(next: State): void {
      head.state = next
    },
  }
  return head
}

/** The same parts as somebody sees them who may not see everything. */
export function seenBy(parts: Parts, view: View): Parts {
  if (view.isAll) return parts
  let known: State | undefined
  let seen: State | undefined
  const head: Head = {
    get state() {
      const { state } = parts.head
      if (state !== known || seen === undefined) [known, seen] = [state, view.state(state)]
      return seen
    },
    move: parts.head.move,
  }
  return { ...parts, head, view }
}

/** A call on behalf of somebody: who they are, what they may do, and what they say about it. */
export interface Caller {
  readonly who: Principal
  readonly reason: string | null
  readonly comment: string | null
}

/** How calls say who asks. */
export type CallerOf = (by: {
  readonly actor?: string
  readonly sourceIp?: string
  readonly reason?: string
  readonly comment?: string
}) => Caller
