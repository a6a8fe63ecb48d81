import { timingSafeEqual } from 'node:crypto'
import type { Token } from '../model/access.ts'
import type { Grant, Principal } from '../model/principal.ts'
import type { TokenRow } from '../store/shelves.ts'

/** Addresses of one token for which a principal is kept. */
const MOST_HOLDERS = 100

/** Compared with where there is nothing to compare with, so that an unknown id takes as long as a wrong secret. No text has it. */
const NOBODY = Buffer.alloc(32)

/** Somebody who came with a token. */
export interface Holder extends Principal {
  readonly tokenId: string
}

/** One token in memory, ready to be compared. */
export class TokenEntry {
  readonly row: TokenRow
  /** All of the row but its last use: while this is the same, so is what was worked out from it. */
  readonly text: string
  readonly #digest: Buffer
  readonly #previous: Buffer
  readonly #expiresAt: number
  readonly #previousUntil: number
  readonly #holders = new Map<string | null, Holder>()

  constructor(row: TokenRow) {
    this.row = { ...row, grants: freeze(row.grants) }
    this.text = textOf(row)
    this.#digest = bytesOf(row.digest)
    this.#previous = bytesOf(row.previousDigest)
    this.#expiresAt = row.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(row.expiresAt)
    this.#previousUntil = row.previousUntil === null ? 0 : Date.parse(row.previousUntil)
  }

  /** What the secret with this digest is to the token. Only who has the current one is spared the second comparison. */
  fits(digest: Buffer, at: number): 'current' | 'previous' | 'replaced' | undefined {
    if (timingSafeEqual(digest, this.#digest)) return 'current'
    if (timingSafeEqual(digest, this.#previous)) return at < this.#previousUntil ? 'previous' : 'replaced'
    return undefined
  }

  state(at: number): Token['state'] {
    if (this.row.revokedAt !== null) return 'revoked'
    return at < this.#expiresAt ? 'active' : 'expired'
  }

  /** The digests that are accepted at a time. */
  accepted(at: number): readonly string[] {
    if (this.state(at) !== 'active') return []
    return at < this.#previousUntil ? [this.row.digest, this.row.previousDigest!] : [this.row.digest]
  }

  /** When the next of its secrets ends by the clock. */
  nextEnd(at: number): number {
    const ends = this.row.revokedAt === null ? [this.#expiresAt, this.#previousUntil] : []
    return Math.min(...ends.filter((end) => end > at))
  }

  /** True for something that began under a secret whose time was over at `at`. */
  isOutlived(since: string, at: number): boolean {
    return Date.parse(since) < this.#previousUntil && this.#previousUntil <= at
  }

  /** Its holder at an address: the same object each time, once `isNoted` has taken note of a new one. */
  holder(ip: string | null, isNoted: (who: Holder) => boolean): Holder {
    const known = this.#holders.get(ip)
    if (known !== undefined) return known
    const { name, id, grants } = this.row
    const made = Object.freeze({ name, tokenId: id, grants, sourceIp: ip })
    if (!isNoted(made)) return made
    if (this.#holders.size >= MOST_HOLDERS) this.#holders.clear()
    this.#holders.set(ip, made)
    return made
  }
}

/** Compares a digest with nobody's, as often as with somebody's. */
export function fitsNobody(digest: Buffer): undefined {
  timingSafeEqual(digest, NOBODY)
  timingSafeEqual(digest, NOBODY)
}

/** What makes a token what it is, as one text to compare. */
export const textOf = ({ lastUsedAt, lastUsedIp, ...row }: TokenRow): string => JSON.stringify(row)

function bytesOf(digest: string | null): Buffer {
  const bytes = Buffer.from(digest ?? '', 'hex')
  return bytes.length === NOBODY.length ? bytes : NOBODY
}

const freeze = (grants: readonly Grant[]): readonly Grant[] => {
  for (const grant of grants) for (const member of Object.values(grant)) Object.freeze(member)
  return Object.freeze(grants.map((grant) => Object.freeze(grant)))
}
