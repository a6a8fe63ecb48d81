import type { ChangeEvent, ConfigEvents } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { Listeners } from '../model/listeners.ts'
import type { VersionId } from '../model/version.ts'
import type { Log } from './options.ts'

/** Tells listeners what was committed, in the order of versions. */
export class Feed {
  readonly #listeners: Listeners
  readonly #closing = new AbortController()

  constructor(log: Log) {
    this.#listeners = new Listeners(log)
  }

  on<E extends keyof ConfigEvents>(event: E, listener: (event: ConfigEvents[E]) => void): () => void {
    return this.#listeners.on(event, listener)
  }

  publish<E extends keyof ConfigEvents>(event: E, what: ConfigEvents[E]): void {
    this.#listeners.tell(event, what)
  }

  /** Events after `since` as `past` tells them, then live ones: each version once, in order. A reader that falls behind by `limit` is refused. */
  async *watch(
    past: () => Promise<readonly ChangeEvent[]>,
    since: VersionId,
    {
      signal,
      limit = 10_000,
      show = (event) => event,
    }: {
      readonly signal?: AbortSignal
      readonly limit?: number
      /** What the reader is told of an event. */
      readonly show?: (event: ChangeEvent) => ChangeEvent
    } = {},
  ): AsyncGenerator<ChangeEvent> {
    const queue: ChangeEvent[] = []
    let wake = (): void => undefined
    const stop = this.on('change', (event) => {
      if (queue.length <= limit) queue.push(event)
      wake()
    })
    const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])]
    const onEnd = (): void => wake()
    for (const end of ends) end.addEventListener('abort', onEnd)
    try {
      let last = since
      for (const event of await past()) {
        last = event.version.id
        yield show(event)
      }
      while (!ends.some((end) => end.aborted)) {
        const event = queue.shift()
        if (event === undefined) await new Promise<void>((resolve) => (wake = resolve))
        else if (queue.length >= limit) throw behind(last, limit)
        else if (event.version.id > last) {
          last = event.version.id
          yield show(event)
        }
      }
    } finally {
      stop()
      for (const end of ends) end.removeEventListener('abort', onEnd)
    }
  }

  close(): void {
    this.#closing.abort()
    this.#listeners.clear()
  }
}

const behind = (last: VersionId, limit: number): HoldfastError =>
  new HoldfastError('too-large', `this watch is ${limit} changes behind; watch again with since: ${last}`, {
    limit: 'watch',
    allowed: limit,
  })
