import { HoldfastError } from '../model/errors.ts'
import type { Driver, SqlValue } from './driver.ts'

/** Rows in one transaction: few enough that others hardly wait. */
const BATCH = 500

/** Deletes the rows of a table that a condition holds for, a batch at a time so that others go on meanwhile; tells how many. */
export async function deleteInBatches(
  driver: Driver,
  from: { readonly table: string; readonly key: string; readonly where: string },
  ...values: readonly SqlValue[]
): Promise<number> {
  const some = `SELECT ${from.key} FROM ${from.table} WHERE ${from.where} LIMIT ${BATCH}`
  const sql = `DELETE FROM ${from.table} WHERE ${from.key} IN (${some})`
  for (let total = 0; ; ) {
    const deleted = await driver.transaction((tx) => tx.run(sql, ...values))
    total += deleted
    if (deleted < BATCH) return total
  }
}

/** Refuses (`not-found`) where a statement found no row to change. */
export function requireChanged(changed: number, what: string): void {
  if (changed > 0) return
  throw new HoldfastError('not-found', `the store has no ${what}; it may have been deleted meanwhile`, { what })
}
