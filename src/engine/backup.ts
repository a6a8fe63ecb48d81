import type { BackupReport, Progress, VerifyResult } from '../model/config.ts'
import { openStore, storePath } from './open.ts'
import type { StoreOptions } from './options.ts'
import { verify } from './verify.ts'

/** Opens a backup as a store, recomputes all its hashes and its chain, and counts. */
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
  readonly heads: Readonly<Record<string, string>>
  readonly replacedHeads: Readonly<Record<string, string>> | null
}

/** Puts a verified backup in the place of the store, and keeps what was there beside it. */
export async function restoreBackup(file: string, options: StoreOptions = {}): Promise<RestoredBackup> {
  const { restoreFile } = await import('../store/sqlite-restore.ts')
  const { HoldfastError } = await import('../model/errors.ts')
  const found = await verifyBackup(file)
  if (!found.ok) {
    const first = found.problems[0]!
    throw new HoldfastError('store', `${file} does not verify: ${first.message}; nothing was replaced`, { store: file })
  }
  const target = storePath(options)
  const replacedHeads = await headsOf(options)
  const replaced = await restoreFile(file, target, options.now?.() ?? new Date())
  return { store: target, replaced, versions: found.versions, heads: found.heads, replacedHeads }
}

async function headsOf(options: StoreOptions): Promise<Readonly<Record<string, string>> | null> {
  const { existsSync } = await import('node:fs')
  if (!existsSync(storePath(options))) return null
  try {
    const store = await openStore({ ...options, create: false })
    try {
      const heads = await Promise.all(
        (await store.namespaces()).map(async (name) => [name, (await store.head(name))!.chainHash] as const),
      )
      return Object.fromEntries(heads)
    } finally {
      await store.close()
    }
  } catch {
    return null // the store that is to be replaced may be damaged: that is when a backup is wanted
  }
}
