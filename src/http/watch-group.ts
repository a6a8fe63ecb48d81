import type { EmbeddedConfig } from '../engine/embedded.ts'
import type { ChangeEvent } from '../model/config.ts'
import type { Version, VersionId } from '../model/version.ts'
import { encodeEvent, watchId } from '../wire/sse.ts'
import type { Caller } from './context.ts'
import { type Batch, type Frame, toBatch, type WatchStream } from './watch-stream.ts'

/** Bytes that go out in one write, if no single event is longer. */
const BATCH_BYTES = 64 * 1024

/** How long writing to streams may keep everything else waiting. */
const SLICE_MS = 10

/** The event as those see it who are shown its changes. */
export const changeFrame = (event: ChangeEvent): Frame => ({
  version: event.version.id,
  bytes: Buffer.from(encodeEvent({ id: watchId(event.version), event: 'change', data: JSON.stringify(event) })),
})

/** The whole configuration as an event, and the version it is. */
export interface Reset {
  readonly version: Version | null
  readonly bytes: Buffer
}

/** What streams of a group have in common. */
export interface GroupParts {
  /** One of those who are told, for all of them. */
  readonly caller: Caller
  readonly config: EmbeddedConfig
  /** Which events are told: all, or those with changes in some sections. */
  readonly isWanted: (event: ChangeEvent) => boolean
}

/** Streams that are told the same: one subscription, one buffer for each event. */
export class WatchGroup {
  readonly streams = new Set<WatchStream>()
  readonly caller: Caller
  readonly config: EmbeddedConfig
  readonly isWanted: GroupParts['isWanted']
  readonly #onTold: (milliseconds: number) => void
  readonly #stops: readonly (() => void)[]
  #waiting: Frame[] = []
  #isWriting = false
  /** The newest version that was left out since the last event: streams learn its id with a heartbeat, so that they resume after it. */
  #passed: Frame | undefined
  /** Kept until the next heartbeat: streams that lost their past come back together. */
  #reset: { readonly at: VersionId | undefined; readonly made: Promise<Reset> } | undefined

  constructor({ caller, config, isWanted }: GroupParts, onTold: (milliseconds: number) => void) {
    this.#onTold = onTold
    this.caller = caller
    this.config = config
    this.isWanted = isWanted
    this.#stops = [
      config.on('change', (event) => this.#onChange(event)),
      config.on('source', (status) => {
        this.#reset = undefined
        this.publish({ bytes: Buffer.from(encodeEvent({ event: 'source', data: JSON.stringify(status) })) })
      }),
    ]
  }

  #onChange(event: ChangeEvent): void {
    const isWanted = this.isWanted(event)
    this.#passed = isWanted
      ? undefined
      : { version: event.version.id, bytes: Buffer.from(encodeEvent({ id: watchId(event.version) })) }
    if (isWanted) this.publish(changeFrame(event))
  }

  beat(frame: Frame): void {
    this.publish(this.#passed ?? frame)
    this.#passed = undefined
    this.#reset = undefined
  }

  /** The same bytes for all who have to begin anew at one version. */
  async reset(make: () => Promise<Reset>): Promise<Reset> {
    const version = this.config.version?.id
    if (this.#reset === undefined || this.#reset.at !== version) this.#reset = { at: version, made: make() }
    return this.#reset.made
  }

  /** Writes to every stream, soon: what is published at once goes out at once. */
  publish(frame: Frame): void {
    this.#waiting.push(frame)
    if (this.#isWriting) return
    this.#isWriting = true
    queueMicrotask(() => void this.#write(performance.now()))
  }

  async #write(since: number): Promise<void> {
    while (this.#waiting.length > 0) await this.#offer(this.#nextBatch())
    this.#isWriting = false
    this.#onTold(performance.now() - since)
  }

  #nextBatch(): Batch {
    let bytes = 0
    const tooMany = this.#waiting.findIndex((frame) => {
      bytes += frame.bytes.length
      return bytes > BATCH_BYTES
    })
    return toBatch(this.#waiting.splice(0, tooMany === -1 ? this.#waiting.length : Math.max(1, tooMany)))
  }

  /** A stream that joins meanwhile is offered the batch too, and knows whether it has told it. */
  async #offer(batch: Batch): Promise<void> {
    let end = performance.now() + SLICE_MS
    for (const stream of this.streams) {
      stream.take(batch)
      if (performance.now() < end) continue
      await new Promise((resolve) => setImmediate(resolve))
      end = performance.now() + SLICE_MS
    }
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }
}
