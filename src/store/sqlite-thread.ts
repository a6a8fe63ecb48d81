import { parentPort, workerData } from 'node:worker_threads'
import { checkDatabase } from './sqlite-check.ts'
import { Connection } from './sqlite-connection.ts'
import { copyTo } from './sqlite-copy.ts'
import { isBusy } from './sqlite-errors.ts'
import type { SlowReply, SlowRequest } from './sqlite-slow.ts'
import { retry } from './wait.ts'

/** The thread's side of `sqlite-slow.ts`: one connection, one request after another. */
const port = parentPort!
let connection: Connection | undefined

port.on('message', ({ id, request }: { id: number; request: SlowRequest }) => {
  answer(request)
    .then((result): SlowReply => ({ id, result }))
    .catch((error: unknown): SlowReply => ({ id, error: describe(error) }))
    .then((reply) => port.postMessage(reply))
})

async function answer(request: SlowRequest): Promise<unknown> {
  if (request.kind === 'close') return connection?.close()
  connection ??= new Connection(workerData as string, { mode: 'write', mustExist: true })
  const db = connection
  if (request.kind === 'checkpoint') return checkpoint(db, request.mode)
  const work = () => (request.kind === 'check' ? checkDatabase(db) : copyTo(db, request.file, request.partial))
  return retry(work, { isWorthWaiting: isBusy, timeoutMs: 30_000 })
}

function checkpoint(db: Connection, mode: 'PASSIVE' | 'TRUNCATE'): boolean {
  const [row] = db.all<{ busy: number; log: number; checkpointed: number }>(`PRAGMA wal_checkpoint(${mode})`)
  return row?.busy === 0 && row.log === row.checkpointed
}

const describe = (error: unknown) => ({
  message: error instanceof Error ? error.message : String(error),
  code: error instanceof Error && 'code' in error ? String(error.code) : '',
})
