import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'
import { state } from './stamp.ts'
import { trail } from './trail.ts'

/**
 * Calls `onChange` once what `path` leads to has changed and nothing has written to it for a moment. Watches directories, not the file,
 * so that a file renamed over, a swapped link, and a return after deletion are seen; a slow look at the file itself covers file systems
 * that tell nothing. `seen` is the state that was loaded, so that a change between loading and watching counts.
 */
export function watchFile(path: string, onChange: () => void, seen?: string): () => Promise<void> {
  const watched = new FileWatch(path, onChange, seen)
  return () => watched.stop()
}

const SETTLE_MS = 50
const LONGEST_MS = 1000
const LOOK_MS = 2000

class FileWatch {
  readonly #path: string
  readonly #onChange: () => void
  readonly #looking: NodeJS.Timeout
  #watchers: readonly FSWatcher[] = []
  #work: Promise<void>
  #settling: NodeJS.Timeout | undefined
  #since: number | undefined
  #isTouched = false
  #isStopped = false
  #last = ''

  constructor(path: string, onChange: () => void, seen: string | undefined) {
    this.#path = path
    this.#onChange = onChange
    this.#work = this.#begin(seen)
    this.#looking = setInterval(() => this.#queue(() => this.#look()), LOOK_MS).unref()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#looking)
    clearTimeout(this.#settling)
    await this.#work
    for (const watcher of this.#watchers) watcher.close()
  }

  async #begin(seen: string | undefined): Promise<void> {
    this.#last = seen ?? (await state(this.#path))
    await this.#arm()
    if ((await state(this.#path)) !== this.#last) this.#touch()
  }

  /** Starts or prolongs the wait for quiet, which is bounded: a file that is always written to must be looked at some time. */
  #touch(): void {
    if (this.#isStopped) return
    const now = performance.now()
    this.#since ??= now
    const wait = Math.max(0, Math.min(SETTLE_MS, this.#since + LONGEST_MS - now))
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => this.#queue(() => this.#settle()), wait).unref()
  }

  #queue(step: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#isStopped ? undefined : step()))
  }

  /** Arms first, looks second: a change between the two is then seen by one of them. */
  async #settle(): Promise<void> {
    this.#since = undefined
    const isTouched = this.#isTouched
    this.#isTouched = false
    await this.#arm()
    const found = await state(this.#path)
    const isChanged = isTouched || found !== this.#last
    this.#last = found
    if (isChanged && !this.#isStopped) this.#onChange()
  }

  async #look(): Promise<void> {
    if ((await state(this.#path)) !== this.#last) this.#touch()
  }

  /** Watches anew where the path leads now. A directory that cannot be watched (no right, no watches left) is left to the slow look. */
  async #arm(): Promise<void> {
    const old = this.#watchers
    const places = await trail(this.#path)
    this.#watchers = [...places].flatMap(([directory, names]) => this.#watch(directory, names) ?? [])
    for (const watcher of old) watcher.close()
  }

  #watch(directory: string, names: ReadonlySet<string>): FSWatcher | undefined {
    try {
      const watcher = watch(directory, { persistent: false })
      watcher.on('error', () => watcher.close())
      watcher.on('change', (_, changed) => {
        const name = changed === null ? undefined : String(changed)
        if (name !== undefined && names.has(name)) this.#isTouched = true
        else if (name !== undefined && name !== basename(directory)) return
        this.#touch()
      })
      return watcher
    } catch {
      return undefined
    }
  }
}
