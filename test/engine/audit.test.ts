import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Note } from '../../src/engine/audit-limits.ts'
import { Witness } from '../../src/engine/audit-witness.ts'
import type { AuditEntry, AuditQuery } from '../../src/model/access.ts'
import { auditCsv, auditJsonLines } from '../../src/model/audit-text.ts'
import type { Grant } from '../../src/model/principal.ts'
import { FROM, LOCAL, type Opened, openTest } from './access-helpers.ts'
import { quiet, refusal, STORE, until } from './helpers.ts'

const NOTHING: Note = {
  event: 'refused',
  who: null,
  tokenId: null,
  sourceIp: '198.51.100.4',
  namespace: null,
  subject: 'GET /api/v1/stats',
  detail: 'no token',
  requestId: null,
}

const refused = (change: Partial<Note> = {}): Note => ({ ...NOTHING, ...change })
const times = (n: number, work: (i: number) => void): void => Array.from({ length: n }, (_, i) => i).forEach(work)
const total = (entries: readonly AuditEntry[]): number => entries.reduce((sum, { count }) => sum + count, 0)
const only = (entries: readonly AuditEntry[], event: AuditEntry['event']) =>
  entries.filter((one) => one.event === event)

/** Reads without writing first what waits. */
const stored = ({ store }: Opened) => store.auditLog.list({}, { limit: 1000 })

describe('the audit trail', () => {
  it('writes by itself what it was told, with the time it was told', async () => {
    const test = await openTest()
    test.access.record(refused({ who: 'svc', tokenId: 'T1', namespace: 'a', requestId: 'r-2' }))
    test.clock.advance(30)
    await until(async () => (await stored(test)).length > 0)
    expect(await stored(test)).toEqual([
      {
        ...refused({ who: 'svc', tokenId: 'T1', namespace: 'a', requestId: 'r-2' }),
        id: 1,
        at: '2026-11-01T12:00:00.000Z',
        count: 1,
      },
    ])
  })

  it('counts equal refusals: the first ones at once, the rest when their minute is over', async () => {
    const test = await openTest()
    times(5, (i) => test.access.record(refused({ requestId: `r-${i}` })))
    expect(await test.audit()).toMatchObject([{ count: 5, requestId: 'r-0' }])
    times(7, () => test.access.record(refused()))
    test.access.record(refused({ sourceIp: '198.51.100.5' }))
    expect((await test.audit()).map(({ count }) => count)).toEqual([1, 5])

    test.clock.advance(60)
    await until(async () => (await test.audit()).length === 3)
    expect((await test.audit()).map(({ count }) => count)).toEqual([7, 1, 5])
    test.access.record(refused())
    expect((await test.audit()).map(({ count }) => count)).toEqual([1, 7, 1, 5])
  })

  it('never counts other events together', async () => {
    const test = await openTest()
    times(3, () => test.access.record(refused({ event: 'backup' })))
    expect((await test.audit()).map(({ count }) => count)).toEqual([1, 1, 1])
  })

  it('points out a burst of refusals once a minute for each token or address', async () => {
    const test = await openTest()
    times(19, () => test.access.record(refused()))
    test.clock.advance(60)
    times(19, () => test.access.record(refused()))
    expect(only(await test.audit(), 'refusal-burst')).toEqual([])

    times(100, (i) => test.access.record(refused({ subject: `path-${i}` })))
    times(30, () => test.access.record(refused({ who: 'svc', tokenId: 'T1' })))
    expect(only(await test.audit(), 'refusal-burst')).toMatchObject([
      { who: 'svc', tokenId: 'T1', subject: null },
      { who: null, sourceIp: NOTHING.sourceIp },
    ])
    test.clock.advance(60)
    times(20, () => test.access.record(refused()))
    expect(only(await test.audit(), 'refusal-burst')).toHaveLength(3)
  })

  it('keeps a flood of strangers small, counts all of it, and still lists who has a token', async () => {
    const test = await openTest()
    times(50_000, (i) =>
      test.access.record(refused({ sourceIp: `2001:db8::${(i % 7000).toString(16)}`, subject: `x${i}` })),
    )
    times(50, (i) => test.access.record(refused({ who: 'svc', tokenId: 'T1', subject: `y${i}` })))
    await test.access[Symbol.asyncDispose]()
    const entries = await stored(test)
    expect(entries.length).toBeLessThan(250)
    expect(total(only(entries, 'refused'))).toBe(50_050)
    const ofToken = only(entries, 'refused').filter(({ tokenId }) => tokenId === 'T1')
    expect(total(ofToken)).toBe(50)
    expect(ofToken.filter(({ subject }) => subject !== null)).toHaveLength(20)
  })

  it('keeps what strangers say short, on one line, and free of tokens', async () => {
    const test = await openTest()
    const text = await test.give()
    const hostile = `a\u0000b\r\nc\u2028d ${text} \ud800${'x'.repeat(1_000_000)}`
    const all = {
      who: hostile,
      tokenId: hostile,
      sourceIp: hostile,
      namespace: hostile,
      subject: hostile,
      detail: hostile,
    }
    test.access.record(refused({ ...all, requestId: hostile }))
    test.access.record({ event: 'refused' } as Note)
    const [bare, entry] = await test.audit()
    for (const [name, value] of Object.entries(entry!)) {
      if (typeof value !== 'string' || name === 'at' || name === 'event') continue
      expect(value.length).toBeLessThanOrEqual(500)
      expect(value).toMatch(/^a b {2}c d hf_/)
      expect(value).not.toContain(text.slice(14))
      expect(value.isWellFormed()).toBe(true)
    }
    expect(bare).toMatchObject({ event: 'refused', who: null, detail: null, count: 1 })
  })

  it('loses nothing while the store is locked, says so once, and never refuses', { timeout: 30_000 }, async () => {
    const test = await openTest({ store: { lockTimeoutMs: 50 } })
    const other = new Database(join(test.directory, STORE))
    try {
      other.exec('BEGIN IMMEDIATE')
      times(30, () => test.access.record(refused()))
      await test.audit()
      times(5, (i) => test.access.record(refused({ event: 'purged', subject: `${i}` })))
      await test.audit()
      other.exec('COMMIT')
    } finally {
      other.close()
    }
    await until(async () => (await test.audit()).length === 7)
    expect(total(only(await test.audit(), 'refused'))).toBe(30)
    expect(test.logged).toMatchObject([{ message: expect.stringContaining('the audit log cannot be written') }])
  })

  it('says when it is closed how much a store that is gone did not take', async () => {
    const test = await openTest()
    await test.store.close()
    times(20_000, (i) => test.access.record(refused({ event: 'purged', subject: `${i}` })))
    await test.access[Symbol.asyncDispose]()
    expect(test.logged).toMatchObject([
      { message: expect.stringContaining('cannot be written') },
      { details: { entries: 20_000 }, message: expect.stringContaining('are lost') },
    ])
  })
})

