import type { TokenRequest } from '../model/access.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Grant } from '../model/principal.ts'
import type { TokenRow } from '../store/shelves.ts'
import { checkGrants, checkTokenName } from './grants.ts'
import { digestOf, newTokenId, newTokenText, withoutTokens } from './token-text.ts'

/** A row, and the text that only its holder keeps. */
export interface TokenWithText {
  readonly row: TokenRow
  readonly text: string
}

/** A token as it was asked for, checked, under a new id. */
export function newToken(request: TokenRequest, createdBy: string, now: Date): TokenWithText {
  const id = newTokenId()
  const text = newTokenText(id)
  const row = {
    id,
    name: checkTokenName(request.name),
    digest: digestOf(text).toString('hex'),
    previousDigest: null,
    previousUntil: null,
    grants: checkGrants(request.grants),
    createdAt: now.toISOString(),
    createdBy,
    expiresAt: request.expiresAt === undefined ? null : checkExpiry(request.expiresAt, now),
    revokedAt: null,
    lastUsedAt: null,
    lastUsedIp: null,
  }
  return { row, text }
}

/** The token with a new secret, the one before being accepted for some seconds more. */
export function rotatedToken(old: TokenRow, overlapSeconds: number, now: Date): TokenWithText {
  const text = newTokenText(old.id)
  const digest = digestOf(text).toString('hex')
  checkOverlap(overlapSeconds)
  const previousUntil = new Date(now.getTime() + overlapSeconds * 1000).toISOString()
  return { row: { ...old, digest, previousDigest: old.digest, previousUntil }, text }
}

/** With its offset, so that it means the same to everybody. */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/

function checkExpiry(text: string, now: Date): string {
  const time = new Date(typeof text === 'string' && TIME.test(text) ? text : Number.NaN)
  if (Number.isNaN(time.getTime()))
    throw malformed('expiresAt', `expiresAt is a time like 2026-11-01T12:00:00Z, not ${shown(text)}`)
  if (time <= now) throw malformed('expiresAt', `expiresAt is over already: ${time.toISOString()}`)
  return time.toISOString()
}

const MOST_OVERLAP = 30 * 24 * 3600

function checkOverlap(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MOST_OVERLAP) return
  const text = `overlapSeconds is a whole number from 0 to ${MOST_OVERLAP} (30 days), not ${shown(seconds)}`
  throw malformed('overlapSeconds', text)
}

const shown = (given: unknown): string => withoutTokens(String(JSON.stringify(given))).slice(0, 80)

const malformed = (what: string, text: string) => new HoldfastError('malformed', text, { what })

/** What a token may do and until when, in a sentence for the audit log. */
export const describeToken = ({ grants, expiresAt }: TokenRow): string =>
  `${grants.map(grantText).join('; ')}; ${expiresAt === null ? 'no end' : `until ${expiresAt}`}`

function grantText({ actions, namespaces, sections }: Grant): string {
  const within = sections === undefined ? '' : `, sections ${sections.join(' ')}`
  return `${actions.join(' ')} in ${namespaces.join(' ')}${within}`
}
