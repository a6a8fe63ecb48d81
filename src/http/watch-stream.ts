import type { Socket } from 'node:net'
import type { VersionId } from '../model/version.ts'

/** How long a stream that has ended may take to say so. */
const FAREWELL_MS = 2000

/** What is written to every stream of a group alike: an event, or a line that is none. */
export interface Frame {
  /** The version it tells of; absent where it tells of none. */
  readonly version?: VersionId
  readonly bytes: Buffer
}

/** Frames that go out together, in one write for each stream. */
export interface Batch {
  readonly frames: readonly Frame[]
  readonly bytes: Buffer
  /** The first and the last version told of; infinite and 0 where there is none. */
  readonly first: VersionId
  readonly last: VersionId
}

/** Puts frames together, copied once however many streams there are. */
export function toBatch(frames: readonly Frame[]): Batch {
  const versions = frames.flatMap(({ version }) => (version === undefined ? [] : [version]))
  const bytes = frames.length === 1 ? frames[0]!.bytes : Buffer.concat(frames.map((frame) => frame.bytes))
  return { frames, bytes, first: versions[0] ?? Number.POSITIVE_INFINITY, last: versions.at(-1) ?? 0 }
}

/**
 * One client's stream, written to the bare socket. It knows the last version it told, so that each is told once whatever it is offered, and never
 * holds more than its limit for a client that does not read.
 */
export class WatchStream {
  last: VersionId = 0
  readonly #socket: Socket
  readonly #limit: number
  /** What came while the past was being told; null once the stream is live. */
  #held: Batch[] | null = null
  #heldBytes = 0

  constructor(socket: Socket, limit: number) {
    this.#socket = socket
    this.#limit = limit
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && !this.#socket.writableEnded
  }

  /** Offers what was published: written, or kept for when the past has been told. */
  take(batch: Batch): void {
    if (!this.isOpen) return
    if (this.#held !== null) this.#hold(batch)
    else if (this.#socket.writableLength > this.#limit) this.#socket.destroy()
    else this.#tell(batch)
  }

  #hold(batch: Batch): void {
    this.#heldBytes += batch.bytes.length
    if (this.#heldBytes > this.#limit) this.#held!.length = 0
    else this.#held!.push(batch)
  }

  #tell({ frames, bytes, first, last }: Batch): void {
    if (this.last < first) this.#socket.write(bytes)
    else
      for (const frame of frames)
        if (frame.version === undefined || frame.version > this.last) this.#socket.write(frame.bytes)
    if (last > this.last) this.last = last
  }

  /** Begins, or begins anew, to keep what is published: what was kept before will be read from the store. */
  hold(): void {
    this.#held = []
    this.#heldBytes = 0
  }

  /** Tells what was kept and goes live. False where that was too much to keep: the store has to be read once more. */
  release(): boolean {
    if (this.#heldBytes > this.#limit) return false
    const held = this.#held ?? []
    this.#held = null
    for (const batch of held) this.take(batch)
    return true
  }

  /** Writes a piece of the past; resolves when the client has read enough of it, and closes on one that reads nothing for `patienceMs`. */
  async write(bytes: Buffer | string, patienceMs: number): Promise<void> {
    if (!this.isOpen || this.#socket.write(bytes)) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), patienceMs)
      const done = (): void => {
        clearTimeout(timer)
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.on('drain', done).on('close', done)
    })
  }

  /** Ends the stream after `farewell`, also where nobody reads that. */
  end(farewell: string): void {
    if (!this.isOpen) return
    const timer = setTimeout(() => this.#socket.destroy(), FAREWELL_MS).unref()
    this.#socket.once('close', () => clearTimeout(timer))
    this.#socket.once('finish', () => this.#socket.destroy())
    this.#socket.end(farewell)
  }

  /** Closes it at once, whatever still waits to be read. */
  destroy(): void {
    this.#socket.destroy()
  }
}
