import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../model/errors.ts'
import { isTree } from '../model/value.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'
import { parseJson } from './json.ts'
import type { ClientLog } from './options.ts'
import { isSnapshotAnswer } from './shape.ts'
import { isReadable } from './snapshots.ts'

/** What a client needs to start without its server. */
export interface Kept {
  readonly url: string
  readonly namespace: string
  /** True where secrets stand in it in plain text. */
  readonly reveal: boolean
  /** False where the token saw only some sections. */
  readonly isWhole: boolean
  readonly answer: SnapshotAnswer
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

/**
 * The last good snapshot in a file: a line with the SHA-256 of the rest, then JSON (`tail -n +2 FILE | sha256sum`). It may hold secrets as plain
 * text: mode 0600, replaced whole or not at all. What is not as we wrote it is not read.
 */
export class CacheFile {
  readonly #file: string
  readonly #log: ClientLog
  readonly #limit: number
  #waiting: Kept | undefined
  #writing: Promise<void> | undefined

  constructor(file: string, log: ClientLog, limit: number) {
    this.#file = resolve(file)
    this.#log = log
    this.#limit = limit
  }

  /** What was kept of this namespace of this server; `undefined`, with a warning, where that cannot be trusted. */
  async load({ url, namespace }: Pick<Kept, 'url' | 'namespace'>): Promise<Kept | undefined> {
    try {
      const kept = await this.#read()
      if (kept.url === url && kept.namespace === namespace) return kept
      this.#log.warn({ file: this.#file }, 'the cache file is of another server or namespace: it is not used')
    } catch (error) {
      const why = error instanceof Error ? error.message : 'it cannot be read'
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (!isMissing) this.#log.warn({ file: this.#file }, `the cache file is not used: ${why}`)
    }
    return undefined
  }

  async #read(): Promise<Kept> {
    await using file = await open(this.#file, O_RDONLY | O_NOFOLLOW)
    const { size, mode } = await this.#requireFile(file)
    if (size > this.#limit) throw damaged(`it has ${size} bytes, more than responseBytes allows`)
    if ((mode & 0o022) !== 0) throw damaged('others may write it; make it mode 0600')
    const [head = '', content = ''] = splitOnce((await file.readFile()).toString('utf8'))
    if (head !== (await hashOf(content))) throw damaged('its hash is not that of its content')
    const kept = parseJson(content)
    if (isKept(kept) && isReadable(kept.answer)) return kept
    throw damaged('it does not hold a configuration')
  }

  async #requireFile(file: FileHandle) {
    const stat = await file.stat()
    if (stat.isFile()) return stat
    throw damaged('it is not a plain file')
  }

  /** Keeps `kept` instead, soon: of several in a row only the last. A failure is told in the log. */
  save(kept: Kept): void {
    this.#waiting = kept
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    })
  }

  /** Waits until what was last saved is in the file. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== undefined) {
      const kept = this.#waiting
      this.#waiting = undefined
      await this.#write(kept).catch((error: unknown) => {
        this.#log.warn({ file: this.#file, error }, 'the cache file could not be written')
      })
    }
  }

  async #write(kept: Kept): Promise<void> {
    const content = JSON.stringify(kept)
    const folder = dirname(this.#file)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const temporary = join(folder, `.${basename(this.#file)}.${process.pid}.tmp`)
    await rm(temporary, { force: true })
    {
      await using file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      await file.writeFile(`${await hashOf(content)}\n${content}`)
      await file.sync()
    }
    // A link that stands there is replaced, not followed.
    await rename(temporary, this.#file)
    await using directory = await open(folder, O_RDONLY)
    await directory.sync()
  }
}

const damaged = (why: string): HoldfastError => new HoldfastError('store', why, { store: 'cacheFile' })

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function splitOnce(text: string): readonly string[] {
  const end = text.indexOf('\n')
  return end === -1 ? [] : [text.slice(0, end), text.slice(end + 1)]
}

function isKept(value: unknown): value is Kept {
  if (!isTree(value)) return false
  const { url, namespace, reveal, isWhole, answer } = value
  const isTyped = typeof url === 'string' && typeof namespace === 'string' && typeof reveal === 'boolean'
  return isTyped && typeof isWhole === 'boolean' && isSnapshotAnswer(answer)
}
