import type { ChangeEvent, SourceStatus } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { localPrincipal } from '../model/principal.ts'
import { checkNamespace, type Version } from '../model/version.ts'
import type { Store } from '../store/store.ts'
import { callersAs } from './callers.ts'
import { type BaseOptions, type GivenNamespace, withGiven } from './given-base.ts'
import type { Leases } from './leases.ts'
import { type OpenNamespace, openNamespace } from './namespace.ts'
import type { OpenOptions } from './options.ts'

export interface NamespacesOptions {
  readonly store: Store
  /** What all namespaces are opened with. */
  readonly common: Omit<OpenOptions, 'store' | 'namespace' | keyof BaseOptions> & Required<Pick<OpenOptions, 'log'>>
  readonly given: Readonly<Record<string, BaseOptions>>
  readonly leases: Pick<Leases, 'contend'>
  readonly onChange: (namespace: string, event: ChangeEvent) => void
  readonly onSource: (namespace: string, status: SourceStatus) => void
}

const RETRY_MS = 15_000
const SERVER = callersAs(localPrincipal('server'))

/** The namespaces of one store, each opened once, when it is first asked for, and shared by all who ask. */
export class Namespaces implements AsyncDisposable {
  readonly #options: NamespacesOptions
  readonly #opening = new Map<string, Promise<OpenNamespace>>()
  readonly #open = new Map<string, OpenNamespace>()
  /** Namespaces that are being deleted: nobody opens one before that is done. */
  readonly #ending = new Map<string, Promise<unknown>>()
  /** Those whose sources this process loads when no other node does. */
  readonly #given = new Map<string, GivenNamespace>()
  readonly #timer: NodeJS.Timeout
  #isRetrying = false
  #isClosed = false

  constructor(options: NamespacesOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#retryAll(), RETRY_MS).unref()
  }

  /** Opens those whose sources this process loads. A source that cannot be loaded stops nothing; it is tried again. */
  async openGiven(): Promise<void> {
    await Promise.all(Object.keys(this.#options.given).map((name) => this.begin(checkNamespace(name))))
  }

  /** An open namespace; refuses (`not-found`) one that is not in the store. */
  async get(name: string): Promise<OpenNamespace> {
    await this.#ending.get(name)
    const known = this.#open.get(name)
    if (known?.parts.head.state.version !== undefined) return known
    const isGiven = Object.hasOwn(this.#options.given, name)
    if (!isGiven && (await this.#options.store.head(name)) === undefined) throw unknownNamespace(name)
    const opened = await this.begin(name)
    if (!isGiven && opened.parts.head.state.version === undefined) throw unknownNamespace(name) // deleted meanwhile
    return opened
  }

  /** The newest version of a namespace that is open already. */
  current(name: string): Version | undefined {
    return this.#open.get(name)?.parts.head.state.version
  }

  /** An open namespace, also one that has no versions yet. */
  begin(name: string): Promise<OpenNamespace> {
    if (this.#isClosed) throw new HoldfastError('closed', 'the store is being closed', { what: 'store' })
    const known = this.#opening.get(name)
    if (known !== undefined) return known
    const ending = this.#ending.get(name)
    const opening = ending === undefined ? this.#begin(name) : ending.then(() => this.#begin(name))
    this.#opening.set(name, opening)
    opening.catch(() => {
      if (this.#opening.get(name) === opening) this.#opening.delete(name)
    })
    return opening
  }

  /** Closes a namespace (its watchers end, what it was asked to write is written) and runs `work`, which takes it away, before anybody opens it again. */
  async end(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.#ending.get(name)
    const done = this.#end(name, before, work)
    const settled = done.catch(() => undefined) // whoever ends it is told; who waits only wants to know when
    this.#ending.set(name, settled)
    try {
      await done
    } finally {
      if (this.#ending.get(name) === settled) this.#ending.delete(name)
    }
  }

  async #end(name: string, before: Promise<unknown> | undefined, work: () => Promise<void>): Promise<void> {
    const opening = this.#opening.get(name)
    this.#opening.delete(name)
    await before
    await (await opening?.catch(() => undefined))?.close()
    this.#open.delete(name)
    this.#given.delete(name)
    await work()
  }

  all(): readonly OpenNamespace[] {
    return [...this.#open.values()]
  }

  /** What keeps a namespace from the sources it was given, in words without values. */
  reasons(): readonly string[] {
    return [...this.#given.values()].flatMap((one) => one.reason() ?? [])
  }

  async #begin(name: string): Promise<OpenNamespace> {
    const opened = await this.#openOne(name)
    opened.feed.on('change', (event) => this.#options.onChange(name, event))
    opened.feed.on('source', (status) => this.#options.onSource(name, status))
    this.#open.set(name, opened)
    return opened
  }

  async #openOne(name: string): Promise<OpenNamespace> {
    const { store, common, given, leases } = this.#options
    const opened = await openNamespace(store, name, common, { callerOf: SERVER, loadsStored: false })
    if (!Object.hasOwn(given, name)) return opened
    try {
      const whole = await withGiven({ opened, given: { ...common, ...given[name]! }, leases })
      this.#given.set(name, whole)
      return whole
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  async #retryAll(): Promise<void> {
    if (this.#isRetrying) return
    this.#isRetrying = true
    for (const [namespace, one] of [...this.#given]) {
      await one
        .retry()
        .catch((error: Error) =>
          this.#options.common.log.info({ namespace, error: error.message }, 'its sources still cannot be loaded'),
        )
    }
    this.#isRetrying = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await Promise.all(this.#ending.values())
    const opened = await Promise.allSettled(this.#opening.values())
    await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
  }
}

/** The refusal of a namespace that is not there, in words that tell of no other. */
export function unknownNamespace(name: string): HoldfastError {
  return new HoldfastError('not-found', `there is no namespace ${name}`, { what: name })
}
