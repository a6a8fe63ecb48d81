import { HoldfastError } from '../model/errors.ts'
import type { Fence } from '../model/lease.ts'
import type { Transaction } from './driver.ts'

/** Changes nothing, but keeps the row from whoever else would take the lease before this transaction ends. */
const HOLD = 'UPDATE leases SET token = token WHERE name = ? AND token = ? AND node IS NOT NULL'

/** Refuses (`fenced`) inside a transaction where a lease is not held under this token any more; else nobody takes it before the transaction ends. */
export async function requireLease(tx: Transaction, { name, token }: Fence): Promise<void> {
  if ((await tx.run(HOLD, name, token)) > 0) return
  const text = `the lease ${name} is not held under token ${token} any more; nothing was changed. The node that holds it now goes on with the work`
  throw new HoldfastError('fenced', text, { lease: name })
}
