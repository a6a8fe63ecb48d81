import { isAbsolute, join } from 'node:path'
import { type Config, isPostgres } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { checkNamespace } from '../model/version.ts'
import type { Driver } from '../store/driver.ts'
import type { Store } from '../store/store.ts'
import { callersOf } from './callers.ts'
import { EmbeddedConfig } from './embedded.ts'
import { openNamespace } from './namespace.ts'
import type { OpenOptions, StoreOptions } from './options.ts'
import { EVERYTHING } from './view.ts'

export const DEFAULT_STORE = 'data/config_overrides.db'

/**
 * Opens one namespace of a store: loads its sources, makes a version where the base has moved, and follows both until closed. This is the only
 * place that names implementations. Rejects with a `HoldfastError`; a source that fails keeps its last good content instead.
 */
export async function openConfig<T = unknown>(options: OpenOptions<T> = {}): Promise<Config<T>> {
  const namespace = checkNamespace(options.namespace ?? 'default')
  const store = await openStore(options)
  try {
    const callerOf = callersOf(options)
    const opened = await openNamespace(store, namespace, options, { callerOf })
    const close = async (): Promise<void> => {
      await opened.close()
      await store.close()
    }
    return new EmbeddedConfig<T>({ opened, view: EVERYTHING, callerOf, close })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** The store that `options` name, made ready. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const path = storePath(options)
  const given = storeGiven(options)
  if (isPostgres(path)) return (await import('../store/postgres.ts')).openPostgres(path, given)
  if (options.threads && path !== ':memory:') return (await import('../store/threaded.ts')).openThreaded(path, given)
  return (await import('../store/sqlite.ts')).openSqlite(path, given)
}

/** The database under the store that `options` name, for what copies it as it is; `copying` opens one that is not in use, too. */
export async function openDriver(options: StoreOptions & { readonly copying?: boolean }): Promise<Driver> {
  const given = { ...storeGiven(options), ...(options.copying !== undefined && { copying: options.copying }) }
  const path = storePath(options)
  if (isPostgres(path)) return (await import('../store/postgres.ts')).openPostgresDriver(path, given)
  return (await import('../store/sqlite.ts')).openDriver(path, given)
}

function storeGiven({ create, lockTimeoutMs, now }: StoreOptions) {
  return {
    ...(create !== undefined && { create }),
    ...(lockTimeoutMs !== undefined && { lockTimeoutMs }),
    ...(now && { now }),
  }
}

export function storePath({ store = DEFAULT_STORE, directory = process.cwd() }: StoreOptions): string {
  if (isPostgres(store)) return store
  if (/^[a-z]+:\/\//.test(store)) {
    const text = `a store is a path, :memory: or a postgres:// URL, not ${store.replace(/\/\/.*@/, '//')}`
    throw new HoldfastError('unsupported', text, { what: 'store' })
  }
  return store === ':memory:' || isAbsolute(store) ? store : join(directory, store)
}
