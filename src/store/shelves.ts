import type { AuditEntry, AuditQuery, Token } from '../model/access.ts'
import type { InstanceReport } from '../model/instance.ts'
import type { Fence } from '../model/lease.ts'
import type { ScheduleRun } from '../model/schedule.ts'
import type { Delivery, Webhook } from '../model/webhook.ts'

export interface Page {
  /** 1 to 1,000. */
  readonly limit: number
  /** Only rows with a smaller id. */
  readonly before?: number
}

/*
 * What a server keeps beside the configuration. Nothing here is versioned or chained. Times are UTC ISO 8601 with milliseconds and `Z`; each
 * method is one transaction (`deleteBefore` and `deleteOld` several, so that others go on meanwhile) and rejects as `Store`'s do.
 */

/** A token as kept: of its secrets only SHA-256 digests (hex). */
export interface TokenRow extends Omit<Token, 'overlapUntil' | 'state'> {
  readonly digest: string
  /** The digest before the last rotation, accepted until `previousUntil`. */
  readonly previousDigest: string | null
  readonly previousUntil: string | null
}

export interface TokenShelf {
  /** Refuses (`exists`) a name that a token has which is not revoked. */
  insert(row: TokenRow): Promise<void>
  /** True where it was the first token ever: two servers that start at once make one. */
  insertFirst(row: TokenRow): Promise<boolean>
  all(): Promise<readonly TokenRow[]>
  /** Refuses (`not-found`) a token that is not there. */
  rotate(id: string, change: Pick<TokenRow, 'digest' | 'previousDigest' | 'previousUntil'>): Promise<void>
  /** Refuses (`not-found`) a token that is not there; leaves one that was revoked before as it was. */
  revoke(id: string, at: string): Promise<void>
  /** Last uses, gathered for a while and written together; an older time never replaces a newer one. */
  touch(uses: readonly { readonly id: string; readonly at: string; readonly ip: string | null }[]): Promise<void>
}

/** A signed-in browser. `id` is the digest of what its cookie holds. */
export interface SessionRow {
  readonly id: string
  readonly tokenId: string
  readonly createdAt: string
  readonly lastSeenAt: string
  readonly sourceIp: string | null
}

export interface SessionShelf {
  insert(row: SessionRow): Promise<void>
  find(id: string): Promise<SessionRow | undefined>
  /** An older time never replaces a newer one; nothing where the session has ended. */
  touch(id: string, at: string): Promise<void>
  delete(id: string): Promise<void>
  /** Those made before one time or last seen before another. */
  deleteOld(createdBefore: string, seenBefore: string): Promise<number>
}

export interface AuditShelf {
  append(entries: readonly Omit<AuditEntry, 'id'>[]): Promise<void>
  /** Newest first. Patterns of namespaces (`a`, `a-*`, `*`) limit what is told; entries without a namespace only where `*` is among them. */
  list(
    filter: Omit<AuditQuery, 'limit' | 'cursor'> & { readonly namespaces?: readonly string[] },
    page: Page,
  ): Promise<readonly AuditEntry[]>
  /** True where the token was never seen at this address before; remembers it. */
  isNewAddress(tokenId: string, ip: string, at: string): Promise<boolean>
  deleteBefore(at: string): Promise<number>
}

/** An answer that a retry gets again. */
export interface OnceRecord {
  readonly owner: string
  readonly key: string
  /** SHA-256 (hex) of the canonical request. */
  readonly requestHash: string
  readonly createdAt: string
}

export interface OnceShelf {
  find(
    namespace: string,
    owner: string,
    key: string,
  ): Promise<(OnceRecord & { readonly answer: string; readonly versionId: number | null }) | undefined>
  /** Remembers the answer to a request that made no version (`exists` where its key is taken); one that made a version stands in its commit. */
  insert(namespace: string, record: OnceRecord & { readonly answer: string }): Promise<void>
  deleteBefore(at: string): Promise<number>
}

export interface InstanceRow extends InstanceReport {
  readonly reportedAt: string
  readonly reportedBy: string
}

export interface InstanceShelf {
  save(namespace: string, row: InstanceRow): Promise<void>
  list(namespace: string): Promise<readonly InstanceRow[]>
  deleteBefore(at: string): Promise<number>
}

/** A webhook as kept: its signing secrets only as ciphertext. */
export interface WebhookRow extends Webhook {
  readonly secret: string
  readonly previousSecret: string | null
  readonly previousUntil: string | null
}

export interface DeliveryRow extends Delivery {
  /** The JSON body, the same bytes in each attempt; no secret values in it. */
  readonly payload: string
}

