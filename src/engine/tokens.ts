import type { AuditEvent, NewToken, Token, TokenRequest, Tokens } from '../model/access.ts'
import { HoldfastError } from '../model/errors.ts'
import { authoriseStore, type Principal } from '../model/principal.ts'
import type { TokenRow } from '../store/shelves.ts'
import type { Store } from '../store/store.ts'
import type { Trail } from './audit-trail.ts'
import { ADMIN, isAdmin } from './grants.ts'
import type { Origin } from './origin.ts'
import { TokenEntry } from './token-entry.ts'
import { describeToken, newToken, rotatedToken } from './token-rows.ts'
import type { TokenTable } from './token-table.ts'
import { parseTokenText, withoutTokens } from './token-text.ts'
import type { TokenUse } from './token-use.ts'

/** What the management of tokens is made of. */
export interface TokenParts {
  readonly store: Store
  readonly table: TokenTable
  readonly use: TokenUse
  readonly trail: Trail
  readonly now: () => Date
  /** Runs one change of tokens after another: what it decides by is still so when it is written. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>
}

/** On whose behalf, and from where. */
interface By {
  readonly who: Principal
  readonly from: Origin
}

const OVERLAP = 3600

/** The tokens of the store, as `who` may manage them. */
export function manageTokens(parts: TokenParts, who: Principal, from: Origin): Tokens {
  const by = { who, from }
  /** Each change is allowed anew, and decided on what the store has now. */
  const change = <T>(work: () => Promise<T>): Promise<T> =>
    parts.inTurn(async () => {
      authoriseStore(who, 'admin')
      await parts.table.load()
      return work()
    })
  return {
    create: (request) => change(() => create(parts, by, request)),
    async list() {
      authoriseStore(who, 'admin')
      const rows = await parts.store.tokens.all()
      return rows.map((row) => shown(parts, row))
    },
    rotate: (idOrName, { overlapSeconds = OVERLAP } = {}) =>
      change(() => rotate(parts, by, idOrName, { overlapSeconds })),
    revoke: (idOrName) => change(() => revoke(parts, by, idOrName)),
  }
}

async function create(parts: TokenParts, by: By, request: TokenRequest): Promise<NewToken> {
  const { row, text } = newToken(request, by.who.name, parts.now())
  refuseTakenId(parts.table, row.name)
  await parts.store.tokens.insert(row)
  parts.table.put(row)
  await note(parts, by, 'token-created', row, describeToken(row))
  return { token: shown(parts, row), text }
}

async function rotate(
  parts: TokenParts,
  by: By,
  idOrName: string,
  { overlapSeconds }: { readonly overlapSeconds: number },
): Promise<NewToken> {
  const { row, text } = rotatedToken(requireActive(parts, idOrName), overlapSeconds, parts.now())
  await parts.store.tokens.rotate(row.id, row)
  parts.table.put(row)
  await note(parts, by, 'token-rotated', row, `the secret before is accepted until ${row.previousUntil}`)
  return { token: shown(parts, row), text }
}

async function revoke(parts: TokenParts, by: By, idOrName: string): Promise<Token> {
  const old = requireToken(parts, idOrName).row
  if (old.revokedAt !== null) return shown(parts, old)
  refuseLastAdmin(parts, by.who, old)
  const row = { ...old, revokedAt: parts.now().toISOString() }
  await parts.store.tokens.revoke(row.id, row.revokedAt)
  parts.table.put(row)
  await note(parts, by, 'token-revoked', row, 'it is refused from now on')
  return shown(parts, row)
}

const NOBODY: By = {
  who: { name: 'holdfast', tokenId: null, grants: [], sourceIp: null },
  from: { ip: null, requestId: null },
}

/** The first token of a store that has none, which may do everything; undefined where there is one already. */
export async function makeFirstToken(parts: TokenParts): Promise<string | undefined> {
  if (parts.table.entries().length > 0) return undefined
  const { row, text } = newToken({ name: 'admin', grants: ADMIN }, NOBODY.who.name, parts.now())
  const isFirst = await parts.store.tokens.insertFirst(row)
  await parts.table.load()
  if (!isFirst) return undefined
  await note(parts, NOBODY, 'token-created', row, `the first token of this store: ${describeToken(row)}`)
  return text
}

/** Written before anybody is told that it is done, if the store takes it. */
function note({ trail }: TokenParts, { who, from }: By, event: AuditEvent, row: TokenRow, detail: string) {
  trail.record({
    event,
    who: who.name,
    tokenId: who.tokenId,
    sourceIp: from.ip,
    namespace: null,
    subject: `${row.name} (${row.id})`,
    detail,
    requestId: from.requestId,
  })
  return trail.flush()
}

/** By its id, its name (of those that had it, the one that has it now, else the latest), or its whole text, as somebody finds it. */
function requireToken({ table }: TokenParts, idOrName: string): TokenEntry {
  const named = table.entries().filter(({ row }) => row.name === idOrName)
  const found =
    table.get(parseTokenText(idOrName) ?? idOrName) ?? named.find(({ row }) => row.revokedAt === null) ?? named.at(-1)
  if (found !== undefined) return found
  const active = table.entries().filter(({ row }) => row.revokedAt === null)
  const names = active.slice(0, MOST_NAMED).map(({ row }) => row.name)
  const rest = active.length > names.length ? ` and ${active.length - names.length} more` : ''
  const there = names.length === 0 ? 'none is in force' : `it has ${names.join(', ')}${rest}`
  const asked = JSON.stringify(withoutTokens(String(idOrName)).slice(0, 80))
  throw new HoldfastError('not-found', `the store has no token ${asked}: ${there}`, { what: 'token' })
}

const MOST_NAMED = 20

function requireActive(parts: TokenParts, idOrName: string): TokenRow {
  const entry = requireToken(parts, idOrName)
  const state = entry.state(parts.now().getTime())
  if (state === 'active') return entry.row
  const text = `token ${entry.row.name} (${entry.row.id}) is ${state}: make another one instead`
  throw new HoldfastError('not-found', text, { what: 'token' })
}

/** A name that is another token's id would have that one revoked instead. */
function refuseTakenId(table: TokenTable, name: string): void {
  if (table.get(name) === undefined) return
  throw new HoldfastError('exists', `${name} is the id of a token; choose another name`, { what: `token ${name}` })
}

/** Nobody may lock out everybody from afar; who has the store's file can make another token there. */
function refuseLastAdmin({ table, now }: TokenParts, who: Principal, row: TokenRow): void {
  const at = now().getTime()
  const isActiveAdmin = (entry: TokenEntry) => isAdmin(entry.row.grants) && entry.state(at) === 'active'
  const others = table.entries().filter((entry) => entry.row.id !== row.id && isActiveAdmin(entry))
  if (who.tokenId === null || others.length > 0 || !isActiveAdmin(new TokenEntry(row))) return
  const text = `token ${row.name} is the last that may administer the store: make another first, or revoke it where the store's file is`
  throw new HoldfastError('forbidden', text, { action: 'admin', namespace: '*' })
}

function shown({ use, now }: TokenParts, row: TokenRow): Token {
  const at = now()
  const last = { lastUsedAt: row.lastUsedAt, lastUsedIp: row.lastUsedIp, ...use.lastUse(row.id) }
  const { id, name, grants, createdAt, createdBy, expiresAt, revokedAt, previousUntil } = row
  const isOverlapping = previousUntil !== null && Date.parse(previousUntil) > at.getTime()
  const state = new TokenEntry(row).state(at.getTime())
  const overlapUntil = isOverlapping && state === 'active' ? previousUntil : null
  return Object.freeze({ id, name, grants, createdAt, createdBy, expiresAt, revokedAt, ...last, overlapUntil, state })
}
