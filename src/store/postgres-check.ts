import { HoldfastError } from '../model/errors.ts'
import { type Finding, NAMES, toProblem, wrongOrder } from './check-rows.ts'
import type { Reader } from './driver.ts'
import { POSTGRES_VERIFY_SQL } from './postgres-verify-sql.ts'
import type { StoreProblem } from './store.ts'

/** Makes the functions of pgcrypto known by name, in whichever schema they are, until the end of the transaction. */
const FIND = `
SELECT set_config('search_path', current_setting('search_path') || ', ' || quote_ident(n.nspname), true)
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pgcrypto'`

/** All that a store can tell about itself, of one moment: its hashes and chains, and the names it sorts by. */
export async function checkPostgres(reader: Reader): Promise<StoreProblem[]> {
  const [found] = await reader.query(FIND)
  if (found === undefined) {
    const text =
      'the database has no SHA3 to check the chain with: CREATE EXTENSION pgcrypto, as the owner of the database'
    throw new HoldfastError('unsupported', text, { what: 'pgcrypto' })
  }
  const findings = await reader.query<Finding>(POSTGRES_VERIFY_SQL)
  return [...findings.map(toProblem), ...wrongOrder(await reader.query(NAMES))]
}
