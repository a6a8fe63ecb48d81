import { realpathSync, type Stats } from 'node:fs'
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import { alone } from '../store/alone.ts'
import { refuseExisting, syncFolder } from '../store/files.ts'
import { printKeys } from './key-text.ts'
import type { Key } from './keys.ts'
import type { Log } from './options.ts'

const OWNER_ONLY = 0o600

/** Makes the first key of a store. Another process may do so at the same moment: whoever links first wins, and both read that one. */
export async function makeKeyFile(file: string, key: Key, log: Log): Promise<void> {
  const made = `${file}.${process.pid}.${key.id}`
  await writeNew(made, printKeys([key]))
  if (!(await linkFirst(made, file))) return
  syncFolder(dirname(file))
  log.warn(
    { file },
    `made the key ${file}: without it the secrets in the store cannot be read; keep a copy somewhere else`,
  )
}

/** Writes keys into a new file; refuses (`exists`) one that is there. */
export async function writeKeyFile(file: string, keys: readonly Key[]): Promise<void> {
  try {
    await writeNew(file, printKeys(keys))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw refuseExisting(file)
    throw refusal(`the file ${file} cannot be written (${codeOf(error)}): name another one`, error)
  }
  syncFolder(dirname(file))
}

/**
 * Rewrites a key file as `change` says, while no other process does: two that put a key in front would otherwise lose one of them, and all that
 * was encrypted under it. A crash leaves the old file or the new one, whole.
 */
export async function changeKeyFile(file: string, change: (text: string) => string): Promise<void> {
  try {
    const real = realpathSync(file) // a link stays one
    await alone(real, async () => replace(real, change(await readFile(real, 'utf8'))))
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    throw refusal(`the key file ${file} cannot be changed (${codeOf(error)}): ${MEND}`, error)
  }
}

const MEND =
  'do it as the user it belongs to, who may write its folder; where it is given to this machine from elsewhere, "holdfast key generate FILE" writes another one for there'

const refusal = (message: string, cause: unknown): HoldfastError => new HoldfastError('key', message, {}, { cause })

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message

/** Under the lock, so what a crash left of the file's next form is nobody's. */
async function replace(file: string, text: string): Promise<void> {
  const next = `${file}.next`
  await rm(next, { force: true })
  await writeNew(next, text, await stat(file))
  await rename(next, file)
  syncFolder(dirname(file))
}

async function writeNew(file: string, text: string, like?: Stats): Promise<void> {
  const handle = await open(file, 'wx', OWNER_ONLY)
  try {
    if (like !== undefined) await giveTo(handle, like)
    await handle.writeFile(text)
    await handle.sync()
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

/** Whoever could read the file before still can, its group too; others never. */
async function giveTo(handle: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const own = await handle.stat()
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid)
  await handle.chmod(OWNER_ONLY | (mode & 0o040))
}

async function linkFirst(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    await rename(from, to) // a file system without hard links
    return true
  } finally {
    await rm(from, { force: true })
  }
}
