import type { BackupReport, Progress, VerifyResult } from '../model/admin.ts'
import { isPostgres, storeName } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Store } from '../store/store.ts'
import { openStore, storePath } from './open.ts'
import type { StoreOptions } from './options.ts'
import { verify } from './verify.ts'

/** Opens a backup as a store, recomputes all its hashes and its chain, and counts. Nothing is written. */
export async function verifyBackup(
  file: string,
  options: { readonly onProgress?: Progress } = {},
): Promise<VerifyResult & BackupReport> {
  const { inspectBackup } = await import('../store/sqlite-restore.ts')
  return inspectBackup(file, async (store) => {
    const found = await verify(store, options)
    const { bytes, namespaces } = await store.stats()
    return { ...found, file, bytes, history: namespaces.reduce((sum, one) => sum + one.history, 0) }
  })
}

export interface RestoredBackup {
  readonly store: string
  /** Where the database that was there before is kept; null where there was none. */
  readonly replaced: string | null
  readonly versions: number
  /** Chain heads of what is in force now, by namespace. */
  readonly heads: Readonly<Record<string, string>>
  /** Those of what was replaced; null where there was none, or it could not be read. */
  readonly replacedHeads: Readonly<Record<string, string>> | null
}

export interface RestoreOptions extends StoreOptions {
  /** Hears how far it is where a store is filled row by row: on PostgreSQL. */
  readonly onProgress?: Progress
}

/** Puts a verified backup in the place of the store, and keeps what was there beside it: a file or, on PostgreSQL, a schema. */
export async function restoreBackup(file: string, options: RestoreOptions = {}): Promise<RestoredBackup> {
  const found = await verifyBackup(file)
  const [problem] = found.problems
  if (problem !== undefined) {
    throw new HoldfastError('store', `${file} does not verify: ${problem.message}; nothing was replaced`, {
      store: file,
    })
  }
  const target = storePath(options)
  const replacedHeads = await readHeads(options)
  const replaced = await putBack(file, target, options)
  return { store: storeName(target), replaced, versions: found.versions, heads: found.heads, replacedHeads }
}

async function putBack(file: string, target: string, { now, onProgress }: RestoreOptions): Promise<string | null> {
  if (isPostgres(target)) {
    const { restorePostgres } = await import('../store/postgres-restore.ts')
    return restorePostgres(file, target, { ...(now && { now }), ...(onProgress && { onProgress }) })
  }
  const { restoreBackup: replace } = await import('../store/sqlite-restore.ts')
  return replace(file, target, now && { now }).replaced
}

async function readHeads(options: StoreOptions): Promise<Readonly<Record<string, string>> | null> {
  try {
    return await withStore(options, async (store) => {
      const names = await store.namespaces()
      return Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, (await store.head(name))!.chainHash])),
      )
    })
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    return null // what is to be replaced may be missing or damaged: that is when a backup is wanted
  }
}

async function withStore<R>(options: StoreOptions, work: (store: Store) => Promise<R>): Promise<R> {
  const store = await openStore({ ...options, create: false })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