describe('a witness', () => {
  const read = (change: Partial<Note> = {}): Note =>
    refused({ event: 'secret-read', who: 'svc', tokenId: 'T1', subject: 'db.password', ...change })

  it('has written what it was told when it says so', async () => {
    const test = await openTest()
    await test.access.witness(read({ requestId: 'r-1' }))
    expect(await stored(test)).toMatchObject([
      { ...read({ requestId: 'r-1' }), at: '2026-11-01T12:00:00.000Z', count: 1 },
    ])
    await test.access.witness(read({ requestId: 'r-2' }))
    expect(await stored(test)).toMatchObject([
      { requestId: 'r-2', count: 1 },
      { requestId: 'r-1', count: 1 },
    ])
  })

  it('writes equal ones that come together as one row, and others as their own', async () => {
    const test = await openTest()
    const told = (change: Partial<Note>) => test.access.witness(read(change))
    await Promise.all([
      ...Array.from({ length: 50 }, () => told({})),
      ...Array.from({ length: 600 }, (_, i) => told({ subject: `db.password-${i}` })),
      told({ who: 'other', tokenId: 'T2' }),
    ])
    const entries = await test.audit()
    expect(entries).toHaveLength(602)
    expect(total(entries)).toBe(651)
  })

  it('lets who asks for the same again and again wait, so that the log stays small', async () => {
    const test = await openTest()
    for (let i = 0; i < 20; i++) await test.access.witness(read())
    for (let second = 0; second < 2; second++)
      await Promise.all(Array.from({ length: 100 }, () => test.access.witness(read())))
    const entries = await stored(test)
    expect(entries.map(({ count }) => count)).toEqual([100, 100, ...Array(20).fill(1)])
    test.clock.advance(60)
    await test.access.witness(read())
    expect(total(await stored(test))).toBe(221)
  })

  it('refuses where the store takes nothing, says so once, and not any more when it does', async () => {
    const test = await openTest({ store: { lockTimeoutMs: 50 } })
    const other = new Database(join(test.directory, STORE))
    try {
      other.exec('BEGIN IMMEDIATE')
      for (let i = 0; i < 3; i++)
        expect(await refusal(test.access.witness(read()))).toMatchObject({
          code: 'unavailable',
          details: { retry: true },
        })
      other.exec('COMMIT')
    } finally {
      other.close()
    }
    await test.access.witness(read())
    expect(total(await stored(test))).toBe(1)
    expect(test.logged).toMatchObject([{ message: expect.stringContaining('no secrets are shown') }])
  })

  it('refuses where the store does not answer', async () => {
    const auditLog = { ...(await openTest()).store.auditLog, append: () => new Promise<void>(() => undefined) }
    const witness = new Witness({ store: { auditLog }, now: () => new Date(), log: quiet })
    expect(await refusal(witness.write(read()))).toMatchObject({ code: 'unavailable' })
  })

  it('has written all that gathers when it is closed', async () => {
    const test = await openTest()
    const all = Array.from({ length: 30 }, async (_, i) => {
      for (let n = 0; n <= i; n++) await null
      await test.access.witness(read())
    })
    await Promise.all(all.slice(0, 20))
    await test.access[Symbol.asyncDispose]()
    await Promise.all(all)
    expect(total(await stored(test))).toBe(30)
  })
})

