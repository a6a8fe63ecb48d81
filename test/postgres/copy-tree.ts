import { constants } from 'node:fs'
import { chmod, chown, copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Account } from './account.ts'

export interface CopyOptions {
  readonly account: Account | undefined
  /** Names of files that stay behind, wherever they are. */
  readonly without?: readonly string[]
  /** Names of folders that are made and left empty. */
  readonly empty?: readonly string[]
}

/** Copies a folder that may change meanwhile, so that `account` owns the copy; what vanished is left out. */
export async function copyTree(from: string, to: string, options: CopyOptions): Promise<void> {
  await mkdir(to, { mode: 0o700, recursive: true })
  await own(to, options)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyFolder(source, target, entry.name, options)
    else if (entry.isFile() && !options.without?.includes(entry.name))
      await unlessGone(copyOne(source, target, options))
  }
}

async function copyFolder(from: string, to: string, name: string, options: CopyOptions): Promise<void> {
  if (!options.empty?.includes(name)) return await unlessGone(copyTree(from, to, options))
  await mkdir(to, { mode: 0o700 })
  await own(to, options)
}

async function copyOne(from: string, to: string, options: CopyOptions): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE)
  await chmod(to, 0o600)
  await own(to, options)
}

async function own(path: string, { account }: CopyOptions): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
