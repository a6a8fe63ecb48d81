import { byteLength, canonical } from '../model/canonical.ts'
import type { Admin, NamespaceStats, PurgeRequest, Stats } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { printPath } from '../model/path.ts'
import { leavesOf } from '../model/snapshot.ts'
import { checkNamespace, type Version } from '../model/version.ts'
import type { Store } from '../store/store.ts'
import { openConfig, openStore } from './open.ts'
import type { StoreOptions } from './options.ts'
import { toState } from './stored.ts'
import { verify } from './verify.ts'

/** Opens a store for what concerns all of it: namespaces, verification, purge, sizes, backup. */
export async function openAdmin(options: StoreOptions = {}): Promise<Admin> {
  const store = await openStore(options)
  const now = options.now ?? (() => new Date())
  const close = (): Promise<void> => store.close()

  return {
    namespaces: async () => (await store.stats()).namespaces,
    createNamespace: (name, by = {}) => createNamespace(store, options, checkNamespace(name), by.actor),
    async deleteNamespace(name) {
      await requireNamespace(store, name)
      await store.deleteNamespace(name, now().toISOString())
    },
    verify: (request = {}) => verify(store, request),
    async purge(namespace, request) {
      await requireNamespace(store, namespace)
      return store.purge(namespace, toPlan(request, now()))
    },
    stats: () => stats(store),
    async backup(file, onProgress) {
      await store.backup(file, onProgress)
      const { verifyBackup } = await import('./backup.ts')
      return verifyBackup(file)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function createNamespace(
  store: Store,
  options: StoreOptions,
  name: string,
  actor: string | undefined,
): Promise<Version> {
  if ((await store.head(name)) !== undefined)
    throw new HoldfastError('exists', `namespace ${name} is there already`, { what: name })
  await using config = await openConfig({
    ...options,
    namespace: name,
    follow: false,
    ...(actor !== undefined && { actor }),
  })
  return await config.versions.create({ description: 'the namespace begins' })
}

async function requireNamespace(store: Store, name: string): Promise<void> {
  if ((await store.head(checkNamespace(name))) !== undefined) return
  const known = await store.namespaces()
  const hint = known.length === 0 ? 'it has none yet' : `it has ${known.join(', ')}`
  throw new HoldfastError('not-found', `the store has no namespace ${name}: ${hint}`, { what: name })
}

const DEFAULT_KEEP = 0

function toPlan(request: PurgeRequest, now: Date) {
  const { olderThan, keep = DEFAULT_KEEP, dryRun = false, actor = 'purge', onProgress } = request
  if (!(olderThan >= 0))
    throw new HoldfastError('malformed', 'olderThan is a length of time in milliseconds', { what: 'olderThan' })
  return {
    before: new Date(now.getTime() - olderThan).toISOString(),
    keep,
    by: actor,
    at: now.toISOString(),
    dryRun,
    ...(onProgress && { onProgress }),
  }
}

const LARGEST = 10

async function stats(store: Store): Promise<Stats> {
  const found = await store.stats()
  const largest = await Promise.all(found.namespaces.map((one: NamespaceStats) => sizesOf(store, one.namespace)))
  const largestKeys = largest
    .flat()
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LARGEST)
  return { store: store.name, ...found, largestKeys }
}

async function sizesOf(store: Store, namespace: string): Promise<Stats['largestKeys']> {
  const { snapshot } = toState(await store.state(namespace), (_, __, value) => value)
  return [...leavesOf(snapshot)].map(({ path, value }) => ({
    namespace,
    path: printPath(path),
    bytes: byteLength(canonical(value)),
  }))
}