describe('the audit log', () => {
  async function filled(): Promise<Opened> {
    const test = await openTest()
    for (const [i, namespace] of ['a', 'a-b', 'b', null, 'a'].entries())
      test.access.record(refused({ event: 'purged', namespace, subject: `${i}`, who: i % 2 ? 'x' : 'y' }))
    await test.audit()
    return test
  }

  const reader = (...grants: readonly Grant[]) => ({ ...LOCAL, name: 'reader', grants })
  const may = (namespaces: readonly string[], sections?: readonly string[]): Grant => ({
    actions: ['audit:read'],
    namespaces,
    ...(sections && { sections }),
  })

  it.each([
    [['*'], ['4', '3', '2', '1', '0']],
    [['a'], ['4', '0']],
    [['a*'], ['4', '1', '0']],
    [['b', 'zz'], ['2']],
    [['zz'], []],
  ])('tells who may read it in %j of those namespaces alone', async (namespaces, subjects) => {
    const { access } = await filled()
    const { items } = await access.audit(reader(may(namespaces)), {})
    expect(items.map(({ subject }) => subject)).toEqual(subjects)
  })

  it('counts what an administrator of a namespace may do, and what is granted elsewhere not', async () => {
    const { access } = await filled()
    const grants: Grant[] = [
      { actions: ['admin'], namespaces: ['b'] },
      { actions: ['config:read'], namespaces: ['*'] },
    ]
    const { items } = await access.audit(reader(...grants), {})
    expect(items.map(({ subject }) => subject)).toEqual(['2'])
  })

  it('is closed to who may not read it, or only in some sections', async () => {
    const { access } = await filled()
    for (const who of [reader(), reader({ actions: ['config:read'], namespaces: ['*'] }), reader(may(['*'], ['db']))])
      expect(await refusal(access.audit(who, {}))).toMatchObject({ code: 'forbidden' })
    const asked = access.audit(reader(may(['a*'])), { namespace: 'b' })
    expect(await refusal(asked)).toMatchObject({ code: 'forbidden', details: { namespace: 'b' } })
    const limited = access.audit(reader(may(['*'], ['db']), may(['a'])), { namespace: 'b' })
    expect(await refusal(limited)).toMatchObject({ code: 'forbidden' })
  })

  it('is told by what is asked for', async () => {
    const { access, clock } = await filled()
    clock.advance(10)
    access.record(refused({ tokenId: 'T1', who: 'z', requestId: 'r-7' }))
    const found = async (query: AuditQuery) => (await access.audit(LOCAL, query)).items.map(({ id }) => id)
    expect(await found({ who: 'x' })).toEqual([4, 2])
    expect(await found({ namespace: 'a', who: 'y' })).toEqual([5, 1])
    expect(await found({ event: 'refused' })).toEqual([6])
    expect(await found({ tokenId: 'T1' })).toEqual([6])
    expect(await found({ sourceIp: '198.51.100.4', event: 'purged', namespace: 'b' })).toEqual([3])
    expect(await found({ since: '2026-11-01T12:00:10Z' })).toEqual([6])
    expect(await found({ until: '2026-11-01T13:00:10+01:00' })).toEqual([5, 4, 3, 2, 1])
  })

  it('comes in pages that stay right while entries are added', async () => {
    const { access } = await filled()
    const first = await access.audit(LOCAL, { limit: 2 })
    access.record(refused())
    await access.audit(LOCAL, {})
    const second = await access.audit(LOCAL, { limit: 2, cursor: first.nextCursor! })
    const third = await access.audit(LOCAL, { limit: 2, cursor: second.nextCursor! })
    expect([first, second, third].map(({ items }) => items.map(({ id }) => id))).toEqual([[5, 4], [3, 2], [1]])
    expect(third.nextCursor).toBeNull()
  })

  it.each([
    [{ event: 'hacked' }, 'event'],
    [{ since: 'yesterday' }, 'since'],
    [{ until: '12:00' }, 'until'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1001 }, 'limit'],
    [{ cursor: '-1' }, 'cursor'],
  ])('refuses %j', async (query, what) => {
    const { access } = await openTest()
    const error = await refusal(access.audit(LOCAL, query as AuditQuery))
    expect(error).toMatchObject({ code: 'malformed', details: { what } })
  })
})

