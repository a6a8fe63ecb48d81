import { EventParser, parseWatchId } from '../../src/wire/sse.ts'
import type { Node } from './nodes.ts'
import { pause, until } from './until.ts'

/** A stream that says nothing for so long, not even a heartbeat, is given up by who may go elsewhere. */
const SILENCE_MS = 3500
const BETWEEN_MS = 25

export interface FollowerOptions {
  readonly namespace: string
  /** The node that it begins at. */
  readonly at: number
  /** Whether it goes to the next node each time its stream ends, or stays with its own. */
  readonly isRoaming: boolean
}

/** A watcher that writes down every version it is told, from the first one on, and takes up its stream wherever it broke. */
export class Follower {
  /** Ids of events as they came, `N-<chain>`. */
  readonly told: string[] = []
  resets = 0
  /** How often it connected. */
  connections = 0
  readonly #nodes: readonly Node[]
  readonly #options: FollowerOptions
  readonly #stopping = new AbortController()
  readonly #ended: Promise<void>
  #at: number

  constructor(nodes: readonly Node[], options: FollowerOptions) {
    this.#nodes = nodes
    this.#options = options
    this.#at = options.at
    this.#ended = this.#follow()
  }

  get versions(): readonly number[] {
    return this.told.map((id) => parseWatchId(id).version)
  }

  /** Waits until it was told of `version`. */
  async reached(version: number): Promise<void> {
    const { namespace, at } = this.#options
    await until(`a watcher of ${namespace} from node ${at + 1} is told of ${version}`, () => this.#last >= version)
  }

  get #last(): number {
    const id = this.told.at(-1)
    return id === undefined ? 0 : parseWatchId(id).version
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#ended
  }

  async #follow(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#listen()
      if (this.#options.isRoaming) this.#at++
      await pause(BETWEEN_MS)
    }
  }

  /** Until the stream ends, however it does: a watcher connects again whatever it was. */
  async #listen(): Promise<void> {
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(), SILENCE_MS)
    try {
      const parser = new EventParser()
      for await (const chunk of await this.#connect(AbortSignal.any([silence.signal, this.#stopping.signal]))) {
        if (this.#options.isRoaming) timer.refresh()
        else clearTimeout(timer)
        for (const { event, lastEventId } of parser.push(chunk)) this.#take(event, lastEventId)
      }
    } catch {
      // It was cut, refused or given up.
    } finally {
      clearTimeout(timer)
    }
  }

  async #connect(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    this.connections++
    const last = this.told.at(-1)
    const since = last === undefined ? '?since=0' : ''
    const headers = { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) }
    const node = this.#nodes[this.#at % this.#nodes.length]!
    const answer = await node.fetch(`/api/v1/namespaces/${this.#options.namespace}/watch${since}`, { headers, signal })
    if (answer.status === 200) return answer.body!
    await answer.body?.cancel()
    throw new Error(`a watch was answered ${answer.status}`)
  }

  #take(event: string, id: string): void {
    if (event === 'reset') this.resets++
    if (event === 'change') this.told.push(id)
  }
}
