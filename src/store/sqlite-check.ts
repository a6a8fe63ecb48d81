import { sha3 } from '../model/hash.ts'
import { sortKey } from './chain.ts'
import type { Connection } from './sqlite-connection.ts'
import { sqliteCode } from './sqlite-errors.ts'
import type { StoreProblem } from './store.ts'
import { VERIFY_SQL } from './verify-sql.ts'

interface Finding {
  readonly namespace: string | null
  readonly version_id: number | null
  readonly problem: string
}

/** All that a store can tell about itself, of one moment: its file, its hashes and chains, and the names it sorts by. */
export function checkDatabase(connection: Connection): StoreProblem[] {
  const damage = integrity(connection)
  if (damage.length > 0) return damage
  connection.db.function('sha3', { deterministic: true }, hashForSql)
  connection.exec('BEGIN')
  try {
    const findings = connection.all<Finding>(VERIFY_SQL)
    return [...findings.map(toProblem), ...wrongOrder(connection)]
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

const toProblem = ({ namespace, version_id, problem }: Finding): StoreProblem => ({
  namespace,
  versionId: version_id,
  message: problem,
})

/** `sort` orders the members of `config_json`; no function of SQL gives it. */
function wrongOrder(connection: Connection): StoreProblem[] {
  const rows = connection.all<{ namespace: string; name: string; sort: Buffer }>(
    'SELECT namespace, name, sort FROM config_names',
  )
  return rows
    .filter((row) => !row.sort.equals(sortKey(row.name)))
    .map(({ namespace, name }) => ({
      namespace,
      versionId: null,
      message: `config_names: ${JSON.stringify(name)} has a wrong sort`,
    }))
}
