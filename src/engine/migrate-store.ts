import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Progress } from '../model/admin.ts'
import { HoldfastError } from '../model/errors.ts'
import { type CopyReport, copyStore } from '../store/copy.ts'
import type { Driver } from '../store/driver.ts'
import { sqlStore } from '../store/sql.ts'
import { KEY_FILE } from './keys.ts'
import { openDriver } from './open.ts'
import type { StoreOptions } from './options.ts'
import { verify } from './verify.ts'

export interface MigrateRequest extends Pick<StoreOptions, 'directory' | 'lockTimeoutMs' | 'now'> {
  /** Leaves the source in use: what is made is a copy. */
  readonly keepSource?: boolean
  /** Recompute every hash and the chain of the copy before it is switched to; true. */
  readonly verify?: boolean
  readonly onProgress?: Progress
  readonly onVerify?: Progress
}

export interface MigrateReport extends CopyReport {
  readonly from: string
  readonly to: string
  /** A file with the key of secrets that stands beside the source, and that the target does not find by itself. */
  readonly keyFile: string | null
}

/** Moves a store into another database while it is used; what was cut short is gone on with. */
export async function migrateStore(from: string, to: string, request: MigrateRequest = {}): Promise<MigrateReport> {
  for (const store of [from, to]) refuseMemory(store)
  const { directory, lockTimeoutMs, now, keepSource = false } = request
  const common = { ...(directory && { directory }), ...(lockTimeoutMs && { lockTimeoutMs }), ...(now && { now }) }
  await using source = disposed(await openDriver({ ...common, store: from, create: false }))
  await using target = disposed(await openDriver({ ...common, store: to, copying: true }))
  const report = await copyStore(source.driver, target.driver, {
    keepSource,
    ...(request.verify !== false && { check: () => check(target.driver, request.onVerify) }),
    ...(request.onProgress && { onProgress: request.onProgress }),
    ...(now && { now }),
  })
  return {
    from: source.driver.name,
    to: target.driver.name,
    ...report,
    keyFile: keyFileOf(source.driver, target.driver),
  }
}

function refuseMemory(store: string): void {
  if (store !== ':memory:') return
  throw new HoldfastError('unsupported', 'a store in memory is gone with its process: name one that stays', {
    what: store,
  })
}

const disposed = (driver: Driver) => ({ driver, [Symbol.asyncDispose]: () => driver.close() })

async function check(driver: Driver, onProgress: Progress | undefined): Promise<void> {
  const { problems } = await verify(sqlStore(driver), onProgress && { onProgress })
  const [problem] = problems
  if (problem === undefined) return
  const where = [problem.namespace, problem.version].filter((part) => part !== null).join(' ')
  const text = `the copy does not verify (${where}: ${problem.message}); nothing was switched. Look at what "holdfast verify" says of the source`
  throw new HoldfastError('store', `${driver.name}: ${text}`, { store: driver.name })
}

function keyFileOf(source: Driver, target: Driver): string | null {
  if (source.directory === null || source.directory === target.directory) return null
  const file = join(source.directory, KEY_FILE)
  return existsSync(file) ? file : null
}
