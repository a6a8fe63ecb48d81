import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { openAdmin, restoreBackup, type Tree, verifyBackup } from '../../src/index.ts'
import { canonical } from '../../src/model/canonical.ts'
import { sha3, sha256 } from '../../src/model/hash.ts'
import { chainInput, rowsInput } from '../../src/store/chain.ts'
import type { DocumentLogRow, HistoryLogRow, OverrideLogRow, VersionLogRow } from '../../src/store/rows.ts'
import { folder, open, STORE, tamper, write } from './helpers.ts'

const SCHEMA: Tree = { properties: { auth: { properties: { secret: { type: 'string', writeOnly: true } } } } }

/** A store of eight versions in two namespaces: base, overrides, a mask, a secret, a restore, tags and a baseline. */
async function build(directory: string): Promise<void> {
  const sources = [write(directory, 'a.ini', '[server]\nport = 4949\nlog_level = INFO\n[auth]\nttl = 60\n')]
  const config = await open(directory, { sources, schema: SCHEMA, follow: false })
  await config.update('server', { port: 5050 }, { reason: 'r', comment: 'c', sourceIp: '192.0.2.1' })
  await config.change({ set: { auth: { secret: 'pa55word' } }, mask: ['server.log_level'] })
  await config.update('server', { port: 6060 })
  write(directory, 'a.ini', '[server]\nport = 4950\nlog_level = INFO\n[auth]\nttl = 60\n')
  await config.reload()
  await config.versions.tag(2, 'release-1')
  await config.versions.baseline(3)
  await config.versions.restore(2)
  const other = await open(directory, { namespace: 'other', follow: false })
  await other.update('x', { y: 1 })
  await config.update('auth', { ttl: 5 })
  await config.close()
  await other.close()
}

const NEWEST = 8

const built = mkdtempSync(join(tmpdir(), 'holdfast-verify-'))
afterAll(() => rmSync(built, { recursive: true, force: true }))

/** A copy of the built store; copied while nobody has it open. */
async function copy(): Promise<string> {
  if (!existsSync(join(built, STORE))) await build(built)
  const directory = folder()
  for (const name of [STORE, 'holdfast.key', 'a.ini']) copyFileSync(join(built, name), join(directory, name))
  return directory
}

async function verify(directory: string, request: Parameters<Awaited<ReturnType<typeof openAdmin>>['verify']>[0] = {}) {
  await using admin = await openAdmin({ directory, store: STORE })
  return await admin.verify(request)
}

const foundAt = ({
  problems,
}: {
  readonly problems: readonly { readonly version: number | null }[]
}): readonly (number | null)[] => [...new Set(problems.map(({ version }) => version))]

