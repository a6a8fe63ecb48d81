import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import { countRows, requireEqual } from './copy-equal.ts'
import type { Copy, CopyTarget } from './copy-parts.ts'
import { copyPass } from './copy-pass.ts'
import { TABLES } from './copy-tables.ts'
import type { Driver, Transaction } from './driver.ts'
import { refuseExisting } from './files.ts'
import { openDriver } from './sqlite.ts'
import { readBackup } from './sqlite-restore.ts'

type OnProgress = (done: number, total: number) => void

/** Copies any store, as it is at one moment while others write, into a new file that is a SQLite store: the one form of all backups. */
export async function backUpByCopy(source: Driver, file: string, onProgress?: OnProgress): Promise<void> {
  if (existsSync(file)) throw refuseExisting(file)
  if (!existsSync(dirname(file))) throw refuseNoFolder(file)
  const partial = `${file}.partial-${crypto.randomUUID().slice(0, 8)}`
  try {
    const target = await openDriver(partial, { inline: true })
    try {
      await copyMoment(
        source,
        target,
        { query: target.query.bind(target), write: (work) => target.transaction(work) },
        onProgress,
      )
      await target.backup(file)
    } finally {
      await target.close()
    }
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(partial + suffix, { force: true })
  }
}

export interface RestoreByCopyOptions {
  /** Makes room in the transaction of the restore, and tells where what was there is kept. Unless told otherwise, all rows are deleted. */
  readonly makeRoom?: (tx: Transaction) => Promise<string | null>
  readonly onProgress?: OnProgress
}

/** Puts a backup in the place of what a store has, in one transaction: until it is committed, all is as it was. Sessions end. */
export async function restoreByCopy(
  backup: string,
  target: Driver,
  { makeRoom = emptyOut, onProgress }: RestoreByCopyOptions = {},
): Promise<string | null> {
  return readBackup(backup, (source) =>
    target.transaction(
      async (tx) => {
        const kept = await makeRoom(tx)
        await copyMoment(source, target, { query: tx.query.bind(tx), write: (work) => work(tx) }, onProgress)
        return kept
      },
      { isLong: true },
    ),
  )
}

/** Leases stay, and are free: whoever held one under a token never holds it again. */
export async function emptyOut(tx: Transaction): Promise<null> {
  for (const { name } of TABLES) if (name !== 'system_metadata') await tx.run(`DELETE FROM ${name}`)
  for (const name of ['sessions', 'nodes']) await tx.run(`DELETE FROM ${name}`)
  await tx.run('UPDATE leases SET node = NULL')
  await tx.run(`DELETE FROM system_metadata WHERE key <> 'schema_version'`)
  return null
}

/** Copies one moment of a store into an empty database, and compares. */
async function copyMoment(source: Driver, into: Driver, target: CopyTarget, onProgress?: OnProgress): Promise<void> {
  await source.read(async (reader) => {
    const total = await countRows(reader)
    let done = 0
    const onRows: Copy['onRows'] = (count) => {
      done += count
      onProgress?.(Math.min(done, total), total)
    }
    await copyPass({ source: reader, target, onRows }, { level: 0, isFirst: true })
    const counters = await (await source.counters()).read(reader)
    const counting = await into.counters()
    await target.write((tx) => counting.raise(tx, counters))
    await requireEqual(reader, target, into.name)
    onProgress?.(total, total)
  })
}

const refuseNoFolder = (file: string) =>
  new HoldfastError('unavailable', `${file}: its folder is not there; nothing was copied. Make it first`, {
    store: file,
    retry: false,
  })
