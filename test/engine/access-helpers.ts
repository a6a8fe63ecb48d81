import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Access, type AccessOptions, openAccess } from '../../src/engine/access.ts'
import { ADMIN } from '../../src/engine/grants.ts'
import type { AuditEntry, TokenRequest } from '../../src/model/access.ts'
import { localPrincipal } from '../../src/model/principal.ts'
import type { SqliteOptions } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { opened } from '../store/temporary.ts'
import { folder, quiet, STORE } from './helpers.ts'

export const FROM = { ip: '192.0.2.7', requestId: 'r-1' }

/** Whoever holds the store's file. */
export const LOCAL = localPrincipal('ana')

/** A clock that stands still until it is told to go on. */
export function stoppedClock(start = '2026-11-01T12:00:00.000Z') {
  let at = Date.parse(start)
  return {
    now: () => new Date(at),
    advance: (seconds: number): void => {
      at += seconds * 1000
    },
  }
}

export interface Opened {
  readonly directory: string
  readonly store: Store
  readonly access: Access
  readonly clock: ReturnType<typeof stoppedClock>
  readonly logged: readonly unknown[]
  readonly tokens: ReturnType<Access['tokens']>
  /** A new token's text. */
  give(request?: Partial<TokenRequest>): Promise<string>
  /** Everything in the audit log, newest first. */
  audit(): Promise<readonly AuditEntry[]>
}

/** An access to a real store, on a clock of its own; all of it is closed after the test. */
export async function openTest(
  options: Partial<AccessOptions> & { directory?: string; store?: SqliteOptions } = {},
): Promise<Opened> {
  const { directory = folder(), store: sqlite, ...rest } = options
  const clock = stoppedClock()
  const logged: unknown[] = []
  const keep = (details: object, message: string) => void logged.push({ details, message })
  const log = { ...quiet, info: keep, warn: keep }
  const store = await opened(join(directory, STORE), sqlite)
  const access = await openAccess(store, { now: clock.now, log, ...rest })
  onTestFinished(() => access[Symbol.asyncDispose]())
  const tokens = access.tokens(LOCAL, FROM)
  let made = 0
  return {
    directory,
    store,
    access,
    clock,
    logged,
    tokens,
    give: async (request = {}) => (await tokens.create({ name: `t-${++made}`, grants: ADMIN, ...request })).text,
    audit: async () => (await access.audit(LOCAL, { limit: 1000 })).items,
  }
}
