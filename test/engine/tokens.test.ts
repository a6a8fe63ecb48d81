import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ADMIN, checkGrants } from '../../src/engine/grants.ts'
import { isSameText, newTokenId, newTokenText, parseTokenText, withoutTokens } from '../../src/engine/token-text.ts'
import { FROM, LOCAL, openTest } from './access-helpers.ts'
import { refusal } from './helpers.ts'

const READ = [{ actions: ['config:read'], namespaces: ['*'] }] as const
const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

describe('the text of a token', () => {
  it('tells its id, and is what the pattern for scanners finds', () => {
    for (let i = 0; i < 200; i++) {
      const id = newTokenId()
      const text = newTokenText(id)
      expect(text).toMatch(/^hf_[0-9A-Za-z]{60}$/)
      expect(parseTokenText(text)).toBe(id)
      expect(`curl -H "Authorization: Bearer ${text}"`.match(/\bhf_[0-9A-Za-z]{60}\b/g)).toEqual([text])
    }
  })

  it('is refused with any one character changed, cut or added', () => {
    const text = newTokenText(newTokenId())
    for (let i = 0; i < text.length; i++) {
      for (const other of `${CHARACTERS}_-. \u0000é`) {
        if (other === text[i]) continue
        expect(parseTokenText(text.slice(0, i) + other + text.slice(i + 1))).toBeUndefined()
      }
      expect(parseTokenText(text.slice(0, i) + text.slice(i + 1))).toBeUndefined()
      expect(parseTokenText(`${text.slice(0, i)}A${text.slice(i)}`)).toBeUndefined()
    }
  })

  it('is refused with two neighbours exchanged', () => {
    const text = newTokenText(newTokenId())
    for (let i = 3; i + 1 < text.length; i++) {
      const exchanged = text.slice(0, i) + text[i + 1] + text[i] + text.slice(i + 2)
      if (exchanged !== text) expect(parseTokenText(exchanged)).toBeUndefined()
    }
  })

  it('never repeats', () => {
    const texts = Array.from({ length: 1000 }, () => newTokenText(newTokenId()))
    expect(new Set(texts).size).toBe(1000)
  })

  it('is taken out of a text that should not have it', () => {
    const text = newTokenText(newTokenId())
    const shown = withoutTokens(`header ${text} and again ${text}.`)
    expect(shown).not.toContain(text.slice(14))
    expect(shown).toContain(text.slice(0, 14))
  })

  it('is compared whole, whatever the lengths', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => isSameText(a, b) === (a === b) && isSameText(a, a)))
  })
})

