import { HoldfastError } from '../../src/model/errors.ts'
import type { Fence } from '../../src/model/lease.ts'
import type { Store } from '../../src/store/store.ts'

type Method = (...given: readonly unknown[]) => Promise<unknown>

/** What a commit does whose outcome its caller is not told: it happens, it does not, or it happens later. */
export type Doubt = 'made' | 'not made' | 'made later'

/** A real store that can be made to fail, to hang, to hear nothing of others, and to leave open what became of a commit. */
export class FaultyStore {
  readonly store: Store
  state: 'well' | 'failing' | 'hanging' = 'well'
  /** True: what others commit is not heard of. */
  isDeaf = false
  /** Methods that work although the store does not. */
  spared: readonly string[] = []
  /** What becomes of the next commit, where it is left open. */
  doubt: () => Doubt | undefined = () => undefined
  #back = Promise.withResolvers<void>()

  constructor(store: Store) {
    this.store = {
      ...this.#faulty(store),
      close: store.close,
      audit: store.audit,
      onForeignCommit: (listener) =>
        store.onForeignCommit((news) => this.state === 'well' && !this.isDeaf && listener(news)),
    }
  }

  /** From now on each call fails, or waits for the store to come back. */
  goAway(how: 'failing' | 'hanging'): void {
    this.state = how
  }

  /** Calls that hang go on now. */
  comeBack(): void {
    this.state = 'well'
    this.#back.resolve()
    this.#back = Promise.withResolvers()
  }

  #faulty<T extends object>(methods: T): T {
    const entries = Object.entries(methods).map(([name, member]): [string, unknown] => {
      if (name === 'fenced') return [name, (fence: Fence) => this.#faulty((member as Store['fenced'])(fence))]
      if (typeof member === 'function') return [name, this.#method(name, member as Method)]
      return [name, typeof member === 'object' && member !== null ? this.#faulty(member) : member]
    })
    return Object.fromEntries(entries) as T
  }

  #method(name: string, method: Method): Method {
    return async (...given) => {
      if (this.state !== 'well' && !this.spared.includes(name)) await this.#suffer()
      const doubt = name === 'commit' ? this.doubt() : undefined
      return doubt === undefined ? method(...given) : this.#leaveOpen(doubt, () => method(...given))
    }
  }

  async #suffer(): Promise<void> {
    if (this.state === 'hanging') await this.#back.promise
    else throw new HoldfastError('unavailable', 'the test took the store away', { store: 'test', retry: true })
  }

  async #leaveOpen(doubt: Doubt, commit: () => Promise<unknown>): Promise<never> {
    if (doubt === 'made') await commit()
    if (doubt === 'made later') setTimeout(() => commit().catch(() => undefined), 20)
    throw new HoldfastError('unknown', 'the connection was lost during the commit', { store: 'test' })
  }
}
