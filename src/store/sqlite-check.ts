import { sha3 } from '../model/hash.ts'
import { type Finding, NAMES, toProblem, wrongOrder } from './check-rows.ts'
import type { Connection } from './sqlite-connection.ts'
import { sqliteCode } from './sqlite-errors.ts'
import type { StoreProblem } from './store.ts'
import { VERIFY_SQL } from './verify-sql.ts'

/** All that a store can tell about itself, of one moment: its file, its hashes and chains, and the names it sorts by. */
export function checkDatabase(connection: Connection): StoreProblem[] {
  const damage = integrity(connection)
  if (damage.length > 0) return damage
  connection.db.function('sha3', { deterministic: true }, hashForSql)
  connection.exec('BEGIN')
  try {
    const findings = connection.all<Finding>(VERIFY_SQL)
    return [...findings.map(toProblem), ...wrongOrder(connection.all(NAMES))]
  } finally {
    connection.rollback()
  }
}

/** As the `sqlite3` shell has it: the bytes of the SHA3 of a text, of 256 bits here. */
const hashForSql = (text: unknown, _bits: unknown): Buffer | null =>
  text === null ? null : Buffer.from(sha3(String(text)), 'hex')

function integrity(connection: Connection): StoreProblem[] {
  const damage = (message: string) => ({ namespace: null, versionId: null, message: `the file is damaged: ${message}` })
  try {
    const rows = connection.all<{ integrity_check: string }>('PRAGMA integrity_check(20)')
    return rows
      .map((row) => row.integrity_check)
      .filter((line) => line !== 'ok')
      .map(damage)
  } catch (error) {
    if (!sqliteCode(error).startsWith('SQLITE_CORRUPT')) throw error
    return [damage((error as Error).message)]
  }
}
