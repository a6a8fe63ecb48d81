import fc from 'fast-check'
import { onTestFinished } from 'vitest'
import { openDriver } from '../../src/engine/open.ts'
import { type CopyOptions, copyStore } from '../../src/store/copy.ts'
import type { Driver, Transaction } from '../../src/store/driver.ts'
import { sqlStore } from '../../src/store/sql.ts'
import type { Store } from '../../src/store/store.ts'
import { HISTORIES, live } from './histories.ts'
import { grow } from './samples.ts'

/** Where a store may be: gives the name of an empty one. */
export type Place = () => Promise<string>

/** A database that is closed after the test. */
export const openedDriver = async (store: string, more: { readonly copying?: boolean } = {}): Promise<Driver> => {
  const driver = await openDriver({ store, ...more })
  onTestFinished(() => driver.close())
  return driver
}

/** A store and the database under it, closed after the test. */
export async function openedStore(name: string): Promise<Store & { readonly driver: Driver }> {
  const driver = await openedDriver(name)
  return { ...sqlStore(driver), driver }
}

/** Copies one store into another place, on connections of its own. */
export async function copied(from: string, to: string, options: Partial<CopyOptions> = {}) {
  const [source, target] = [await openedDriver(from), await openedDriver(to, { copying: true })]
  try {
    return await copyStore(source, target, { keepSource: false, ...options })
  } finally {
    await source.close()
    await target.close()
  }
}

/** A history with something of everything. */
export async function begin(name: string): Promise<void> {
  const store = await openedStore(name)
  await live(store, fc.sample(HISTORIES, { numRuns: 1, seed: 7 }).flat())
  await grow(store, 'a', [{ a: 1 }, { a: 2 }, { a: 3, b: { c: 'x'.repeat(3000) } }], { tags: [] })
  await store.close()
}

/** Copies, and fails at a write of the target as a process that ends there would; tells how many writes there were. */
export async function copiedUntil(from: string, to: string, cut: number, keepSource: boolean): Promise<number> {
  const [source, target] = [await openedDriver(from), await openedDriver(to, { copying: true })]
  let writes = 0
  const counting: Driver = Object.assign(Object.create(target) as Driver, {
    query: target.query.bind(target),
    sizes: target.sizes.bind(target),
    transaction: async <T>(work: (tx: Transaction) => Promise<T>) => {
      if (++writes === cut) throw new Error('cut')
      return target.transaction(work)
    },
  })
  try {
    await copyStore(source, counting, { keepSource, check: async () => undefined })
    return writes
  } finally {
    await source.close()
    await target.close()
  }
}