export interface WebhookShelf {
  /** A new webhook is told what is committed from now on: its cursor in each namespace begins at the namespace's head. */
  insert(row: WebhookRow): Promise<void>
  list(): Promise<readonly WebhookRow[]>
  /** Refuses (`not-found`) a webhook that is not there; with `expected`, also one whose secrets are not these any more. */
  update(
    id: string,
    change: Partial<Omit<WebhookRow, 'id'>>,
    expected?: Pick<WebhookRow, 'secret' | 'previousSecret'>,
  ): Promise<void>
  /** With its deliveries; refuses (`not-found`) one that is not there. */
  delete(id: string): Promise<void>
  /** The version through which a webhook's changes of a namespace are in the outbox; undefined: it has no cursor there. */
  cursor(id: string, namespace: string): Promise<number | undefined>
  /**
   * Puts messages into the outbox and moves the cursor, in one transaction: a crash neither loses a change nor tells it twice. Refuses
   * (`conflict`) where the cursor is not at `from` (0: none), for then another process did it. What is for a webhook that was deleted
   * meanwhile is dropped.
   */
  enqueue(
    rows: readonly DeliveryRow[],
    cursor?: { readonly webhookId: string; readonly namespace: string; readonly from: number; readonly to: number },
  ): Promise<void>
  /** The message of a webhook that has been due for the longest time. */
  due(webhookId: string, at: string): Promise<DeliveryRow | undefined>
  nextDue(): Promise<string | undefined>
  /** How an attempt ended; nothing where the message was deleted meanwhile. */
  settle(
    id: string,
    change: Pick<
      DeliveryRow,
      'state' | 'attempts' | 'lastAttemptAt' | 'nextAttemptAt' | 'status' | 'error' | 'duration'
    >,
  ): Promise<void>
  find(webhookId: string, deliveryId: string): Promise<DeliveryRow | undefined>
  /** Newest first; pages go by the row's number, told as `row`. */
  deliveries(webhookId: string, page: Page): Promise<readonly (DeliveryRow & { readonly row: number })[]>
  waiting(): Promise<number>
  /** Delivered and failed ones. */
  deleteBefore(at: string): Promise<number>
}

export interface ScheduleShelf {
  /** `node` is where it goes on: it is abandoned when that node is gone. */
  begin(name: string, startedAt: string, by: string, node?: string): Promise<number>
  /** Begins the run for a time of the schedule; undefined where that time was run already, here or elsewhere. */
  beginDue(
    name: string,
    due: string,
    run: { readonly startedAt: string; readonly by: string; readonly node: string },
  ): Promise<number | undefined>
  end(run: number, outcome: ScheduleRun['outcome'], duration: number, detail: string | null): Promise<void>
  last(): Promise<ReadonlyMap<string, ScheduleRun>>
  /** The newest time that a schedule was run for. */
  lastDue(name: string): Promise<string | undefined>
  /** Runs whose node is gone are ended as failed; tells how many. */
  closeAbandoned(detail: string): Promise<number>
  /** The last run of each schedule stays. */
  deleteBefore(at: string): Promise<number>
}

/** A process that does timed work, as it shows that it lives. */
export interface NodeRow {
  readonly id: string
  readonly host: string
  /** The same for processes that can see each other by their `pid`; null where that cannot be told. */
  readonly machine: string | null
  readonly pid: number
  readonly startedAt: string
  /** Milliseconds without a beat after which it may be given up. */
  readonly ttl: number
  /** Counted up while it lives, so that nobody has to compare clocks. */
  readonly beat: number
  /** By the node's own clock; for people. */
  readonly beatAt: string
}

export interface LeaseRow extends Fence {
  /** Null: free. */
  readonly node: string | null
  readonly since: string
}

export interface TakenLease extends Fence {
  /** Since when the one before had it; null where nobody ever had. */
  readonly keptSince: string | null
}

/** Which node does what. A lease is held until its node is given up, and no longer than until another takes it. */
export interface LeaseShelf {
  join(node: Omit<NodeRow, 'beat' | 'beatAt'>): Promise<void>
  /** Shows that a node lives; false where it was given up meanwhile: it holds nothing any more. */
  beat(node: string, at: string): Promise<boolean>
  /** Frees all that a node holds and forgets it. */
  leave(node: string): Promise<void>
  /** Gives up a node that has not beaten since; false where it has, or is gone already. */
  bury(seen: Pick<NodeRow, 'id' | 'beat'>): Promise<boolean>
  /** Takes those leases that are free, or with `isForced` those that others have; none where the node itself was given up. */
  take(
    names: readonly string[],
    claim: { readonly node: string; readonly at: string; readonly isForced?: boolean },
  ): Promise<readonly TakenLease[]>
  /** Nothing where another has it by now. */
  release(fence: Fence): Promise<void>
  /** Refuses (`fenced`) where the lease is not held under this token. */
  require(fence: Fence): Promise<void>
  list(): Promise<{ readonly nodes: readonly NodeRow[]; readonly leases: readonly LeaseRow[] }>
}
