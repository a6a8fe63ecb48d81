import { type ErrorDetails, HoldfastError } from '../model/errors.ts'
import { fitsNobody, type TokenEntry } from './token-entry.ts'
import type { TokenTable } from './token-table.ts'
import { digestOf, parseTokenText } from './token-text.ts'

const MOST_KNOWN = 10_000

interface Known {
  readonly id: string
  readonly digest: Buffer
}

/** Tells whose token a text is. A text that was good before costs no hash; what never was good is not remembered. */
export class Authenticator {
  readonly #table: TokenTable
  readonly #known = new Map<string, Known>()
  readonly #most: number

  constructor(table: TokenTable, most = MOST_KNOWN) {
    this.#table = table
    this.#most = most
    table.onEnd((id) => this.#forget(id))
  }

  /** How many texts are remembered. */
  get size(): number {
    return this.#known.size
  }

  /** Refuses `unauthenticated` and nothing else, whatever the text. */
  check(text: string, at: number): TokenEntry {
    const known = this.#known.get(text)
    const id = known?.id ?? parseTokenText(text)
    if (id === undefined) throw refuse(text === '' ? 'missing' : 'malformed')

    const digest = known?.digest ?? digestOf(text)
    const entry = this.#table.get(id)
    const fit = entry === undefined ? fitsNobody(digest) : entry.fits(digest, at)
    if (entry === undefined || fit === undefined) throw refuse('unknown')
    refuseEnded(entry, at)
    if (fit === 'replaced')
      throw refusal('revoked', `this secret of token ${entry.row.name} was replaced by a newer one`)

    if (known === undefined) this.#remember(text, { id, digest })
    return entry
  }

  #remember(text: string, known: Known): void {
    const [oldest] = this.#known.keys()
    if (this.#known.size >= this.#most && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(text, known)
  }

  #forget(id: string): void {
    for (const [text, known] of this.#known) if (known.id === id) this.#known.delete(text)
  }
}

/** Refuses a token that has ended; only somebody who knows its secret is told. */
export function refuseEnded(entry: TokenEntry, at: number): void {
  const { name, revokedAt, expiresAt } = entry.row
  const state = entry.state(at)
  if (state === 'revoked') throw refusal('revoked', `token ${name} was revoked at ${revokedAt}: make another one`)
  if (state === 'expired') throw refusal('expired', `token ${name} expired at ${expiresAt}: make another one`)
}

type Reason = ErrorDetails['unauthenticated']['reason']

const MESSAGES = {
  missing: 'no token: send one as "Authorization: Bearer hf_…"',
  malformed: 'this is no token: one begins with hf_, has 63 characters, and ends in a checksum; was it copied whole?',
  unknown: 'this store has no such token: it belongs to another store, or its secret was replaced',
} as const satisfies Partial<Record<Reason, string>>

const refuse = (reason: keyof typeof MESSAGES) => refusal(reason, MESSAGES[reason])

const refusal = (reason: Reason, message: string) => new HoldfastError('unauthenticated', message, { reason })
