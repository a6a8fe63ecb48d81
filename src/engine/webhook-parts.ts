import type { AuditEntry } from '../model/access.ts'
import type { ChangeEvent, SourceStatus } from '../model/config.ts'
import type { WebhookRow } from '../store/shelves.ts'
import type { Store } from '../store/store.ts'
import type { DeliverOptions } from './deliver.ts'
import type { Disguise } from './disguise.ts'
import type { Keyring } from './keyring.ts'
import type { Log } from './options.ts'

/** What webhooks need of the engine around them. */
export interface WebhookParts {
  readonly store: Pick<Store, 'webhooks' | 'namespaces' | 'head' | 'state' | 'onForeignCommit'>
  /** Opens the ring of the store's keys, at first need. */
  readonly keyring: () => Keyring
  /** The next versions of a namespace after `since`, `limit` at most, oldest first, secrets concealed; not whole where some were purged. */
  readonly resume: (
    namespace: string,
    since: number,
    limit: number,
  ) => Promise<{ readonly isWhole: boolean; readonly events: readonly ChangeEvent[] }>
  /** Calls `listener` after each commit that this process made. Returns how to stop. */
  readonly onChange: (listener: (namespace: string) => void) => () => void
  /** Calls `listener` when a source's state turned. Returns how to stop. */
  readonly onSource: (listener: (namespace: string, status: SourceStatus) => void) => () => void
  /** Versions as they are told to receivers of some sections. */
  readonly disguise: Disguise
  readonly record: (entry: Omit<AuditEntry, 'id' | 'at' | 'count'>) => void
  /** Hosts, by name, that webhooks may reach although their addresses are private or their scheme is `http:`. */
  readonly webhookHosts: readonly string[]
  readonly log: Log
  readonly now: () => Date
  /** False puts messages into the outbox and leaves sending them to the server that has the store open; true. */
  readonly isSender?: boolean
  readonly delivery?: Omit<DeliverOptions, 'allowHosts'>
}

/** The webhooks there are: read once, and again when something may have changed them. */
export class WebhookTable {
  readonly #store: WebhookParts['store']
  #rows: Promise<readonly WebhookRow[]> | undefined

  constructor(store: WebhookParts['store']) {
    this.#store = store
  }

  all(): Promise<readonly WebhookRow[]> {
    if (this.#rows !== undefined) return this.#rows
    const rows = this.#store.webhooks.list()
    this.#rows = rows
    rows.catch(() => this.#rows === rows && this.forget())
    return rows
  }

  forget(): void {
    this.#rows = undefined
  }
}

/** Work that runs once at a time, and once more where it was asked for meanwhile. */
export interface Coalesced {
  wake(): void
  /** Begins nothing more, and waits for what was begun. */
  close(): Promise<void>
}

/** `work` must not reject. Between two runs the rest of the process has its turn, for `pauseMs` at least. */
export function coalesced(work: () => Promise<void>, pauseMs = 0): Coalesced {
  let running: Promise<void> | undefined
  let isAsked = false
  let isClosed = false
  const run = async (): Promise<void> => {
    while (isAsked && !isClosed) {
      isAsked = false
      await work()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    running = undefined
  }
  return {
    wake() {
      isAsked = true
      if (!isClosed) running ??= run()
    },
    async close() {
      isClosed = true
      await running
    },
  }
}
