import type { Driver, Transaction } from './driver.ts'
import { requireLease } from './fence.ts'
import type { LeaseRow, LeaseShelf, NodeRow, TakenLease } from './shelves.ts'

const JOIN = `
INSERT INTO nodes (id, host, machine, pid, started_at, ttl, beat, beat_at) VALUES (?, ?, ?, ?, ?, ?, 0, ?)`
const BEAT = 'UPDATE nodes SET beat = beat + 1, beat_at = ? WHERE id = ?'
const NODES = `
SELECT id, host, machine, pid, started_at AS "startedAt", ttl, beat, beat_at AS "beatAt" FROM nodes ORDER BY id`
const LEASES = 'SELECT name, token, node, since FROM leases ORDER BY name'
const FREE = 'UPDATE leases SET node = NULL WHERE node = ?'

/** Which node does what timed work, in any database. Rows of nodes are always locked before those of leases. */
export function leaseShelf(driver: Driver): LeaseShelf {
  return {
    async join({ id, host, machine, pid, startedAt, ttl }) {
      await driver.transaction((tx) => tx.run(JOIN, id, host, machine, pid, startedAt, ttl, startedAt))
    },
    beat: async (id, at) => (await driver.transaction((tx) => tx.run(BEAT, at, id))) > 0,
    leave: (id) => driver.transaction((tx) => end(tx, 'DELETE FROM nodes WHERE id = ?', id)).then(() => undefined),
    bury: ({ id, beat }) =>
      driver.transaction((tx) => end(tx, 'DELETE FROM nodes WHERE id = ? AND beat = ?', id, beat)),
    take: (names, claim) => driver.transaction((tx) => takeAll(tx, names, claim)),
    async release({ name, token }) {
      await driver.transaction((tx) =>
        tx.run('UPDATE leases SET node = NULL WHERE name = ? AND token = ?', name, token),
      )
    },
    require: (fence) => driver.transaction((tx) => requireLease(tx, fence)),
    list: () =>
      driver.read(async (reader) => ({
        nodes: await reader.query<NodeRow>(NODES),
        leases: await reader.query<LeaseRow>(LEASES),
      })),
  }
}

/** A node that is gone holds nothing. */
async function end(tx: Transaction, sql: string, id: string, ...more: readonly number[]): Promise<boolean> {
  if ((await tx.run(sql, id, ...more)) === 0) return false
  await tx.run(FREE, id)
  return true
}

type Claim = Parameters<LeaseShelf['take']>[1]

const KNOWN = 'SELECT name, token, node, since FROM leases WHERE name = ?'
const TAKE = `
INSERT INTO leases (name, token, node, since) VALUES (?, 1, ?, ?)
ON CONFLICT (name) DO UPDATE SET token = leases.token + 1, node = excluded.node, since = excluded.since`
const IF_FREE = 'WHERE leases.node IS NULL OR NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = leases.node)'
const IF_OTHERS = 'WHERE leases.node IS DISTINCT FROM excluded.node'

/** A node that was given up meanwhile takes nothing: nobody would ever take it back. */
async function takeAll(tx: Transaction, names: readonly string[], claim: Claim): Promise<readonly TakenLease[]> {
  if ((await tx.run('UPDATE nodes SET beat = beat WHERE id = ?', claim.node)) === 0) return []
  const taken: TakenLease[] = []
  for (const name of names.toSorted()) {
    const [before] = await tx.query<LeaseRow>(KNOWN, name)
    const sql = `${TAKE} ${claim.isForced ? IF_OTHERS : IF_FREE} RETURNING token`
    const [row] = await tx.query<{ token: number }>(sql, name, claim.node, claim.at)
    if (row !== undefined) taken.push({ name, token: row.token, keptSince: before?.since ?? null })
  }
  return taken
}
