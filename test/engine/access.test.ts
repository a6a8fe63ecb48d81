import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../src/engine/authenticate.ts'
import { TokenTable } from '../../src/engine/token-table.ts'
import { newTokenId, newTokenText, parseTokenText } from '../../src/engine/token-text.ts'
import type { ErrorDetails, HoldfastError } from '../../src/model/errors.ts'
import { ACTIONS, type Action, type Grant, reachOf } from '../../src/model/principal.ts'
import { FROM, openTest } from './access-helpers.ts'
import { quiet, refusal, STORE, until } from './helpers.ts'

const ELSEWHERE = { ip: '198.51.100.4', requestId: null }

function reasonOf(work: () => unknown): ErrorDetails['unauthenticated']['reason'] {
  try {
    work()
  } catch (error) {
    expect((error as HoldfastError).code).toBe('unauthenticated')
    return (error as HoldfastError<'unauthenticated'>).details.reason
  }
  throw new Error('it was not refused')
}

describe('authentication', () => {
  it('gives the frozen holder of a token, the same object for the same address', async () => {
    const { access, give } = await openTest()
    const grants: Grant[] = [{ actions: ['config:read'], namespaces: ['a-*'], sections: ['db'] }]
    const text = await give({ name: 'svc', grants })
    const who = access.authenticate(text, FROM)
    expect(who).toEqual({ name: 'svc', tokenId: parseTokenText(text), grants, sourceIp: FROM.ip })
    expect([who, who.grants, who.grants[0], who.grants[0]!.sections].every((one) => Object.isFrozen(one))).toBe(true)
    expect(access.authenticate(text, FROM)).toBe(who)
    expect(access.authenticate(text, ELSEWHERE)).toMatchObject({ sourceIp: ELSEWHERE.ip })
    expect(access.whoami(who)).toEqual({ name: 'svc', tokenId: who.tokenId, expiresAt: null, grants })
  })

  it('refuses any other text as what it is', async () => {
    const { access, give } = await openTest()
    const text = await give()
    const id = parseTokenText(text)!
    const reasons: [string, string][] = [
      ['', 'missing'],
      [' ', 'malformed'],
      ['Bearer', 'malformed'],
      [text.slice(0, -1), 'malformed'],
      [`${text}\n`, 'malformed'],
      [` ${text}`, 'malformed'],
      [text.toUpperCase(), 'malformed'],
      [`${text}\u0000`, 'malformed'],
      ['\u0000'.repeat(63), 'malformed'],
      ['hf_'.repeat(21), 'malformed'],
      ['\ud800'.repeat(63), 'malformed'],
      ['é'.repeat(63), 'malformed'],
      ['x'.repeat(1024 * 1024), 'malformed'],
      ['__proto__', 'malformed'],
      [newTokenText(newTokenId()), 'unknown'],
      [newTokenText(id), 'unknown'],
    ]
    for (const [given, reason] of reasons) expect(reasonOf(() => access.authenticate(given, FROM))).toBe(reason)
    for (const given of [undefined, null, 17, {}, [text]] as never[])
      expect(reasonOf(() => access.authenticate(given, FROM))).toBe('malformed')
  })

  it('refuses every text it did not give, and with nothing else than unauthenticated', async () => {
    const { access, give } = await openTest()
    const text = await give()
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.stringMatching(/^hf_[0-9A-Za-z]{60}$/),
      fc.nat(text.length).map((at) => text.slice(0, at)),
    )
    fc.assert(
      fc.property(hostile, (given) => {
        if (given !== text) reasonOf(() => access.authenticate(given, FROM))
      }),
      { numRuns: 500 },
    )
  })

  it('tells that a token has ended only to who knows its secret', async () => {
    const { access, tokens, clock, give } = await openTest()
    const late = await give({ name: 'late', expiresAt: '2026-11-01T13:00:00Z' })
    const gone = await give({ name: 'gone' })
    access.authenticate(late, FROM)
    clock.advance(3599)
    expect(access.authenticate(late, FROM).name).toBe('late')
    clock.advance(1)
    await tokens.revoke('gone')
    expect(reasonOf(() => access.authenticate(late, FROM))).toBe('expired')
    expect(reasonOf(() => access.authenticate(gone, FROM))).toBe('revoked')
    for (const text of [late, gone])
      expect(reasonOf(() => access.authenticate(newTokenText(parseTokenText(text)!), FROM))).toBe('unknown')
  })

  it('remembers texts that were good, and only those, up to a bound', async () => {
    const { store, clock, tokens, give } = await openTest()
    const texts = [
      await give({ name: 'a' }),
      await give({ name: 'b' }),
      await give({ name: 'c' }),
      await give({ name: 'd' }),
    ]
    const table = await TokenTable.open(store, { now: clock.now, log: quiet })
    const authenticator = new Authenticator(table, 3)
    const check = (text: string) => authenticator.check(text, clock.now().getTime()).row.name
    for (const text of [newTokenText(newTokenId()), newTokenText(parseTokenText(texts[0]!)!), 'x', ''])
      expect(() => check(text)).toThrow()
    expect(authenticator.size).toBe(0)

    expect(texts.map(check)).toEqual(['a', 'b', 'c', 'd'])
    expect(authenticator.size).toBe(3)
    expect(texts.map(check)).toEqual(['a', 'b', 'c', 'd'])
    expect(authenticator.size).toBe(3)

    await tokens.revoke('d')
    await table.load()
    expect(authenticator.size).toBe(2)
    expect(() => check(texts[3]!)).toThrow(/revoked/)
    table.close()
  })
})

