import { createHmac, randomBytes } from 'node:crypto'
import { type ErrorDetails, HoldfastError } from '../model/errors.ts'
import type { Principal } from '../model/principal.ts'
import type { SessionRow } from '../store/shelves.ts'
import type { Store } from '../store/store.ts'
import type { Trail } from './audit-trail.ts'
import { refuseEnded } from './authenticate.ts'
import type { Log } from './options.ts'
import type { Origin } from './origin.ts'
import type { Holder, TokenEntry } from './token-entry.ts'
import type { TokenTable } from './token-table.ts'
import { digestOf } from './token-text.ts'
import type { TokenUse } from './token-use.ts'

export interface Session {
  readonly who: Principal
  /** What a request that changes something must send in `Holdfast-CSRF`. */
  readonly csrf: string
  /** When it ends if nothing more is asked, and when it ends in any case. */
  readonly idleUntil: string
  readonly until: string
}

interface Parts {
  readonly store: Store
  readonly table: TokenTable
  readonly use: TokenUse
  readonly trail: Trail
  readonly now: () => Date
  readonly log: Log
  /** Milliseconds. */
  readonly idle: number
  readonly life: number
}

const COOKIE_BYTES = 32
const COOKIE = /^[A-Za-z0-9_-]{43}$/
const TOUCH_EVERY = 60_000
/** Sessions that were seen here, by which browsers are known while the store is away. */
const MOST_KNOWN = 1000

/** Browsers that signed in with a token. The cookie is a secret of its own, and all that is kept of it is a digest. */
export class Sessions {
  readonly #parts: Parts
  readonly #known = new Map<string, SessionRow>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Begins a session under a name nobody could have known before. */
  async begin(who: Holder, from: Origin): Promise<{ readonly session: Session; readonly cookie: string }> {
    const cookie = randomBytes(COOKIE_BYTES).toString('base64url')
    const at = this.#parts.now().toISOString()
    const row = { id: idOf(cookie), tokenId: who.tokenId, createdAt: at, lastSeenAt: at, sourceIp: from.ip }
    await this.#parts.store.sessions.insert(row)
    this.#note('signed-in', who, from)
    return { session: this.#shown(row, who, cookie), cookie }
  }

  /** The session of a cookie; refuses `unauthenticated` where there is none, or it or its token has ended. */
  async find(cookie: string, from: Origin): Promise<Session> {
    if (!isCookie(cookie)) throw refusal(cookie === '' ? 'missing' : 'malformed')
    const row = await this.#load(idOf(cookie))
    if (row === undefined) throw refusal('unknown')
    const at = this.#parts.now()
    const who = this.#parts.use.note(this.#requireLive(row, at.getTime()), from.ip, at.getTime())
    return this.#shown(await this.#touched(row, at), who, cookie)
  }

  /** Ends the session of a cookie, if there is one. */
  async end(cookie: string, from: Origin): Promise<void> {
    const row = isCookie(cookie) ? await this.#parts.store.sessions.find(idOf(cookie)) : undefined
    if (row === undefined) return
    await this.#parts.store.sessions.delete(row.id)
    this.#known.delete(row.id)
    const name = this.#parts.table.get(row.tokenId)?.row.name ?? null
    this.#note('signed-out', { name, tokenId: row.tokenId }, from)
  }

  /** Deletes what has ended. */
  async clean(): Promise<void> {
    const { store, now, idle, life } = this.#parts
    const at = now().getTime()
    await store.sessions.deleteOld(iso(at - life), iso(at - idle))
  }

  /** Whether a session goes on; the question does not make it go on for longer. */
  async isLive(cookie: string): Promise<boolean> {
    const row = isCookie(cookie) ? await this.#load(idOf(cookie)) : undefined
    try {
      return row !== undefined && this.#requireLive(row, this.#parts.now().getTime()) !== undefined
    } catch (error) {
      if (HoldfastError.is(error, 'unauthenticated')) return false
      throw error
    }
  }

  /** A row from the store; while that is away, as it was seen here last: that it was ended elsewhere is heard of later. */
  async #load(id: string): Promise<SessionRow | undefined> {
    try {
      const row = await this.#parts.store.sessions.find(id)
      if (row === undefined) this.#known.delete(id)
      else this.#keep(row)
      return row
    } catch (error) {
      const known = HoldfastError.is(error, 'unavailable') ? this.#known.get(id) : undefined
      if (known === undefined) throw error
      return known
    }
  }

  #keep(row: SessionRow): void {
    this.#known.delete(row.id)
    this.#known.set(row.id, row)
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!)
  }

  /** A session that began under a secret ends with it. */
  #requireLive(row: SessionRow, at: number): TokenEntry {
    const entry = this.#parts.table.get(row.tokenId)
    if (entry === undefined) throw refusal('unknown')
    refuseEnded(entry, at)
    if (entry.isOutlived(row.createdAt, at)) throw refusal('revoked')
    if (at >= this.#end(row) || at >= this.#idleEnd(row)) throw refusal('expired')
    return entry
  }

  async #touched(row: SessionRow, now: Date): Promise<SessionRow> {
    const { store, idle, log } = this.#parts
    if (now.getTime() - Date.parse(row.lastSeenAt) < Math.min(TOUCH_EVERY, idle / 2)) return row
    const lastSeenAt = now.toISOString()
    const touched = { ...row, lastSeenAt }
    this.#keep(touched)
    try {
      await store.sessions.touch(row.id, lastSeenAt)
    } catch (error) {
      log.warn({ error }, 'that a session goes on could not be written')
    }
    return touched
  }

  #shown(row: SessionRow, who: Principal, cookie: string): Session {
    const [end, idleEnd] = [this.#end(row), this.#idleEnd(row)]
    return Object.freeze({ who, csrf: csrfOf(cookie), idleUntil: iso(Math.min(idleEnd, end)), until: iso(end) })
  }

  #end = (row: SessionRow): number => Date.parse(row.createdAt) + this.#parts.life

  #idleEnd = (row: SessionRow): number => Date.parse(row.lastSeenAt) + this.#parts.idle

  #note(
    event: 'signed-in' | 'signed-out',
    { name, tokenId }: { readonly name: string | null; readonly tokenId: string },
    { ip, requestId }: Origin,
  ): void {
    const nothing = { namespace: null, subject: null, detail: null }
    this.#parts.trail.record({ event, who: name, tokenId, sourceIp: ip, ...nothing, requestId })
  }
}

const isCookie = (cookie: string): boolean => typeof cookie === 'string' && COOKIE.test(cookie)

const idOf = (cookie: string): string => digestOf(cookie).toString('hex')

/** Bound to the session, and of no use to find its cookie. */
const csrfOf = (cookie: string): string => createHmac('sha256', cookie).update('holdfast csrf').digest('base64url')

const iso = (at: number): string => new Date(at).toISOString()

const MESSAGES = {
  missing: 'no session: sign in with a token',
  malformed: 'not the cookie of a session: sign in again',
  unknown: 'no such session: it was ended; sign in again',
  expired: 'the session has ended: sign in again',
  revoked: 'the session began under a secret that was replaced: sign in with the new one',
} as const satisfies Record<ErrorDetails['unauthenticated']['reason'], string>

const refusal = (reason: keyof typeof MESSAGES) => new HoldfastError('unauthenticated', MESSAGES[reason], { reason })
