import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialised, type Workspace } from './harness.ts'

let at: Workspace
beforeEach(async () => {
  at = await initialised()
  await at.run('set server.port=5050')
})
afterEach(() => at.remove())

/** What somebody with another tool would do: the guards of the tables are the first to go. */
function tamper(file: string, version: number): void {
  const db = new Database(at.path(file))
  db.exec('DROP TRIGGER version_log_is_append_only')
  db.prepare(`UPDATE version_log SET created_by = 'mallory' WHERE id = ?`).run(version)
  db.close()
}

describe('holdfast verify', () => {
  it('says that all is good, with the head to keep elsewhere', async () => {
    const { ok, versions, problems, heads } = await at.json('verify')
    expect({ ok, versions, problems }).toEqual({ ok: true, versions: 2, problems: [] })
    expect(heads.default).toMatch(/^[0-9a-f]{64}$/)
    const { out } = await at.run('verify')
    expect(out).toContain('Good: 2 versions')
    expect(out).toContain(`  default  ${heads.default}\n`)
    expect(await at.run(['verify', '--expect-head', heads.default])).toMatchObject({ status: 0 })
  })

  it('exits with 2 and names the version that was tampered with', async () => {
    tamper('data/config_overrides.db', 2)
    expect(await at.run('verify')).toMatchObject({ status: 2, out: expect.stringMatching(/Not good[\s\S]*version 2/) })
    expect(await at.json('verify')).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ version: 2 })]),
    })
  })

  it('exits with 2 where the head is not the one expected', async () => {
    expect(await at.run(['verify', '--expect-head', '0123456789abcdef'])).toMatchObject({ status: 2 })
  })
})

describe('holdfast stats and namespace', () => {
  it('show sizes, counts and the largest keys', async () => {
    const stats = await at.json('stats')
    expect(stats).toMatchObject({
      bytes: expect.any(Number),
      growth: null,
      namespaces: [{ namespace: 'default', versions: 2, overrides: 1 }],
    })
    expect((await at.run('stats')).out).toMatch(/NAMESPACE +VERSIONS +HISTORY[\s\S]*default +2 +1 +1/)
  })

  it('create, list and delete, the last only after a yes', async () => {
    expect(await at.json('namespace create spare --actor alice')).toMatchObject({
      namespace: 'spare',
      version: { id: 3 },
    })
    expect(await at.run('namespace create spare')).toMatchObject({ status: 1 })
    expect((await at.json('namespace list')).map(({ namespace }: { namespace: string }) => namespace)).toEqual([
      'default',
      'spare',
    ])
    expect(await at.run('namespace delete spare')).toMatchObject({ status: 64, err: expect.stringContaining('--yes') })
    expect(await at.run('namespace delete spare', { isTerminal: true, answer: 'no' })).toMatchObject({ status: 64 })
    const asked = await at.run('namespace delete spare', { isTerminal: true, answer: 'spare' })
    expect(asked).toMatchObject({
      status: 0,
      err: expect.stringContaining('with 1 version and 0 history entries, for good.'),
    })
    expect(await at.run('namespace delete spare --yes')).toMatchObject({ status: 5 })
    expect((await at.run('namespace list')).out).not.toContain('spare')
  })
})

describe('holdfast purge', () => {
  it('says what would go, and drops it', async () => {
    await at.run('set server.port=6060')
    await at.run('set server.port=7070')
    await new Promise((done) => setTimeout(done, 1100))
    expect(await at.json('purge --older-than 1s --dry-run')).toMatchObject({ versions: 2, history: 2 })
    expect((await at.run('purge --older-than 1s --keep 2 --dry-run')).out).toMatch(/^Would drop 1 version/)
    expect(await at.json('purge --older-than 1s')).toMatchObject({ versions: 2, history: 2, bytes: expect.any(Number) })
    expect((await at.json('versions')).map(({ id }: { id: number }) => id)).toEqual([4, 1])
    expect(await at.run('verify')).toMatchObject({ status: 0 })
    expect(await at.run('purge --older-than 90d')).toMatchObject({
      status: 0,
      out: expect.stringContaining('Dropped 0 versions'),
    })
  })
})

describe('holdfast backup', () => {
  it('copies, checks the copy, and puts it back after a yes', async () => {
    const report = await at.json('backup monday.db')
    expect(report).toMatchObject({ versions: 2, history: 1, heads: { default: expect.any(String) } })
    expect(await at.run('backup monday.db')).toMatchObject({ status: 1 })
    expect(await at.run('backup --verify monday.db')).toMatchObject({
      status: 0,
      out: expect.stringContaining('Good: 2 versions'),
    })

    await at.run('set server.port=6060')
    expect(await at.run('backup --restore monday.db')).toMatchObject({
      status: 64,
      err: expect.stringContaining('--yes'),
    })
    const restored = await at.json('backup --restore monday.db --yes')
    expect(restored).toMatchObject({ versions: 2, heads: report.heads })
    expect(existsSync(restored.replaced)).toBe(true)
    expect((await at.run('get server.port')).out).toBe('5050\n')
    expect(await at.run('verify')).toMatchObject({ status: 0 })
  })

  it('finds what is wrong with a copy', async () => {
    await at.run('backup copy.db')
    tamper('copy.db', 1)
    expect(await at.run('backup --verify copy.db')).toMatchObject({
      status: 2,
      out: expect.stringContaining('version 1'),
    })
    expect(await at.run('backup --restore copy.db --yes')).toMatchObject({ status: 1 })
    at.write('foreign.db', 'not a database')
    expect((await at.run('backup --verify foreign.db')).status).toBe(1)
    expect((await at.run('backup --verify nowhere.db')).status).toBe(5)
  })
})