describe('the audit log as text', () => {
  const text = fc.option(
    fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...`=+-@\t\r\n;,"' a＝`) })),
  )
  const entry = fc.record({
    id: fc.nat(),
    at: fc.constant('2026-11-01T12:00:00.000Z'),
    event: fc.constant('refused' as const),
    who: text,
    tokenId: text,
    sourceIp: text,
    namespace: text,
    subject: text,
    detail: text,
    requestId: text,
    count: fc.nat(),
  })

  it('is CSV that reads back to the same but for what keeps formulas away', () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const [names, ...rows] = parseCsv(auditCsv(entries))
        expect(rows.length).toBe(entries.length)
        for (const [i, row] of rows.entries()) {
          const found = Object.fromEntries(names!.map((name, at) => [name, row[at]]))
          for (const [name, value] of Object.entries(entries[i]!)) {
            const without = (given: string) => given.replaceAll("'", '')
            expect(without(found[name]!)).toBe(without(String(value ?? '')))
          }
        }
      }),
    )
  })

  it('has no cell that a spreadsheet would run, whichever separator that believes in', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1 }), (entries) => {
        const csv = auditCsv(entries)
        for (const cell of parseCsv(csv).flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/)
        for (const separator of [/[;\r\n]/, /[\t\r\n]/])
          for (const cell of csv.split(separator)) expect(cell.replace(/^[ "]+/, '')).not.toMatch(/^[=+\-@＝＋－＠]/)
      }),
    )
  })

  it.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t'=1"`],
    [' =1', `"' =1"`],
    ['a;=cmd()', `"a;'=cmd()"`],
    ['say "hi", you', `"say ""hi"", you"`],
    ['plain', 'plain'],
    ['', ''],
  ])('writes %j as %s', (subject, cell) => {
    const base = { id: 1, at: '2026-11-01T12:00:00.000Z', count: 2, ...NOTHING, sourceIp: null, detail: null }
    const csv = auditCsv([{ ...base, subject }])
    expect(csv).toBe(
      `id,at,event,who,tokenId,sourceIp,namespace,subject,detail,requestId,count\r\n1,2026-11-01T12:00:00.000Z,refused,,,,,${cell},,,2\r\n`,
    )
  })

  it('is JSON Lines that read back to the same', () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const lines = auditJsonLines(entries).split('\n').slice(0, -1)
        expect(lines.map((line) => JSON.parse(line))).toEqual(entries)
      }),
    )
  })
})

/** RFC 4180, and nothing more. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy
  let row: string[] = []
  for (let at = 0; at < text.length; at = cell.lastIndex) {
    cell.lastIndex = at
    const [, raw, end] = cell.exec(text) ?? []
    if (raw === undefined) throw new Error(`no CSV at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`)
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw)
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

describe('secrets of access', () => {
  it('are in no byte of the database, no audit entry, no log line and no refusal', async () => {
    const test = await openTest()
    const { access, tokens, store, directory } = test
    const text = await test.give({ name: 'svc' })
    const { session, cookie } = await access.signIn(text, FROM)
    const rotated = (await tokens.rotate('svc')).text
    const other = (await tokens.create({ name: 'other', grants: [{ actions: ['admin'], namespaces: ['*'] }] })).text
    access.authenticate(rotated, FROM)
    access.record(refused({ detail: `refused ${other}` }))
    const errors = [await refusal(tokens.revoke(`${text}x`)), await refusal(access.session(`${cookie}x`, FROM))]
    await tokens.revoke('svc')
    errors.push(await refusal(access.signIn(text, FROM)), await refusal(access.session(cookie, FROM)))
    const shown = [
      await test.audit(),
      await tokens.list(),
      test.logged,
      errors.map((error) => [error.message, error.details]),
    ]

    const copy = join(directory, 'copy.db')
    await store.backup(copy)
    const bytes = readFileSync(copy)
    expect(bytes.includes(Buffer.from('svc'))).toBe(true)
    for (const secret of [text.slice(14, -6), rotated.slice(14, -6), other.slice(14, -6), cookie, session.csrf]) {
      for (const encoding of ['utf8', 'hex', 'base64', 'utf16le'] as const) {
        const encoded =
          encoding === 'utf16le' ? Buffer.from(secret, 'utf16le') : Buffer.from(Buffer.from(secret).toString(encoding))
        expect(bytes.includes(encoded)).toBe(false)
      }
      expect(JSON.stringify(shown)).not.toContain(secret)
    }
  })
})
