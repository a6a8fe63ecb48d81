import { workerData } from 'node:worker_threads'
import { backUpByCopy } from './copy-backup.ts'
import { openPostgresDriver } from './postgres.ts'
import { answerWith } from './thread-answers.ts'

/** The thread's side of `postgres-backup.ts`. */
answerWith(async (file: string, tell) => {
  const source = await openPostgresDriver(workerData as string, { create: false })
  try {
    await backUpByCopy(source, file, (done, total) => tell({ done, total }))
  } finally {
    await source.close()
  }
})