describe('the management of tokens', () => {
  it('gives the text of a new token once and shows everything else about it', async () => {
    const { tokens, clock, access } = await openTest()
    const request = { name: 'ci@build', grants: READ, expiresAt: '2026-12-01T00:00:00+01:00' }
    const { token, text } = await tokens.create(request)
    expect(token).toEqual({
      id: parseTokenText(text),
      name: 'ci@build',
      grants: READ,
      createdAt: clock.now().toISOString(),
      createdBy: 'ana',
      expiresAt: '2026-11-30T23:00:00.000Z',
      revokedAt: null,
      lastUsedAt: null,
      lastUsedIp: null,
      overlapUntil: null,
      state: 'active',
    })
    expect(await tokens.list()).toEqual([token])

    clock.advance(60)
    access.authenticate(text, FROM)
    expect(await tokens.list()).toMatchObject([{ lastUsedAt: clock.now().toISOString(), lastUsedIp: FROM.ip }])
  })

  it('keeps a name for one token until that is revoked', async () => {
    const { tokens } = await openTest()
    const first = await tokens.create({ name: 'deploy', grants: READ })
    expect(await refusal(tokens.create({ name: 'deploy', grants: READ }))).toMatchObject({ code: 'exists' })
    expect(await refusal(tokens.create({ name: first.token.id, grants: READ }))).toMatchObject({ code: 'exists' })
    await tokens.revoke('deploy')
    const second = await tokens.create({ name: 'deploy', grants: READ })
    expect((await tokens.revoke('deploy')).id).toBe(second.token.id)
    expect((await tokens.list()).map(({ state }) => state)).toEqual(['revoked', 'revoked'])
  })

  it.each([
    ['', 'name'],
    ['-x', 'name'],
    ['a b', 'name'],
    ['a'.repeat(64), 'name'],
    ['ä', 'name'],
    ['a\n', 'name'],
  ])('refuses the name %j', async (name, what) => {
    const { tokens } = await openTest()
    expect(await refusal(tokens.create({ name, grants: READ }))).toMatchObject({ code: 'malformed', details: { what } })
  })

  it.each([
    ['no grant', []],
    ['nothing', undefined],
    ['a text', 'admin'],
    ['no action', [{ actions: [], namespaces: ['*'] }]],
    ['an unknown action', [{ actions: ['config:delete'], namespaces: ['*'] }]],
    ['no namespace', [{ actions: ['config:read'], namespaces: [] }]],
    ['a namespace that is none', [{ actions: ['config:read'], namespaces: ['A b'] }]],
    ['a star within a pattern', [{ actions: ['config:read'], namespaces: ['a*b'] }]],
    ['two stars', [{ actions: ['config:read'], namespaces: ['a**'] }]],
    ['no section', [{ actions: ['config:read'], namespaces: ['*'], sections: [] }]],
    ['an empty section', [{ actions: ['config:read'], namespaces: ['*'], sections: [''] }]],
    ['a star within a section', [{ actions: ['config:read'], namespaces: ['*'], sections: ['a*b'] }]],
    ['admin of sections', [{ actions: ['admin'], namespaces: ['*'], sections: ['db'] }]],
    ['admin of all sections', [{ actions: ['admin'], namespaces: ['*'], sections: ['*'] }]],
    ['a member that is misspelt', [{ actions: ['config:read'], namespaces: ['*'], section: ['db'] }]],
    ['null', [null]],
  ])('refuses grants with %s', async (_, grants) => {
    const { tokens } = await openTest()
    const error = await refusal(tokens.create({ name: 'x', grants: grants as never }))
    expect(error.code).toBe('malformed')
    expect(await tokens.list()).toEqual([])
  })

  it.each(['tomorrow', '2026-11-01T12:00:00Z', '2026-13-01', '2026-12-01T00:00:00', '+012026-01-01T00:00:00Z', 17])(
    'refuses %j as the end of a token',
    async (expiresAt) => {
      const { tokens } = await openTest()
      const error = await refusal(tokens.create({ name: 'x', grants: READ, expiresAt: expiresAt as string }))
      expect(error).toMatchObject({ code: 'malformed', details: { what: 'expiresAt' } })
    },
  )

  it('keeps grants without repetitions, and all sections as no limit', () => {
    const grants = checkGrants([
      { actions: ['config:write', 'config:read', 'config:read'], namespaces: ['a', 'a'], sections: ['db', '*'] },
    ])
    expect(grants).toEqual([{ actions: ['config:read', 'config:write'], namespaces: ['a'] }])
    expect(Object.isFrozen(grants) && Object.isFrozen(grants[0]!.actions)).toBe(true)
  })

  it('accepts the secret before a rotation until the overlap is over', async () => {
    const { access, tokens, clock, give } = await openTest()
    const old = await give({ name: 'svc' })
    const { token, text } = await tokens.rotate('svc', { overlapSeconds: 600 })
    expect(token).toMatchObject({ id: parseTokenText(old), overlapUntil: '2026-11-01T12:10:00.000Z' })

    clock.advance(599)
    expect(access.authenticate(old, FROM).tokenId).toBe(token.id)
    clock.advance(1)
    expect(() => access.authenticate(old, FROM)).toThrow(/replaced by a newer one/)
    expect(access.authenticate(text, FROM).tokenId).toBe(token.id)
    expect(await tokens.list()).toMatchObject([{ overlapUntil: null, state: 'active' }])
  })

  it('ends a secret at once where the overlap is 0, and the one before the last at the second rotation', async () => {
    const { access, tokens, give } = await openTest()
    const first = await give({ name: 'svc' })
    const second = (await tokens.rotate('svc')).text
    const third = (await tokens.rotate('svc')).text
    expect(() => access.authenticate(first, FROM)).toThrow(/no such token/)
    const fourth = (await tokens.rotate('svc', { overlapSeconds: 0 })).text
    for (const ended of [second, third]) expect(() => access.authenticate(ended, FROM)).toThrow()
    expect(access.authenticate(fourth, FROM).name).toBe('svc')
  })

  it.each([-1, 0.5, 30 * 24 * 3600 + 1, Number.NaN, '5'])('refuses an overlap of %j', async (overlapSeconds) => {
    const { tokens, give } = await openTest()
    await give({ name: 'svc' })
    const error = await refusal(tokens.rotate('svc', { overlapSeconds: overlapSeconds as number }))
    expect(error).toMatchObject({ code: 'malformed', details: { what: 'overlapSeconds' } })
  })

  it('does not give a new secret to a token that has ended', async () => {
    const { tokens, clock, give } = await openTest()
    await give({ name: 'gone' })
    await tokens.revoke('gone')
    await give({ name: 'late', expiresAt: '2026-11-01T13:00:00Z' })
    clock.advance(3600)
    expect(await refusal(tokens.rotate('gone'))).toMatchObject({ code: 'not-found' })
    expect((await refusal(tokens.rotate('late'))).message).toContain('expired')
  })

  it('revokes a token by its text, and lets no text of a token be a name', async () => {
    const { access, tokens, give } = await openTest()
    const text = await give({ name: 'leaked' })
    const error = await refusal(tokens.create({ name: text, grants: READ }))
    expect(error.code).toBe('malformed')
    expect(error.message).not.toContain(text.slice(14))
    expect(await tokens.revoke(text)).toMatchObject({ name: 'leaked', state: 'revoked' })
    expect(() => access.authenticate(text, FROM)).toThrow(/was revoked/)
  })

  it('revokes by id or name, and again without another effect', async () => {
    const { tokens, clock, give } = await openTest()
    const id = parseTokenText(await give({ name: 'svc' }))!
    const first = await tokens.revoke(id)
    clock.advance(5)
    expect(await tokens.revoke('svc')).toEqual(first)
    expect(first).toMatchObject({ id, state: 'revoked' })
  })

  it('says which tokens there are where one is not found, and nothing of their secrets', async () => {
    const { tokens, give } = await openTest()
    const text = await give({ name: 'svc' })
    const error = await refusal(tokens.revoke(`x${text}`))
    expect(error).toMatchObject({ code: 'not-found' })
    expect(error.message).toContain('it has svc')
    expect(error.message).not.toContain(text.slice(14))
    expect((await refusal(tokens.rotate('nobody'))).message).toContain('it has svc')
  })

  it('is for those who may administer the whole store', async () => {
    const { access, give } = await openTest()
    const some = await give({ grants: [{ actions: ['admin'], namespaces: ['a*', 'b'] }] })
    const reader = await give({ grants: [{ actions: ['config:read', 'audit:read'], namespaces: ['*'] }] })
    for (const text of [some, reader]) {
      const tokens = access.tokens(access.authenticate(text, FROM), FROM)
      const asked = [
        tokens.list(),
        tokens.create({ name: 'x', grants: ADMIN }),
        tokens.revoke('t-1'),
        tokens.rotate('t-1'),
      ]
      for (const one of asked) expect(await refusal(one)).toMatchObject({ code: 'forbidden' })
    }
  })

  it('lets nobody revoke the last token that administers the store, unless they hold its file', async () => {
    const { access, tokens, clock, give } = await openTest()
    const text = await give({ name: 'root' })
    await give({ name: 'short', expiresAt: '2026-11-01T12:30:00Z' })
    await give({ name: 'part', grants: [{ actions: ['admin'], namespaces: ['a*'] }] })
    clock.advance(3600)
    const remote = access.tokens(access.authenticate(text, FROM), FROM)
    expect(await refusal(remote.revoke('root'))).toMatchObject({ code: 'forbidden' })
    expect((await remote.revoke('part')).state).toBe('revoked')

    await remote.create({ name: 'root-2', grants: ADMIN })
    const both = await Promise.allSettled([remote.revoke('root'), remote.revoke('root-2')])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect((await tokens.revoke('root-2')).state).toBe('revoked')
  })

  it('makes one first token of a store, however many ask', async () => {
    const { access, directory, tokens } = await openTest()
    const other = await openTest({ directory })
    const made = await Promise.all([access, other.access, access].map((one) => one.firstToken()))
    const texts = made.filter((text) => text !== undefined)
    expect(texts).toHaveLength(1)
    expect(access.authenticate(texts[0]!, FROM)).toMatchObject({ name: 'admin', grants: ADMIN })

    await tokens.revoke('admin')
    expect(await access.firstToken()).toBeUndefined()
  })

  it('is in the audit log with who, from where and on which token, and no secret', async () => {
    const { access, tokens, audit, give } = await openTest()
    const admin = access.authenticate(await give({ name: 'root' }), FROM)
    const remote = access.tokens(admin, { ip: '198.51.100.4', requestId: 'r-9' })
    const { token, text } = await remote.create({ name: 'svc', grants: [{ ...READ[0], sections: ['db', 'log*'] }] })
    const rotated = await remote.rotate('svc')
    await tokens.revoke('svc')

    const entries = await audit()
    expect(entries.slice(0, 3)).toMatchObject([
      { event: 'token-revoked', who: 'ana', tokenId: null, sourceIp: FROM.ip },
      { event: 'token-rotated', who: 'root', tokenId: admin.tokenId, sourceIp: '198.51.100.4', requestId: 'r-9' },
      { event: 'token-created', detail: 'config:read in *, sections db log*; no end' },
    ])
    expect(entries.slice(0, 3).map(({ subject }) => subject)).toEqual(Array(3).fill(`svc (${token.id})`))
    for (const secret of [text, rotated.text]) expect(JSON.stringify(entries)).not.toContain(secret.slice(14))
    expect(LOCAL.tokenId).toBeNull()
  })
})
