import { createHash } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { canonical } from '../../src/model/canonical.ts'
import type { Sections } from './sample.ts'

export const BY_HAND = 'by-hand.db'
const NAMESPACE = 'default'
const PRAGMAS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;`

/**
 * What a good hand would write without Holdfast: the same rows with the same hashes in the same tables, one prepared statement a row, in one
 * immediate transaction; no checks, no snapshot, no events. It begins with a copy of `store`, a closed one that Holdfast made.
 */
export function byHand(
  folder: string,
  store: string,
  sections: Sections,
): { readonly change: () => void; readonly close: () => void } {
  const file = join(folder, BY_HAND)
  copyFileSync(store, file)
  const db = new Database(file)
  db.exec(PRAGMAS)
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const statements = Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)])) as Record<
    keyof typeof SQL,
    Database.Statement
  >
  const names = Object.keys(sections).sort()
  const members = names.map((name) => `${JSON.stringify(name)}:${canonical(sections[name]!)}`)
  const ports = names.map((name) => sections[name]!['port'] as number)
  const base = [...ports]
  let n = 0

  function change(): void {
    const at = n++ % names.length
    const [section, old, port] = [names[at]!, ports[at]!, 10_000 + n]
    members[at] = members[at]!.replace(`"port":${old}`, `"port":${port}`)
    ports[at] = port
    const content = members[at].slice(members[at].indexOf('{'))
    const hash = createHash('sha256')
      .update(`{${members.join(',')}}`)
      .digest('hex')
    const now = new Date().toISOString()
    const why = ['operator', 'load test', null] as const

    begin.run()
    const head = statements.head.get(NAMESPACE) as { id: number; chain_hash: string }
    const ids = statements.ids.get() as { history: number | null; override: number | null }
    const [id, previous] = [head.id + 1, head.chain_hash]
    const [historyId, overrideId] = [(ids.history ?? 0) + 1, (ids.override ?? 0) + 1]
    const override = [
      overrideId, NAMESPACE, section, 'port', String(port), 'integer', now, ...why, String(base[at]), 'integer', id,
    ] // biome-ignore format: a row
    const history = [
      historyId, NAMESPACE, old === base[at] ? 'CREATE' : 'UPDATE', 'override', section, 'port', String(old), String(port), now, why[0],
      '192.0.2.7', why[1], why[2], id, 'integer', 'integer',
    ] // biome-ignore format: a row
    const rows = `${JSON.stringify(['document', 'effective', section, id, content])}\n${JSON.stringify(['override', ...override])}`
    const version = [id, NAMESPACE, hash, now, why[0], why[1], 'change', sha3(rows), previous]
    const covered = [previous, NAMESPACE, id, hash, version[7], now, why[0], why[1], 'change']
    const chain = sha3(`${JSON.stringify(covered)}\n${JSON.stringify(history)}`)
    statements.version.run(...version, chain)
    statements.name.run(
      NAMESPACE,
      'effective',
      section,
      JSON.stringify(section),
      Buffer.from(section, 'utf16le').swap16(),
    )
    statements.document.run(NAMESPACE, 'effective', section, id, content, null)
    statements.key.run(NAMESPACE, section, 'port')
    statements.override.run(...override)
    statements.history.run(...history)
    commit.run()
  }

  return { change, close: () => db.close() }
}

const sha3 = (text: string) => createHash('sha3-256').update(text).digest('hex')

const SQL = {
  head: 'SELECT id, chain_hash FROM version_log WHERE namespace = ? ORDER BY id DESC LIMIT 1',
  ids: 'SELECT (SELECT max(id) FROM config_history) AS history, (SELECT max(id) FROM override_log) AS override',
  version: `INSERT INTO version_log (id, namespace, config_hash, created_at, created_by, description, cause, rows_hash, previous_chain, chain_hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  name: 'INSERT INTO config_names (namespace, layer, name, quoted, sort) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  document:
    'INSERT INTO config_documents (namespace, layer, name, version_id, content, positions) VALUES (?, ?, ?, ?, ?, ?)',
  key: 'INSERT INTO override_keys (namespace, section, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  override: `INSERT INTO override_log (id, namespace, section, key, value, value_type, created_at, created_by, reason, comment, base_value,
    base_type, version_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  history: `INSERT INTO config_history (id, namespace, operation, layer, section, key, old_value, new_value, changed_at, changed_by, source_ip,
    reason, comment, version_id, old_type, new_type) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
} as const
