import type { CheckpointMode, SlowRequest } from './slow-request.ts'
import { checkDatabase } from './sqlite-check.ts'
import { Connection } from './sqlite-connection.ts'
import { copyTo } from './sqlite-copy.ts'
import { isBusy } from './sqlite-errors.ts'
import { type Patience, retry } from './wait.ts'

const PATIENCE: Patience = { isWorthWaiting: isBusy, timeoutMs: 30_000 }

/** Does slow work over a connection of its own, one request after another. */
export function slowAnswers(file: string): (request: SlowRequest) => Promise<unknown> {
  let connection: Connection | undefined

  return async (request) => {
    if (request.kind === 'close') return connection?.close()
    connection ??= await retry(() => new Connection(file, { mode: 'write', mustExist: true }), PATIENCE)
    const db = connection
    if (request.kind === 'checkpoint') return checkpoint(db, request.mode)
    const work = () => (request.kind === 'check' ? checkDatabase(db) : copyTo(db, request.file, request.partial))
    return retry(work, PATIENCE)
  }
}

/** True when all of the WAL is in the file. */
function checkpoint(db: Connection, mode: CheckpointMode): boolean {
  const [row] = db.all<{ busy: number; log: number; checkpointed: number }>(`PRAGMA wal_checkpoint(${mode})`)
  return row?.busy === 0 && row.log === row.checkpointed
}