describe('the end of a token', () => {
  it('is told at once where it was revoked', async () => {
    const { access, tokens, give } = await openTest()
    const text = await give({ name: 'svc' })
    const { tokenId } = access.authenticate(text, FROM)
    const ended: string[] = []
    access.onEnd(() => {
      throw new Error('a listener that fails')
    })
    const stop = access.onEnd((id) => ended.push(id))
    expect(access.isLive(tokenId!)).toBe(true)
    await tokens.revoke('svc')
    expect(access.isLive(tokenId!)).toBe(false)
    expect(ended).toEqual([tokenId])

    stop()
    await give({ name: 'svc' })
    await tokens.revoke('svc')
    expect(ended).toEqual([tokenId])
    expect(access.isLive('nobody')).toBe(false)
  })

  it('is told when it expires, and when the overlap of a rotation is over', async () => {
    const { access, tokens, clock, give } = await openTest()
    const late = parseTokenText(await give({ name: 'late', expiresAt: '2026-11-01T13:00:00Z' }))!
    const turned = parseTokenText(await give({ name: 'turned' }))!
    const ended: string[] = []
    access.onEnd((id) => ended.push(id))
    await tokens.rotate('turned', { overlapSeconds: 7200 })
    expect(ended).toEqual([])

    clock.advance(3600)
    await until(() => ended.length > 0)
    expect(ended).toEqual([late])
    clock.advance(3600)
    await until(() => ended.length > 1)
    expect(ended).toEqual([late, turned])
    expect([access.isLive(late), access.isLive(turned)]).toEqual([false, true])

    await tokens.rotate('turned', { overlapSeconds: 0 })
    expect(ended).toEqual([late, turned, turned])
  })

  it('is seen where another process revoked it, and a new token is known there', async () => {
    const here = await openTest()
    const there = await openTest({ directory: here.directory })
    const text = await here.give({ name: 'svc' })
    await until(() => isKnown(there.access, text))
    const ended: string[] = []
    there.access.onEnd((id) => ended.push(id))
    await here.tokens.revoke('svc')
    await until(() => ended.length > 0)
    expect(ended).toEqual([parseTokenText(text)])
    expect(reasonOf(() => there.access.authenticate(text, FROM))).toBe('revoked')
  })

  it('is not undone by a read that began before it', async () => {
    const { access, tokens, give, store, clock } = await openTest()
    const table = await TokenTable.open(store, { now: clock.now, log: quiet })
    const text = await give({ name: 'svc' })
    await table.load()
    const { row } = table.get(parseTokenText(text)!)!
    const reading = table.load()
    await tokens.revoke('svc')
    table.put({ ...row, revokedAt: clock.now().toISOString() })
    await reading
    expect(table.get(row.id)!.state(clock.now().getTime())).toBe('revoked')
    expect(access.isLive(row.id)).toBe(false)
    table.close()
  })
})

function isKnown(access: { authenticate(text: string, from: typeof FROM): unknown }, text: string): boolean {
  try {
    return access.authenticate(text, FROM) !== undefined
  } catch {
    return false
  }
}