describe('a store', () => {
  it('that nobody touched verifies, with the head of each namespace', async () => {
    const directory = await copy()
    const found = await verify(directory)
    expect(found).toMatchObject({ ok: true, versions: NEWEST, problems: [] })
    const config = await open(directory, { follow: false })
    expect(found.heads['default']).toBe(config.version?.chainHash)
    expect(Object.keys(found.heads)).toEqual(['default', 'other'])
    expect(await verify(directory, { namespace: 'other' })).toMatchObject({ ok: true, versions: 1 })
    await expect(verify(directory, { namespace: 'none' })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('tells its progress', async () => {
    const seen: [number, number][] = []
    await verify(await copy(), { onProgress: (done, total) => seen.push([done, total]) })
    expect(seen.at(-1)).toEqual([NEWEST, NEWEST])
  })
})

describe('what was edited with another tool', () => {
  const columns = [
    'namespace',
    'config_hash',
    'created_at',
    'created_by',
    'description',
    'cause',
    'rows_hash',
    'previous_chain',
    'chain_hash',
  ]
  it.each(columns)('is found in version_log.%s, and the version named', async (column) => {
    const directory = await copy()
    tamper(
      directory,
      'PRAGMA foreign_keys = OFF',
      `UPDATE version_log SET ${column} = coalesce(${column}, '') || 'x' WHERE id = 4`,
    )
    const found = await verify(directory)
    expect(found.ok).toBe(false)
    if (column !== 'namespace') expect(foundAt(found)).toContain(4)
  })

  const history = [
    'operation',
    'layer',
    'section',
    'key',
    'old_value',
    'new_value',
    'changed_at',
    'changed_by',
    'source_ip',
    'reason',
    'comment',
    'old_type',
    'new_type',
  ]
  it.each(history)('is found in config_history.%s', async (column) => {
    const directory = await copy()
    tamper(directory, `UPDATE config_history SET ${column} = coalesce(${column}, '') || 'x' WHERE version_id = 2`)
    expect(foundAt(await verify(directory))).toContain(2)
  })

  const overrides = [
    'section',
    'key',
    'value',
    'value_type',
    'created_at',
    'created_by',
    'reason',
    'comment',
    'base_value',
    'base_type',
  ]
  it.each(overrides)('is found in override_log.%s', async (column) => {
    const directory = await copy()
    tamper(directory, `UPDATE override_log SET ${column} = coalesce(${column}, '') || 'x' WHERE version_id = 2`)
    expect(foundAt(await verify(directory))).toContain(2)
  })

  it.each(['effective', 'source:a.ini', '$sources', '$schema'])(
    'is found in the documents of layer %s',
    async (layer) => {
      const directory = await copy()
      tamper(
        directory,
        `UPDATE config_documents SET content = replace(content, substr(content, 3, 1), 'X') WHERE namespace = 'default' AND layer = '${layer}' AND version_id = 1`,
      )
      expect(foundAt(await verify(directory))).toContain(1)
    },
  )

  it('is not looked for where keys stand in their file, which changes without a version', async () => {
    const directory = await copy()
    tamper(directory, `UPDATE config_documents SET positions = '{}' WHERE positions IS NOT NULL`)
    expect(await verify(directory)).toMatchObject({ ok: true })
  })

  it.each([
    `UPDATE config_documents SET content = '{' WHERE version_id = 1 AND layer = 'effective' AND name = 'auth'`,
    `UPDATE config_documents SET content = '1' WHERE version_id = 1 AND layer = '$sources'`,
    `UPDATE override_log SET key = 'a..b' WHERE version_id = 2`,
    `UPDATE override_log SET value = '{', value_type = 'json' WHERE version_id = 2`,
  ])('is a finding though it cannot be read at all: %s', async (sql) => {
    const directory = await copy()
    tamper(directory, sql, `UPDATE config_history SET reason = 'forged' WHERE version_id = 6`)
    const found = foundAt(await verify(directory))
    expect(found).toContain(sql.includes('override_log') ? 2 : 1)
    expect(found).toContain(6)
  })

  it.each([
    ['a tag', `UPDATE config_marks SET tag = 'other' WHERE kind = 'tag'`],
    ['the baseline', `UPDATE config_marks SET version_id = 1 WHERE kind = 'baseline'`],
    ['a mark that was deleted', `DELETE FROM config_marks WHERE id = 1`],
    ['a name', `UPDATE config_names SET quoted = '"x"' WHERE layer = 'effective' AND name = 'auth'`],
    ['the order of names', `UPDATE config_names SET sort = zeroblob(2) WHERE layer = 'effective' AND name = 'server'`],
    ['a key of an override', `DELETE FROM override_keys WHERE key = 'port'`],
  ])('is found in %s', async (_, sql) => {
    const directory = await copy()
    tamper(directory, sql)
    expect((await verify(directory)).ok).toBe(false)
  })
})

describe('rows that were deleted, added or moved', () => {
  it.each<[string, string[], number]>([
    [
      'a version of the middle',
      ['DELETE FROM config_history WHERE version_id = 4', 'DELETE FROM version_log WHERE id = 4'],
      5,
    ],
    ['a history row', ["DELETE FROM config_history WHERE version_id = 3 AND key = 'secret'"], 3],
    ['an override row', ['DELETE FROM override_log WHERE version_id = 4'], 4],
    ['a document row', [`DELETE FROM config_documents WHERE version_id = 4 AND layer = 'effective'`], 4],
    [
      'two versions that changed places',
      [
        'PRAGMA foreign_keys = OFF',
        'UPDATE version_log SET id = 99 WHERE id = 4',
        'UPDATE version_log SET id = 4 WHERE id = 5',
        'UPDATE version_log SET id = 5 WHERE id = 99',
      ],
      4,
    ],
    [
      'a history row that was added',
      [
        `INSERT INTO config_history SELECT id + 100, namespace, operation, layer, section, key, old_value, new_value, changed_at, changed_by, source_ip, reason, comment, version_id, old_type, new_type FROM config_history WHERE version_id = 2`,
      ],
      2,
    ],
    [
      'an override that was added',
      [
        `INSERT INTO override_log SELECT id + 100, namespace, section, 'added', value, value_type, created_at, created_by, reason, comment, base_value, base_type, version_id FROM override_log WHERE version_id = 2`,
        `INSERT INTO override_keys VALUES ('default', 'server', 'added')`,
      ],
      2,
    ],
    [
      'a history row that was moved to another version',
      ['UPDATE config_history SET version_id = 4 WHERE version_id = 2'],
      2,
    ],
    [
      'an override that was moved to another version',
      ['UPDATE override_log SET version_id = 5 WHERE version_id = 4'],
      4,
    ],
  ])('are found: %s', async (_, sql, version) => {
    const directory = await copy()
    tamper(directory, 'PRAGMA foreign_keys = OFF', ...sql)
    const found = await verify(directory)
    expect(found.ok).toBe(false)
    expect(foundAt(found)).toContain(version)
  })

  it('are found where a version was added at the end without the chain', async () => {
    const directory = await copy()
    tamper(
      directory,
      `INSERT INTO version_log SELECT id + 1, namespace, config_hash, created_at, 'mallory', description, cause, rows_hash, chain_hash, chain_hash FROM version_log WHERE id = ${NEWEST}`,
    )
    expect(foundAt(await verify(directory))).toContain(NEWEST + 1)
  })

  it('at the end show only against a head kept elsewhere', async () => {
    const directory = await copy()
    const head = (await verify(directory)).heads['default']!
    tamper(
      directory,
      ...['config_history', 'config_documents', 'override_log'].map(
        (table) => `DELETE FROM ${table} WHERE version_id = ${NEWEST}`,
      ),
      `DELETE FROM version_log WHERE id = ${NEWEST}`,
    )
    expect((await verify(directory)).ok).toBe(true)
    const found = await verify(directory, { namespace: 'default', expectHead: head })
    expect(found).toMatchObject({
      ok: false,
      problems: [{ namespace: 'default', version: null, message: expect.stringContaining('cut off') }],
    })
  })

  it('are not missed by a head that was left behind since', async () => {
    const directory = await copy()
    const head = (await verify(directory)).heads['default']!
    const config = await open(directory, { follow: false })
    await config.update('server', { port: 1 })
    for (const expectHead of [head, head.slice(0, 8), config.version!.chainHash])
      expect(await verify(directory, { expectHead })).toMatchObject({ ok: true })
    for (const expectHead of ['', 'xyz', head.slice(0, 7), `${head}0`])
      await expect(verify(directory, { expectHead })).rejects.toMatchObject({ code: 'malformed' })
    expect(await verify(directory, { expectHead: '0123456789' })).toMatchObject({ ok: false })
  })
})

describe('a forger who knows the hashes but not the chain', () => {
  /** Writes over one version's value and makes its own hashes consistent, as far as `depth` says. */
  function forge(directory: string, depth: 'content' | 'rows' | 'version' | 'all'): void {
    const db = new Database(join(directory, STORE))
    onTestFinished(() => void db.close())
    for (const { name } of db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all() as {
      name: string
    }[])
      db.exec(`DROP TRIGGER ${name}`)
    db.exec(`UPDATE override_log SET value = '6666' WHERE version_id = 4`)
    db.exec(`UPDATE config_history SET new_value = '6666' WHERE version_id = 4 AND key = 'port'`)
    db.exec(`UPDATE config_documents SET content = replace(content, '6060', '6666') WHERE version_id = 4`)
    if (depth === 'content') return
    const { config_json } = db.prepare('SELECT config_json FROM config_versions WHERE id = 4').get() as {
      config_json: string
    }
    const documents = db
      .prepare(`SELECT * FROM config_documents WHERE namespace = 'default' AND version_id = 4`)
      .all() as DocumentLogRow[]
    const overrides = db
      .prepare(`SELECT * FROM override_log WHERE namespace = 'default' AND version_id = 4 ORDER BY id`)
      .all() as OverrideLogRow[]
    db.prepare('UPDATE version_log SET config_hash = ?, rows_hash = ? WHERE id = 4').run(
      sha256(config_json),
      sha3(rowsInput(documents, overrides)),
    )
    if (depth === 'rows') return
    rechain(db, 4)
    if (depth === 'version') return
    for (const id of [5, 6, 8]) {
      const before = db
        .prepare(`SELECT chain_hash FROM version_log WHERE namespace = 'default' AND id < ? ORDER BY id DESC LIMIT 1`)
        .get(id) as VersionLogRow
      db.prepare('UPDATE version_log SET previous_chain = ? WHERE id = ?').run(before.chain_hash, id)
      rechain(db, id)
    }
  }

  function rechain(db: Database.Database, id: number): void {
    const version = db.prepare('SELECT * FROM version_log WHERE id = ?').get(id) as VersionLogRow
    const rows = db.prepare('SELECT * FROM config_history WHERE version_id = ? ORDER BY id').all(id) as HistoryLogRow[]
    db.prepare('UPDATE version_log SET chain_hash = ? WHERE id = ?').run(sha3(chainInput(version, rows)), id)
  }

  it.each([
    ['content', 4],
    ['rows', 4],
    ['version', 5],
  ] as const)('is found out having forged the %s', async (depth, version) => {
    const directory = await copy()
    forge(directory, depth)
    const found = await verify(directory)
    expect(found.ok).toBe(false)
    expect(foundAt(found)).toContain(version)
  })

  it('who forged the whole chain is found out by the head kept elsewhere', async () => {
    const directory = await copy()
    const head = (await verify(directory)).heads['default']!
    forge(directory, 'all')
    const found = await verify(directory, { namespace: 'default', expectHead: head })
    expect(found.ok).toBe(false)
  })

  it('who changed what is in effect without the overrides that make it is found out, whatever else was forged', async () => {
    const directory = await copy()
    const db = new Database(join(directory, STORE))
    for (const { name } of db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all() as {
      name: string
    }[])
      db.exec(`DROP TRIGGER ${name}`)
    db.exec(
      `UPDATE config_documents SET content = replace(content, '"ttl":5', '"ttl":6') WHERE version_id = ${NEWEST} AND layer = 'effective'`,
    )
    const { config_json } = db.prepare(`SELECT config_json FROM config_versions WHERE id = ${NEWEST}`).get() as {
      config_json: string
    }
    const documents = db
      .prepare(`SELECT * FROM config_documents WHERE version_id = ${NEWEST}`)
      .all() as DocumentLogRow[]
    const overrides = db
      .prepare(`SELECT * FROM override_log WHERE version_id = ${NEWEST} ORDER BY id`)
      .all() as OverrideLogRow[]
    db.prepare('UPDATE version_log SET config_hash = ?, rows_hash = ? WHERE id = ?').run(
      sha256(config_json),
      sha3(rowsInput(documents, overrides)),
      NEWEST,
    )
    rechain(db, NEWEST)
    db.close()
    const found = await verify(directory)
    expect(found.problems).toEqual([
      {
        namespace: 'default',
        version: NEWEST,
        message: expect.stringContaining('not what its layers and overrides make'),
      },
    ])
  })
})

describe('the promises about the table people read', () => {
  it('hold for every version: canonical text, its SHA-256, its chain', async () => {
    const directory = await copy()
    const db = new Database(join(directory, STORE), { readonly: true })
    onTestFinished(() => void db.close())
    const rows = db
      .prepare('SELECT id, namespace, config_json, config_hash FROM config_versions ORDER BY id')
      .all() as { id: number; namespace: string; config_json: string; config_hash: string }[]
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    for (const { id, namespace, config_json, config_hash } of rows) {
      expect(sha256(config_json)).toBe(config_hash)
      expect(canonical(JSON.parse(config_json))).toBe(config_json)
      const config = await open(directory, { namespace, follow: false })
      const past = await config.at(id)
      expect(past.hash).toBe(config_hash)
      expect(past.get('auth.ttl')).toEqual(JSON.parse(config_json).auth?.ttl)
    }
  })

  it('have the overrides in force, with what the base said', async () => {
    const directory = await copy()
    const db = new Database(join(directory, STORE), { readonly: true })
    onTestFinished(() => void db.close())
    const active = db
      .prepare(
        `SELECT section, key, value, value_type, base_value, reason FROM config_overrides WHERE is_active AND namespace = 'default' ORDER BY key`,
      )
      .all()
    expect(active).toEqual([
      { section: 'server', key: 'port', value: '5050', value_type: 'integer', base_value: '4950', reason: null },
      { section: 'auth', key: 'ttl', value: '5', value_type: 'integer', base_value: '60', reason: null },
    ])
  })
})

describe('after a purge', () => {
  it('the rest verifies, what was sealed cannot be edited, and a further cut is found', async () => {
    const directory = await copy()
    await using admin = await openAdmin({ directory, store: STORE })
    const dry = await admin.purge('default', { olderThan: 0, keep: 2, dryRun: true })
    const done = await admin.purge('default', { olderThan: 0, keep: 2 })
    expect(done).toMatchObject({ versions: dry.versions, history: dry.history })
    const config = await open(directory, { follow: false })
    expect((await config.versions.list()).items.map(({ id }) => id)).toEqual([8, 6, 3, 2])
    expect(await admin.verify()).toMatchObject({ ok: true, versions: 5, problems: [] })
    await expect(config.at(1)).rejects.toMatchObject({ code: 'not-found' })
    expect((await config.at('release-1')).get('server.port')).toBe(5050)
    await config.versions.restore('release-1')
    expect(await admin.verify()).toMatchObject({ ok: true })
    await config.close()
    await admin.close()
    tamper(directory, 'DELETE FROM config_history WHERE version_id = 3', 'DELETE FROM version_log WHERE id = 3')
    expect((await verify(directory)).ok).toBe(false)
  })

  it('nothing that is newest, baseline, tagged or too young is gone', async () => {
    const directory = await copy()
    await using admin = await openAdmin({ directory, store: STORE })
    expect(await admin.purge('default', { olderThan: 86_400_000 })).toMatchObject({ versions: 0, history: 0 })
    await admin.purge('default', { olderThan: 0, keep: 0 })
    const config = await open(directory, { follow: false })
    expect((await config.versions.list()).items.map(({ id }) => id)).toEqual([8, 3, 2])
    for (const olderThan of [-1, Number.NaN])
      await expect(admin.purge('default', { olderThan })).rejects.toMatchObject({ code: 'malformed' })
    await expect(admin.purge('none', { olderThan: 0 })).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a backup', () => {
  it('verifies with counts and heads, and one that was edited does not', async () => {
    const directory = await copy()
    await using admin = await openAdmin({ directory, store: STORE })
    const file = join(directory, 'backup.db')
    const report = await admin.backup(file)
    expect(report).toMatchObject({ file, versions: NEWEST, heads: (await admin.verify()).heads })
    expect(report.history).toBeGreaterThan(5)
    expect(await verifyBackup(file)).toMatchObject({ ok: true, versions: NEWEST, history: report.history })
    await expect(admin.backup(file)).rejects.toMatchObject({ code: 'exists' })
    const before = readFileSync(file)
    expect((await verifyBackup(file)).ok).toBe(true)
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it('that does not verify replaces nothing, and one that does puts its versions back', async () => {
    const directory = await copy()
    const admin = await openAdmin({ directory, store: STORE })
    const file = join(directory, 'backup.db')
    await admin.backup(file)
    await admin.close()
    const config = await open(directory, { follow: false })
    await config.update('server', { port: 1 })
    const head = config.version!.chainHash
    await config.close()

    copyFileSync(file, join(directory, 'edited.db'))
    const db = new Database(join(directory, 'edited.db'))
    db.exec('DROP TRIGGER config_history_is_append_only')
    db.exec(`UPDATE config_history SET reason = 'forged' WHERE version_id = 2`)
    db.close()
    await expect(restoreBackup(join(directory, 'edited.db'), { directory, store: STORE })).rejects.toMatchObject({
      code: 'store',
    })
    expect((await verify(directory)).heads['default']).toBe(head)

    const restored = await restoreBackup(file, { directory, store: STORE })
    expect(restored).toMatchObject({ versions: NEWEST, replacedHeads: { default: head } })
    expect(existsSync(restored.replaced!)).toBe(true)
    const after = await open(directory, { follow: false })
    expect([after.version?.id, after.get('server.port')]).toEqual([NEWEST, 5050])
    expect(await verify(directory)).toMatchObject({ ok: true, versions: NEWEST })
  })
})
