import type { AuditEntry, AuditQuery, Tokens, WhoAmI } from '../model/access.ts'
import type { List } from '../model/config.ts'
import type { Principal } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { Note } from './audit-limits.ts'
import { readAudit } from './audit-query.ts'
import { Trail } from './audit-trail.ts'
import { Witness } from './audit-witness.ts'
import { Authenticator } from './authenticate.ts'
import type { Log } from './options.ts'
import type { Origin } from './origin.ts'
import { type Session, Sessions } from './sessions.ts'
import type { Holder } from './token-entry.ts'
import { TokenTable } from './token-table.ts'
import { TokenUse } from './token-use.ts'
import { makeFirstToken, manageTokens, type TokenParts } from './tokens.ts'

export type { Origin } from './origin.ts'
export type { Session } from './sessions.ts'

/** Who may come in, and the book of who was refused. Tokens are in memory: a request costs no query. */
export interface Access extends AsyncDisposable {
  /** The principal of a bearer token's text. Refuses `unauthenticated`; never throws anything else, whatever the text. */
  authenticate(text: string, from: Origin): Principal
  /** False once a token is revoked or has expired: at once where this process did it, within 2 s where another did. */
  isLive(tokenId: string): boolean
  /**
   * Calls `listener` when a secret of a token is no longer accepted: it was revoked, it has expired, or what a rotation replaced is over. What
   * is open under the token is to be closed; who still has a secret that is accepted (`isLive`) comes back. Returns how to stop.
   */
  onEnd(listener: (tokenId: string) => void): () => void

  signIn(text: string, from: Origin): Promise<{ readonly session: Session; readonly cookie: string }>
  /** The session that a cookie names; refuses `unauthenticated`. */
  session(cookie: string, from: Origin): Promise<Session>
  /** Whether a session goes on; the question does not make it go on for longer. */
  isSessionLive(cookie: string): Promise<boolean>
  signOut(cookie: string, from: Origin): Promise<void>

  /** The tokens as `who` may manage them: `admin` for the whole store. */
  tokens(who: Principal, from: Origin): Tokens
  whoami(who: Principal): WhoAmI
  audit(who: Principal, query: AuditQuery): Promise<List<AuditEntry>>
  /** Notes something in the audit log: gathered, counted, written within a second; never refuses and never waits. */
  record(entry: Omit<AuditEntry, 'id' | 'at' | 'count'>): void
  /** Writes an entry before what it tells of: refuses (`unavailable`) where that cannot be done, and then it must not happen. */
  witness(entry: Omit<AuditEntry, 'id' | 'at' | 'count'>): Promise<void>
  /** How many entries of the audit log wait to be written. */
  waiting(): number
  /** The first token of a store that has none, to be shown once; undefined where there is one already. */
  firstToken(): Promise<string | undefined>
}

export interface AccessOptions {
  readonly now: () => Date
  readonly log: Log
  /** Seconds without a request after which a browser's session ends; 8 hours. */
  readonly sessionIdleSeconds?: number
  /** Seconds after which it ends in any case; 24 hours. */
  readonly sessionSeconds?: number
}

const SECOND = 1000

/** Opens the access to a store, which stays its opener's to close. */
export async function openAccess(store: Store, options: AccessOptions): Promise<Access> {
  const { now, log } = options
  const table = await TokenTable.open(store, { now, log })
  const trail = new Trail({ store, now, log })
  const witness = new Witness({ store, now, log })
  const use = new TokenUse({ store, trail, log })
  const authenticator = new Authenticator(table)
  const idle = (options.sessionIdleSeconds ?? 8 * 3600) * SECOND
  const life = (options.sessionSeconds ?? 24 * 3600) * SECOND
  const sessions = new Sessions({ store, table, use, trail, now, log, idle, life })
  const tokens: TokenParts = { store, table, use, trail, now, inTurn: inTurn() }
  const stop = keepUp({ table, trail, witness, use, sessions, now, log })

  const authenticate = (text: string, from: Origin): Holder => {
    const at = now().getTime()
    return use.note(authenticator.check(text, at), from.ip, at)
  }

  return {
    authenticate,
    isLive: (tokenId) => table.get(tokenId)?.state(now().getTime()) === 'active',
    onEnd: (listener) => table.onEnd(listener),

    signIn: async (text, from) => sessions.begin(authenticate(text, from), from),
    session: (cookie, from) => sessions.find(cookie, from),
    isSessionLive: (cookie) => sessions.isLive(cookie),
    signOut: (cookie, from) => sessions.end(cookie, from),

    tokens: (who, from) => manageTokens(tokens, who, from),
    whoami({ name, tokenId, grants }) {
      const expiresAt = tokenId === null ? null : (table.get(tokenId)?.row.expiresAt ?? null)
      return Object.freeze({ name, tokenId, expiresAt, grants })
    },
    async audit(who, query) {
      await trail.flush()
      return readAudit(store, who, query)
    },
    record: (entry: Note) => trail.record(entry),
    witness: (entry: Note) => witness.write(entry),
    waiting: () => trail.waiting,
    firstToken: () => tokens.inTurn(() => makeFirstToken(tokens)),
    [Symbol.asyncDispose]: stop,
  }
}

/** Runs one piece of work after another, in the order they were handed in. */
function inTurn(): TokenParts['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }
}

interface Kept {
  readonly table: TokenTable
  readonly trail: Trail
  readonly witness: Witness
  readonly use: TokenUse
  readonly sessions: Sessions
  readonly now: () => Date
  readonly log: Log
}

const WRITE_USE_EVERY = 30
const CLEAN_EVERY = 600

/** Does each second what has become due; returns how to stop, which writes what waits. */
function keepUp({ table, trail, witness, use, sessions, now, log }: Kept): () => Promise<void> {
  let ticks = 0
  let working = Promise.resolve()
  let isWorking = false
  const work = async (): Promise<void> => {
    isWorking = true
    await use.lookUp(now().toISOString())
    await trail.tick()
    if (ticks % WRITE_USE_EVERY === 0) await use.write()
    if (ticks % CLEAN_EVERY === 0)
      await sessions.clean().catch((error) => log.warn({ error }, 'old sessions cannot be deleted; it is tried again'))
    ticks++
    isWorking = false
  }
  /** What ends by the clock does not wait for a slow store. */
  const clock = setInterval(() => {
    table.sweep()
    if (!isWorking) working = work()
  }, SECOND).unref()

  let stopped: Promise<void> | undefined
  return () => {
    stopped ??= (async () => {
      clearInterval(clock)
      table.close()
      await working
      await use.lookUp(now().toISOString())
      await use.write()
      await witness.close()
      await trail.close()
    })()
    return stopped
  }
}
