import { createReadStream } from 'node:fs'
import { chmod, mkdir, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Admin, Backup, NamedBackup, VerifiedBackup } from '../model/admin.ts'
import { HoldfastError } from '../model/errors.ts'
import { authoriseStore, type Principal } from '../model/principal.ts'

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/
const ENDING = '.db'

/** Copies of the store in one folder, which nobody but the server's account can read: they are files by name, and nothing else of the disk. */
export class Backups {
  readonly #directory: string
  readonly #now: () => Date

  constructor(directory: string, now: () => Date) {
    this.#directory = directory
    this.#now = now
  }

  /** Newest first; none where there is no folder yet. */
  async list(who: Principal): Promise<readonly Backup[]> {
    authoriseStore(who, 'admin')
    const names = (await this.#names()).filter((name) => NAME.test(name) && name.endsWith(ENDING))
    const found = await Promise.all(names.map((name) => this.#read(name)))
    return found.filter((one) => one !== undefined).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await readdir(this.#directory)
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  }

  async #read(name: string): Promise<Backup | undefined> {
    try {
      const found = await stat(join(this.#directory, name))
      return found.isFile() ? { name, bytes: found.size, createdAt: found.mtime.toISOString() } : undefined
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  /** Makes a copy named after the time, opens it and checks it. */
  async create(who: Principal, admin: Admin): Promise<NamedBackup> {
    authoriseStore(who, 'admin')
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const name = `holdfast-${this.#now().toISOString().replace(/[-:.]/g, '')}${ENDING}`
    const file = join(this.#directory, name)
    const { bytes, versions, history, heads } = await admin.backup(file)
    await chmod(file, 0o600)
    return { name, bytes, versions, history, heads }
  }

  /** The file of a copy, to be sent. */
  async open(who: Principal, name: string): Promise<{ readonly stream: Readable; readonly bytes: number }> {
    authoriseStore(who, 'admin')
    const found = await this.#find(name)
    const handle = await open(join(this.#directory, name))
    return { stream: createReadStream('', { fd: handle }), bytes: found.bytes }
  }

  /** Opens a copy and recomputes all of its hashes, on a thread of its own. That a copy is damaged is what was found, and no refusal. */
  async verify(who: Principal, name: string): Promise<VerifiedBackup> {
    authoriseStore(who, 'admin')
    const { bytes } = await this.#find(name)
    const file = join(this.#directory, name)
    const { verifyBackupApart } = await import('../engine/verify-apart.ts')
    try {
      const { ok, versions, history, problems, heads } = await verifyBackupApart(file)
      return { name, bytes, ok, versions, history, problems, heads }
    } catch (error) {
      if (!HoldfastError.is(error, 'store')) throw error
      const problem = { namespace: null, version: null, message: error.message.replaceAll(file, name) }
      return { name, bytes, ok: false, versions: 0, history: 0, problems: [problem], heads: {} }
    }
  }

  async #find(name: string): Promise<Backup> {
    const found = NAME.test(name) && name.endsWith(ENDING) ? await this.#read(name) : undefined
    if (found !== undefined) return found
    throw new HoldfastError('not-found', `there is no backup ${JSON.stringify(name)}`, { what: name })
  }
}

const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'
