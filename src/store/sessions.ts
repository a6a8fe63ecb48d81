import type { Driver } from './driver.ts'
import { deleteInBatches } from './shelf-sql.ts'
import type { SessionRow, SessionShelf } from './shelves.ts'

const INSERT = 'INSERT INTO sessions (id, token_id, created_at, last_seen_at, source_ip) VALUES (?, ?, ?, ?, ?)'
const FIND = `
SELECT id, token_id AS "tokenId", created_at AS "createdAt", last_seen_at AS "lastSeenAt", source_ip AS "sourceIp"
FROM sessions WHERE id = ?`
const TOUCH = 'UPDATE sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?'

/** Sessions of browsers in any database. */
export function sessionShelf(driver: Driver): SessionShelf {
  return {
    async insert({ id, tokenId, createdAt, lastSeenAt, sourceIp }) {
      await driver.transaction((tx) => tx.run(INSERT, id, tokenId, createdAt, lastSeenAt, sourceIp))
    },
    async find(id) {
      const [row] = await driver.query<SessionRow>(FIND, id)
      return row
    },
    async touch(id, at) {
      await driver.transaction((tx) => tx.run(TOUCH, at, id, at))
    },
    async delete(id) {
      await driver.transaction((tx) => tx.run('DELETE FROM sessions WHERE id = ?', id))
    },
    deleteOld: (createdBefore, seenBefore) => {
      const old = { table: 'sessions', key: 'id', where: 'created_at < ? OR last_seen_at < ?' }
      return deleteInBatches(driver, old, createdBefore, seenBefore)
    },
  }
}
