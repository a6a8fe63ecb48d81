import { openDriver } from '../../../src/engine/open.ts'
import { copyStore } from '../../../src/store/copy.ts'
import type { Driver, Transaction, TransactionOptions } from '../../../src/store/driver.ts'

/** Copies a store into another one, and is killed right after the nth commit of one of them. */
const [from, to, where, nth] = process.argv.slice(2)
const dying = (driver: Driver, isIt: boolean): Driver => {
  let commits = 0
  const transaction = async <T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> => {
    const result = await driver.transaction(work, options)
    if (isIt && ++commits === Number(nth)) process.kill(process.pid, 'SIGKILL')
    return result
  }
  return Object.assign(Object.create(driver) as Driver, {
    transaction,
    query: driver.query.bind(driver),
    read: driver.read.bind(driver),
    sizes: driver.sizes.bind(driver),
  })
}
const source = dying(await openDriver({ store: from! }), where === 'source')
const target = dying(await openDriver({ store: to!, copying: true }), where === 'target')
await copyStore(source, target, { keepSource: false })
