import type { Fence } from '../model/lease.ts'
import type { Version } from '../model/version.ts'
import type { Driver, Transaction, TransactionOptions } from './driver.ts'
import { readConfigJson, readDelta, readMetadata, readNamespaces, readSources, readState, readVersion } from './read.ts'
import { sqlShelves } from './sql-shelves.ts'
import type { Store } from './store.ts'

/** The `Store` over any database. What only some callers need (writing, paging, auditing, purging) is loaded when it is first asked for. */
export function sqlStore(driver: Driver): Store {
  let write: Promise<typeof import('./write.ts')> | undefined
  const writing = () => {
    write ??= import('./write.ts')
    return write
  }
  const upkeep = () => import('./upkeep.ts')
  const deleted = () => import('./deleted.ts')
  const pages = () => import('./pages.ts')
  /** Rows that a deleted namespace has left are told to nobody: one that is there has a version. */
  const unlessGone = async <Row>(namespace: string, rows: readonly Row[]): Promise<readonly Row[]> =>
    rows.length === 0 || (await readVersion(driver, namespace)) !== undefined ? rows : []

  return {
    name: driver.name,
    directory: driver.directory,

    async commit(namespace, head, writes) {
      if (driver.append && head !== 0) return driver.append(namespace, head, writes)
      const { appendVersions, wasAppended } = await writing()
      const left = head === 0 ? await deleted() : undefined
      await left?.clearDeleted(driver, namespace)
      let versions: readonly Version[] = []
      const append = async (tx: Transaction) => {
        await left?.requireCleared(tx, namespace)
        versions = await appendVersions(tx, namespace, head, writes)
        return versions
      }
      return driver.transaction(append, {
        happened: (reader) => wasAppended(reader, versions.at(-1)),
        ...about(namespace),
      })
    },
    async mark(namespace, write) {
      const { mark } = await import('./marks.ts')
      await driver.transaction((tx) => mark(tx, namespace, write), about(namespace))
    },
    async saveSource(namespace, state, positions) {
      const { saveSource } = await upkeep()
      await driver.transaction((tx) => saveSource(tx, namespace, state, positions), about(namespace))
    },
    async deleteNamespace(namespace, at) {
      const { deleteNamespace } = await deleted()
      await driver.transaction((tx) => deleteNamespace(tx, namespace, at), about(namespace))
    },
    async clearDeleted() {
      return (await deleted()).clearDeleted(driver)
    },
    async setMetadata(key, value, at) {
      const { setMetadata } = await upkeep()
      await driver.transaction((tx) => setMetadata(tx, key, value, at))
    },
    async purge(namespace, plan) {
      const { purgeVersions } = await import('./purge.ts')
      return purgeVersions(driver, namespace, plan)
    },

    head: (namespace) => driver.read((reader) => readVersion(reader, namespace)),
    state: (namespace, version) => driver.read((reader) => readState(reader, namespace, version)),
    delta: (namespace, since, upTo = Number.MAX_SAFE_INTEGER) =>
      driver.read((reader) => readDelta(reader, namespace, since, upTo)),
    async find(namespace, ref) {
      const { findVersion } = await import('./find.ts')
      return driver.read((reader) => findVersion(reader, namespace, ref))
    },
    async versions(namespace, page) {
      const { readVersions } = await pages()
      return driver.read((reader) => readVersions(reader, namespace, page))
    },
    configJson: (namespace, version) => readConfigJson(driver, namespace, version),
    async history(namespace, filter, page) {
      const { readHistory } = await pages()
      return unlessGone(namespace, await readHistory(driver, namespace, filter, page))
    },
    async lastChanges(namespace, filter) {
      const { readLastChanges } = await pages()
      return unlessGone(namespace, await readLastChanges(driver, namespace, filter))
    },
    sources: (namespace) => readSources(driver, namespace),
    namespaces: () => readNamespaces(driver),
    metadata: () => readMetadata(driver),
    async stats() {
      const { readStats } = await upkeep()
      return readStats(driver)
    },
    sizes: () => driver.sizes(),

    async *audit(namespace) {
      const { auditVersions } = await import('./audit.ts')
      yield* auditVersions(driver, namespace)
    },
    ...sqlShelves(driver),
    fenced: (fence) => sqlStore(fencedBy(driver, fence)),
    check: () => driver.check(),
    backup: (file, onProgress) => driver.backup(file, onProgress),
    onForeignCommit: (listener) => driver.onForeignCommit(listener),
    close: () => driver.close(),
  }
}

const about = (namespace: string): Pick<TransactionOptions, 'news'> => ({ news: `namespace:${namespace}` })

/** The same database, each of whose transactions first requires the lease: what a node writes late changes nothing. */
const fencedBy = (driver: Driver, fence: Fence): Driver => ({
  name: driver.name,
  directory: driver.directory,
  counters: () => driver.counters(),
  query: (sql, ...values) => driver.query(sql, ...values),
  read: (work) => driver.read(work),
  async transaction(work, options) {
    const { requireLease } = await import('./fence.ts')
    return driver.transaction(async (tx) => {
      await requireLease(tx, fence)
      return work(tx)
    }, options)
  },
  shrink: () => driver.shrink(),
  sizes: () => driver.sizes(),
  check: () => driver.check(),
  backup: (file, onProgress) => driver.backup(file, onProgress),
  onForeignCommit: (listener) => driver.onForeignCommit(listener),
  close: () => driver.close(),
})
