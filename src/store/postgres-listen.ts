import type { Client } from 'pg'
import type { PostgresConnections } from './postgres-connections.ts'
import type { News } from './store.ts'
import { sleep } from './wait.ts'

/** How often is asked whether anything was missed, and how long is waited before a lost connection is tried again. */
const LOOK_MS = 5000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

type Listener = (news?: News) => void

/**
 * Hears what other nodes committed by LISTEN. A connection that is lost is made again, and everybody told that they may have missed something; so
 * are they when the count of writes has moved and nothing was heard.
 */
export class PostgresListener {
  readonly #connections: PostgresConnections
  readonly #channel: string
  readonly #node: string
  readonly #listeners = new Set<Listener>()
  #running: Promise<void> | undefined
  #client: Client | undefined
  #serial = -1
  #isClosed = false
  #wake: () => void = () => undefined

  constructor(connections: PostgresConnections, channel: string, node: string) {
    this.#connections = connections
    this.#channel = channel
    this.#node = node
  }

  /** Calls a listener from now on; resolved is nothing, for the connection comes when it can. */
  on(listener: Listener): () => void {
    this.#listeners.add(listener)
    this.#running ??= this.#run()
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#listeners.clear()
    this.#wake()
    await this.#client?.end().catch(() => undefined)
    await this.#running
  }

  async #run(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !this.#isClosed; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#listen(() => {
          pause = FIRST_PAUSE_MS
        })
      } catch {
        // what was lost is said by those who read and write; here it is only tried again
      }
      if (!this.#isClosed) await this.#pause(pause * (0.5 + Math.random()))
    }
  }

  async #listen(onListening: () => void): Promise<void> {
    const client = await this.#connections.connect()
    this.#client = client
    const { promise: lost, resolve } = Promise.withResolvers<void>()
    client.on('error', () => resolve())
    client.on('end', () => resolve())
    client.on('notification', ({ payload = '' }) => this.#hear(payload))
    try {
      await client.query(`LISTEN ${this.#channel}`)
      onListening()
      this.#tell()
      let isLost = false
      void lost.then(() => {
        isLost = true
        this.#wake()
      })
      while (!isLost && !this.#isClosed) {
        await this.#look(client)
        await this.#pause(LOOK_MS)
      }
    } finally {
      this.#client = undefined
      client.end().catch(() => undefined)
    }
  }

  #hear(payload: string): void {
    const at = payload.indexOf(' ')
    if (payload.slice(0, at) === this.#node) return
    this.#tell(payload.slice(at + 1) as News)
  }

  /** A connection that looks alive may be dead: this finds out, and whether anything was missed. */
  async #look(client: Client): Promise<void> {
    const { rows } = await client.query<{ serial: number }>('SELECT serial FROM store_head')
    const serial = rows[0]!.serial
    if (this.#serial >= 0 && serial !== this.#serial) this.#tell()
    this.#serial = serial
  }

  #tell(news?: News): void {
    for (const listener of this.#listeners) listener(news)
  }

  #pause(ms: number): Promise<void> {
    return Promise.race([sleep(ms), new Promise<void>((resolve) => (this.#wake = resolve))])
  }
}
