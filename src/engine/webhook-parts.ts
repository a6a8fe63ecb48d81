import type { AuditEntry } from '../model/access.ts'
import type { ChangeEvent, SourceStatus } from '../model/config.ts'
import type { WebhookRow } from '../store/shelves.ts'
import type { Store } from '../store/store.ts'
import type { DeliverOptions } from './deliver.ts'
import type { Disguise } from './disguise.ts'
import type { Keyring } from './keyring.ts'
import type { Leases } from './leases.ts'
import type { Log } from './options.ts'

/** What webhooks need of the engine around them. */
export interface WebhookParts {
  readonly store: Pick<Store, 'webhooks' | 'namespaces' | 'head' | 'state' | 'fenced' | 'onForeignCommit'>
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
  /** With them this process gathers and sends whenever no other node does; absent: it leaves that to the servers that have the store open. */
  readonly leases?: Pick<Leases, 'contend'>
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
