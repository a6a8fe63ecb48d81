import type { BackupReport, Progress, VerifyResult } from '../model/admin.ts'
import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import type { Store } from '../store/store.ts'
import { startThread, type ThreadError } from '../store/thread.ts'
import { type VerifyRequest, verify } from './verify.ts'
import type { VerifyWork } from './verify-thread.ts'

/** `verify` on a thread of its own: it hashes every configuration that ever was, and takes as long as that takes. */
export async function verifyApart(store: Store, { onProgress, ...request }: VerifyRequest = {}): Promise<VerifyResult> {
  if (store.directory === null) return verify(store, { ...request, ...(onProgress && { onProgress }) })
  return askThread({ kind: 'store', path: store.name, request }, onProgress)
}

/** `verifyBackup` on a thread of its own. */
export const verifyBackupApart = (file: string, onProgress?: Progress): Promise<VerifyResult & BackupReport> =>
  askThread({ kind: 'backup', path: file }, onProgress)

async function askThread<T>(work: VerifyWork, onProgress: Progress | undefined): Promise<T> {
  const toError = (error: ThreadError): unknown => toRefusal(error, work.path)
  const thread = startThread('verify-thread', import.meta.url, { data: null, toError })
  try {
    return await thread.ask<T>(work, ({ done, total }: { done: number; total: number }) => onProgress?.(done, total))
  } finally {
    await thread.stop()
  }
}

function toRefusal({ code, message, details }: ThreadError, store: string): HoldfastError {
  if (details !== undefined) return new HoldfastError(code as ErrorCode, message, details as never)
  return new HoldfastError('unavailable', `${store} cannot be verified: ${message}`, { store, retry: true })
}
