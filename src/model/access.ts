import type { Grant } from './principal.ts'

/** A token as it may be shown: never its secret. Times are UTC, ISO 8601 with milliseconds and `Z`. */
export interface Token {
  readonly id: string
  /** What history and audit call its holder. */
  readonly name: string
  readonly grants: readonly Grant[]
  readonly createdAt: string
  readonly createdBy: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly lastUsedAt: string | null
  readonly lastUsedIp: string | null
  /** Until when the secret before the last rotation is accepted too; null where there is none. */
  readonly overlapUntil: string | null
  readonly state: 'active' | 'expired' | 'revoked'
}

/** A token whose secret is shown this once: `text` is what goes into `Authorization: Bearer`. */
export interface NewToken {
  readonly token: Token
  readonly text: string
}

export interface TokenRequest {
  /** 1 to 63 letters, digits, `.`, `_`, `-`, `@`; unique among active tokens. */
  readonly name: string
  readonly grants: readonly Grant[]
  /** UTC, ISO 8601; absent: never. */
  readonly expiresAt?: string
}

export interface Tokens {
  create(request: TokenRequest): Promise<NewToken>
  list(): Promise<readonly Token[]>
  /** A new secret for the same token; the old one is accepted for `overlapSeconds` more (3,600 unless told otherwise). */
  rotate(idOrName: string, request?: { readonly overlapSeconds?: number }): Promise<NewToken>
  /** Ends a token at once: its requests are refused, its streams closed. */
  revoke(idOrName: string): Promise<Token>
}

/** Who the caller is taken for, and the list of what it may do. */
export interface WhoAmI {
  readonly name: string
  readonly tokenId: string | null
  readonly expiresAt: string | null
  readonly grants: readonly Grant[]
}

/** What happened to access, or through it. A change itself is in the history; here stands who was refused, and who read or did what else. */
export const AUDIT_EVENTS = [
  'refused',
  'secret-read',
  'token-created',
  'token-rotated',
  'token-revoked',
  'signed-in',
  'signed-out',
  'new-address',
  'refusal-burst',
  'webhook-changed',
  'key-changed',
  'namespace-created',
  'namespace-deleted',
  'purged',
  'backup',
  'schedule-run',
] as const
export type AuditEvent = (typeof AUDIT_EVENTS)[number]

export interface AuditEntry {
  readonly id: number
  readonly at: string
  readonly event: AuditEvent
  readonly who: string | null
  readonly tokenId: string | null
  readonly sourceIp: string | null
  readonly namespace: string | null
  /** The action asked for, or the path of what was read: never a value. */
  readonly subject: string | null
  /** One sentence without values. */
  readonly detail: string | null
  readonly requestId: string | null
  /** How many of the same within a minute stand in this one row. */
  readonly count: number
}

export interface AuditQuery {
  readonly event?: AuditEvent
  readonly who?: string
  readonly tokenId?: string
  readonly sourceIp?: string
  readonly namespace?: string
  /** Inclusive; ISO 8601. */
  readonly since?: string
  /** Exclusive; ISO 8601. */
  readonly until?: string
  readonly limit?: number
  readonly cursor?: string
}
