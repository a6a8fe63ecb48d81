import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newTokenId, newTokenText, parseTokenText } from '../../src/engine/token-text.ts'
import { FROM, openTest } from './access-helpers.ts'
import { query, refusal, until } from './helpers.ts'

const HOUR = 3600

describe('a session', () => {
  it('acts for its token at the address it is used from', async () => {
    const { access, give } = await openTest()
    const text = await give({ name: 'ana' })
    const { session, cookie } = await access.signIn(text, FROM)
    expect(cookie).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(session).toMatchObject({ idleUntil: '2026-11-01T20:00:00.000Z', until: '2026-11-02T12:00:00.000Z' })
    expect(session.who).toBe(access.authenticate(text, FROM))
    expect(await access.session(cookie, FROM)).toEqual(session)
    expect((await access.session(cookie, { ip: '198.51.100.4', requestId: null })).who.sourceIp).toBe('198.51.100.4')
  })

  it('is a new one at each sign-in, with its own word against forgery', async () => {
    const { access, give } = await openTest()
    const text = await give()
    const [one, two] = [await access.signIn(text, FROM), await access.signIn(text, FROM)]
    expect(two.cookie).not.toBe(one.cookie)
    expect(two.session.csrf).not.toBe(one.session.csrf)
    expect((await access.session(one.cookie, FROM)).csrf).toBe(one.session.csrf)
    expect(one.cookie).not.toContain(one.session.csrf)
  })

  it('is kept as a digest', async () => {
    const { access, directory, give } = await openTest()
    const { cookie } = await access.signIn(await give(), FROM)
    const digest = createHash('sha256').update(cookie).digest('hex')
    expect(query<{ id: string }>(directory, 'SELECT id FROM sessions')).toEqual([{ id: digest }])
    expect(await refusal(access.session(digest, FROM))).toMatchObject({ code: 'unauthenticated' })
  })

  it('begins for nobody without a token', async () => {
    const { access, directory } = await openTest()
    for (const text of ['', 'x', newTokenText(newTokenId())])
      expect(await refusal(access.signIn(text, FROM))).toMatchObject({ code: 'unauthenticated' })
    expect(query(directory, 'SELECT id FROM sessions')).toEqual([])
  })

  it('refuses any other cookie', async () => {
    const { access, give } = await openTest()
    const { cookie } = await access.signIn(await give(), FROM)
    const cookies: [string, string][] = [
      ['', 'missing'],
      [cookie.slice(1), 'malformed'],
      [`${cookie}=`, 'malformed'],
      [`${cookie}\n`, 'malformed'],
      ["' OR 1=1 --", 'malformed'],
      ['\u0000'.repeat(43), 'malformed'],
      ['x'.repeat(1024 * 1024), 'malformed'],
      ['A'.repeat(43), 'unknown'],
    ]
    for (const [given, reason] of cookies) {
      expect(await refusal(access.session(given, FROM))).toMatchObject({ code: 'unauthenticated', details: { reason } })
      await access.signOut(given, FROM)
    }
    expect((await refusal(access.session(undefined as never, FROM))).code).toBe('unauthenticated')
    expect((await access.session(cookie, FROM)).who.name).toBe('t-1')
  })

  it('ends when nothing was asked for its idle time, and goes on while it is used', async () => {
    const { access, clock, give } = await openTest()
    const { cookie } = await access.signIn(await give(), FROM)
    clock.advance(8 * HOUR - 1)
    expect((await access.session(cookie, FROM)).idleUntil).toBe('2026-11-02T03:59:59.000Z')
    clock.advance(8 * HOUR - 1)
    await access.session(cookie, FROM)
    clock.advance(8 * HOUR)
    expect(await refusal(access.session(cookie, FROM))).toMatchObject({ details: { reason: 'expired' } })
  })

  it('ends in any case a day after it began', async () => {
    const { access, clock, give } = await openTest()
    const { cookie } = await access.signIn(await give(), FROM)
    for (let hour = 0; hour < 23; hour++) {
      clock.advance(HOUR)
      await access.session(cookie, FROM)
    }
    clock.advance(HOUR - 1)
    const last = await access.session(cookie, FROM)
    expect(last.idleUntil).toBe(last.until)
    clock.advance(1)
    expect(await refusal(access.session(cookie, FROM))).toMatchObject({ details: { reason: 'expired' } })
  })

  it('is not prolonged by the question whether it goes on', async () => {
    const { access, clock, tokens, give } = await openTest()
    const { cookie } = await access.signIn(await give({ name: 'svc' }), FROM)
    clock.advance(8 * HOUR - 1)
    expect(await access.isSessionLive(cookie)).toBe(true)
    clock.advance(1)
    expect(await access.isSessionLive(cookie)).toBe(false)
    const other = await access.signIn((await tokens.rotate('svc')).text, FROM)
    expect(await access.isSessionLive(other.cookie)).toBe(true)
    await tokens.revoke('svc')
    expect(await access.isSessionLive(other.cookie)).toBe(false)
    for (const given of ['', 'x', 'A'.repeat(43)]) expect(await access.isSessionLive(given)).toBe(false)
  })

  it('has the ends it was given, and is written down as used no more often than it must be', async () => {
    const { access, clock, directory, give } = await openTest({ sessionIdleSeconds: 600, sessionSeconds: 1200 })
    const { session, cookie } = await access.signIn(await give(), FROM)
    expect(session).toMatchObject({ idleUntil: '2026-11-01T12:10:00.000Z', until: '2026-11-01T12:20:00.000Z' })
    const seen = () => query<{ at: string }>(directory, 'SELECT last_seen_at AS at FROM sessions')[0]!.at
    clock.advance(59)
    await access.session(cookie, FROM)
    expect(seen()).toBe('2026-11-01T12:00:00.000Z')
    clock.advance(1)
    await access.session(cookie, FROM)
    expect(seen()).toBe('2026-11-01T12:01:00.000Z')
  })

  it('ends with its token', async () => {
    const { access, clock, tokens, give } = await openTest()
    const gone = await access.signIn(await give({ name: 'gone' }), FROM)
    const late = await access.signIn(await give({ name: 'late', expiresAt: '2026-11-01T13:00:00Z' }), FROM)
    await tokens.revoke('gone')
    clock.advance(HOUR)
    expect(await refusal(access.session(gone.cookie, FROM))).toMatchObject({ details: { reason: 'revoked' } })
    expect(await refusal(access.session(late.cookie, FROM))).toMatchObject({ details: { reason: 'expired' } })
  })

  it('ends when the secret it began under does, and one begun under the new secret goes on', async () => {
    const { access, clock, tokens, give } = await openTest()
    const old = await access.signIn(await give({ name: 'svc' }), FROM)
    const { text } = await tokens.rotate('svc', { overlapSeconds: 600 })
    clock.advance(599)
    expect((await access.session(old.cookie, FROM)).who.name).toBe('svc')
    clock.advance(1)
    expect(await refusal(access.session(old.cookie, FROM))).toMatchObject({ details: { reason: 'revoked' } })
    const { cookie } = await access.signIn(text, FROM)
    clock.advance(60)
    expect((await access.session(cookie, FROM)).who.name).toBe('svc')
  })

  it('ends at sign-out, for another process too', async () => {
    const here = await openTest()
    const there = await openTest({ directory: here.directory })
    const text = await here.give({ name: 'svc' })
    const { cookie } = await here.access.signIn(text, FROM)
    await until(() =>
      there.access.session(cookie, FROM).then(
        () => true,
        () => false,
      ),
    )
    await here.access.signOut(cookie, FROM)
    await here.access.signOut(cookie, FROM)
    for (const { access } of [here, there])
      expect(await refusal(access.session(cookie, FROM))).toMatchObject({ details: { reason: 'unknown' } })
    const events = (await here.audit()).filter(({ event }) => event.startsWith('signed'))
    expect(events).toMatchObject([
      { event: 'signed-out', who: 'svc', sourceIp: FROM.ip, requestId: 'r-1' },
      { event: 'signed-in', who: 'svc', tokenId: parseTokenText(text) },
    ])
  })

  it('is deleted some time after it ended', async () => {
    const { access, directory, give } = await openTest()
    await access.signIn(await give(), FROM)
    await access[Symbol.asyncDispose]()
    const later = await openTest({ directory })
    later.clock.advance(25 * HOUR)
    await until(() => query(directory, 'SELECT id FROM sessions').length === 0)
  })
})