describe('what a token may do', () => {
  const namespaces = ['a', 'a-b', 'ab', 'b', 'default']
  const sections = ['db', 'dbx', 'log', '__proto__', 'ünï']
  const oneOf = <T>(values: readonly T[]) => fc.constantFrom(...values)
  const some = <T>(values: readonly T[]) => fc.uniqueArray(oneOf(values), { minLength: 1, maxLength: 3 })
  const whole = fc.record({ actions: some(ACTIONS), namespaces: some(['*', 'a', 'a*', 'a-*', 'b', 'zz']) })
  const limited = fc.record({
    actions: some(ACTIONS.filter((action) => action !== 'admin')),
    namespaces: some(['*', 'a', 'a*', 'a-*', 'b', 'zz']),
    sections: some(['db', 'db*', 'lo*', '__proto__', 'ü*']),
  })

  /** The same said another way: every grant, every word of it, as a regular expression. */
  const isAllowed = (grants: readonly Grant[], action: Action, namespace: string, section: string): boolean =>
    grants.some(
      (grant) =>
        grant.actions.some((one) => one === action || one === 'admin') &&
        grant.namespaces.some((pattern) => like(pattern).test(namespace)) &&
        (grant.sections ?? ['*']).some((pattern) => like(pattern).test(section)),
    )
  const like = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's')

  it('is what its grants say, for each action, namespace and section', { timeout: 30_000 }, async () => {
    const { access, give } = await openTest()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(whole, limited), { minLength: 1, maxLength: 4 }), async (grants) => {
        const who = access.authenticate(await give({ grants }), FROM)
        for (const action of ACTIONS) {
          for (const namespace of namespaces) {
            const reach = reachOf(who, action, namespace)
            const found = sections.filter((section) => reach?.has(section))
            expect(found).toEqual(sections.filter((section) => isAllowed(grants, action, namespace, section)))
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('the use of a token', () => {
  it('is written when the access is closed, with the address', async () => {
    const { access, clock, store, give } = await openTest()
    const text = await give()
    clock.advance(10)
    access.authenticate(text, FROM)
    clock.advance(10)
    access.authenticate(text, ELSEWHERE)
    await access[Symbol.asyncDispose]()
    await access[Symbol.asyncDispose]()
    expect(await store.tokens.all()).toMatchObject([
      { lastUsedAt: '2026-11-01T12:00:20.000Z', lastUsedIp: ELSEWHERE.ip },
    ])
  })

  it('points out each address a token is used from first, of IPv6 each network', async () => {
    const { access, audit, give } = await openTest()
    const text = await give({ name: 'svc' })
    const addresses = ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', 'unknown']
    for (const ip of [...addresses, ...addresses]) access.authenticate(text, { ip, requestId: null })
    access.authenticate(text, { ip: null, requestId: null })
    const noted = async () => (await audit()).filter(({ event }) => event === 'new-address')
    await until(async () => (await noted()).length >= 4)
    expect((await noted()).map(({ sourceIp }) => sourceIp).sort()).toEqual(
      ['192.0.2.7', '2001:db8::1', '2001:db8:0:1::1', 'unknown'].sort(),
    )
    expect((await noted()).every(({ who, tokenId }) => who === 'svc' && tokenId === parseTokenText(text))).toBe(true)
  })

  it('is noted later where the store is locked, and stops nobody', async () => {
    const { access, audit, directory, give, logged } = await openTest({ store: { lockTimeoutMs: 20 } })
    const text = await give()
    const other = new Database(join(directory, STORE))
    try {
      other.exec('BEGIN IMMEDIATE')
      access.authenticate(text, FROM)
      await until(() => logged.length > 0)
      other.exec('COMMIT')
      await until(async () => (await audit()).some(({ event }) => event === 'new-address'))
      other.exec('BEGIN IMMEDIATE')
      expect(access.authenticate(text, FROM).name).toBe('t-1')
      await access[Symbol.asyncDispose]()
    } finally {
      other.close()
    }
    expect(JSON.stringify(logged)).toContain('the addresses that tokens are used from cannot be looked up')
    expect(JSON.stringify(logged)).toContain('the last use of tokens cannot be written')
  })

  it('does not forget over a restart which addresses it knows', async () => {
    const { directory, access, give } = await openTest()
    const text = await give()
    access.authenticate(text, FROM)
    await access[Symbol.asyncDispose]()
    const again = await openTest({ directory })
    again.access.authenticate(text, FROM)
    again.access.authenticate(text, ELSEWHERE)
    await again.access[Symbol.asyncDispose]()
    const entries = await again.store.auditLog.list({ event: 'new-address' }, { limit: 10 })
    expect(entries.map(({ sourceIp }) => sourceIp)).toEqual([ELSEWHERE.ip, FROM.ip])
  })
})

describe('an access to a store that is closed', () => {
  it('is refused when it opens', async () => {
    const { store } = await openTest()
    await store.close()
    const { openAccess } = await import('../../src/engine/access.ts')
    expect((await refusal(openAccess(store, { now: () => new Date(), log: quiet }))).code).toBe('closed')
  })
})
