import type { Progress } from '../model/admin.ts'
import { openSqlite } from '../store/sqlite.ts'
import { answerWith } from '../store/thread-answers.ts'
import { verifyBackup } from './backup.ts'
import { type VerifyRequest, verify } from './verify.ts'

/** What the thread is asked to verify: a store that is in use, or a file that is not. */
export type VerifyWork =
  | { readonly kind: 'store'; readonly path: string; readonly request: Omit<VerifyRequest, 'onProgress'> }
  | { readonly kind: 'backup'; readonly path: string }

/** The thread's side of `verify-apart.ts`. */
answerWith(async (work: VerifyWork, tell) => {
  const onProgress: Progress = (done, total) => tell({ done, total })
  if (work.kind === 'backup') return verifyBackup(work.path, { onProgress })
  const store = await openSqlite(work.path, { create: false, inline: true })
  try {
    return await verify(store, { ...work.request, onProgress })
  } finally {
    await store.close()
  }
})
