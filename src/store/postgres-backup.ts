import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import { startThread, type ThreadError } from './thread.ts'

/** A store as a thread finds it, and as it is shown to people. */
export interface BackupSource {
  readonly url: string
  readonly name: string
}

/** Copies a store into a file on a thread with connections of its own: SQLite writes the file, and whoever calls SQLite waits for it. */
export async function backUpPostgres(
  { url, name }: BackupSource,
  file: string,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const thread = startThread('postgres-backup-thread', import.meta.url, {
    data: url,
    toError: (error) => toRefusal(error, name),
  })
  try {
    await thread.ask(file, ({ done, total }: { done: number; total: number }) => onProgress?.(done, total))
  } finally {
    await thread.stop()
  }
}

function toRefusal({ code, message, details }: ThreadError, store: string): HoldfastError {
  if (details !== undefined) return new HoldfastError(code as ErrorCode, message, details as never)
  return new HoldfastError('unavailable', `${store} cannot be backed up: ${message}`, { store, retry: false })
}
