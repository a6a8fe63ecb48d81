import ipaddr from 'ipaddr.js'
import type { Store } from '../store/store.ts'
import type { Note } from './audit-limits.ts'
import type { Trail } from './audit-trail.ts'
import type { Log } from './options.ts'
import { Outage } from './outage.ts'
import type { Holder, TokenEntry } from './token-entry.ts'

/** Addresses that are remembered as known, and that may wait to be looked up. */
const MOST_KNOWN = 10_000
const MOST_WAITING = 256
/** Looked up at a time, which is each second: nobody fills the log by going from address to address. */
const LOOKED_UP = 20

interface Use {
  at: number
  ip: string | null
}

interface Parts {
  readonly store: Store
  readonly trail: Trail
  readonly log: Log
}

/** When and from where tokens are used: gathered on the way of a request, written beside it. */
export class TokenUse {
  readonly #store: Store
  readonly #trail: Trail
  readonly #useOutage: Outage
  readonly #addressOutage: Outage
  readonly #uses = new Map<string, Use>()
  readonly #known = new Set<string>()
  readonly #waiting = new Map<string, Holder>()

  constructor({ store, trail, log }: Parts) {
    this.#store = store
    this.#trail = trail
    this.#useOutage = new Outage(log, 'the last use of tokens cannot be written; it is tried again')
    this.#addressOutage = new Outage(
      log,
      'the addresses that tokens are used from cannot be looked up; it is tried again',
    )
  }

  /** The holder of a token that was shown just now. */
  note(entry: TokenEntry, ip: string | null, at: number): Holder {
    const { id } = entry.row
    const use = this.#uses.get(id)
    if (use === undefined) this.#uses.set(id, { at, ip })
    else {
      use.at = at
      use.ip = ip
    }
    return entry.holder(ip, this.#isNoted)
  }

  /** The last use that is not written yet. */
  lastUse(id: string): { readonly lastUsedAt: string; readonly lastUsedIp: string | null } | undefined {
    const use = this.#uses.get(id)
    return use && { lastUsedAt: new Date(use.at).toISOString(), lastUsedIp: use.ip }
  }

  /** Writes the last uses. Those of a store that is away are kept: there are no more than tokens. */
  async write(): Promise<void> {
    if (this.#uses.size === 0) return
    const uses = [...this.#uses].map(([id, { at, ip }]) => ({ id, at: new Date(at).toISOString(), ip }))
    const taken = [...this.#uses]
    this.#uses.clear()
    try {
      await this.#store.tokens.touch(uses)
      this.#useOutage.worked()
    } catch (error) {
      for (const [id, use] of taken) if (!this.#uses.has(id)) this.#uses.set(id, use)
      this.#useOutage.failed(error)
    }
  }

  /** Looks up some of the addresses that are new here, and notes in the audit log those that a token was never seen at. */
  async lookUp(at: string): Promise<void> {
    try {
      for (const [key, who] of [...this.#waiting].slice(0, LOOKED_UP)) {
        const isNew = await this.#store.auditLog.isNewAddress(who.tokenId, networkOf(who.sourceIp!), at)
        this.#waiting.delete(key)
        if (isNew) this.#trail.record(newAddress(who))
        this.#addressOutage.worked()
      }
    } catch (error) {
      this.#addressOutage.failed(error)
    }
  }

  /** False where too many wait already: then it is asked again at the next request. */
  readonly #isNoted = (who: Holder): boolean => {
    if (who.sourceIp === null) return true
    const key = `${who.tokenId} ${networkOf(who.sourceIp)}`
    if (this.#known.has(key)) return true
    if (this.#waiting.size >= MOST_WAITING) return false
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.add(key)
    this.#waiting.set(key, who)
    return true
  }
}

/** What counts as one address: of IPv6 the network, because a host chooses the rest anew each day. */
function networkOf(ip: string): string {
  if (!ipaddr.isValid(ip)) return ip
  const address = ipaddr.process(ip)
  if (address.kind() === 'ipv4') return address.toString()
  const { parts } = address as ipaddr.IPv6
  return `${new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0])}/64`
}

const newAddress = ({ name, tokenId, sourceIp }: Holder): Note => ({
  event: 'new-address',
  who: name,
  tokenId,
  sourceIp,
  namespace: null,
  subject: null,
  detail: 'the token was never used from this address before',
  requestId: null,
})
