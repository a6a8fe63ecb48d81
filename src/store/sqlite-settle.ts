import type { TransactionOptions } from './driver.ts'
import type { Connection } from './sqlite-connection.ts'

export interface Settle {
  readonly happened: TransactionOptions['happened'] | undefined
  readonly open: () => Connection
  readonly patiently: <T>(work: () => T) => Promise<T>
}

const WITNESS = `
INSERT INTO system_metadata (key, value, updated_at) VALUES ('recovered_at', ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`

/**
 * Finds out, over a fresh connection, whether a commit whose fsync failed is in the store, and makes that answer durable: what is there is
 * written again into the main file, for the system forgets that it failed to write a page; and what is not there is overwritten, for a
 * crash could still bring it back from the WAL.
 */
export async function settleCommit({
  open,
  happened,
  patiently,
}: Settle): Promise<'committed' | 'not committed' | 'unknown'> {
  try {
    const connection = await patiently(() => {
      const writer = open()
      writer.exec('BEGIN IMMEDIATE')
      return writer
    })
    if (!happened) return 'unknown'
    if (await happened(connection)) {
      connection.exec('COMMIT')
      const [result] = connection.all<{ busy: number; log: number; checkpointed: number }>(
        'PRAGMA wal_checkpoint(FULL)',
      )
      return result?.busy === 0 && result.log === result.checkpointed ? 'committed' : 'unknown'
    }
    const at = new Date().toISOString()
    await connection.run(WITNESS, at, at)
    connection.exec('COMMIT')
    return 'not committed'
  } catch {
    return 'unknown'
  }
}
