import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Listener } from './listener.ts'
import { type Answer, Connection, load, requestText } from './load.ts'
import { namespaceName, type Shape } from './scaled.ts'
import { type Server, startServer } from './server.ts'

const SCRIPT = new URL('./scale-writer.ts', import.meta.url)

let number = 1_000_000
/** A number that no change has set yet. */
export const fresh = (): number => ++number

/** A node on a filled store, in a process of its own, and all that is asked of it. */
export class ScaleNode implements Disposable {
  readonly namespaces: number
  readonly #store: string
  readonly #server: Server
  readonly #connections: Connection[] = []
  #writer: ChildProcess | undefined
  #turn = 0

  private constructor(server: Server, { store, namespaces }: Shape) {
    this.namespaces = namespaces
    this.#store = store
    this.#server = server
  }

  /** `token`: one of the store's; where none is given, the store must have none yet and makes its first. */
  static async start(shape: Shape, token = ''): Promise<ScaleNode> {
    return new ScaleNode(await startServer('scale-server', shape.store, token), shape)
  }

  get token(): string {
    return this.#server.token
  }

  get openedMs(): number {
    return this.#server.openedMs
  }

  /** Bytes, after a collection. */
  memory(): Promise<number> {
    return this.#server.memory()
  }

  /** Microseconds of processor time since it started. */
  cpu(): Promise<number> {
    return this.#server.cpu()
  }

  /** Asks once, and tells how many milliseconds that took. */
  async read(path: string): Promise<number> {
    const [time = 0] = await load(await this.#lanes(1), 1, () => this.#get(path), isGood)
    return time
  }

  /** Reads the whole configuration of one namespace after another. */
  async reads(count: number, clients: number): Promise<void> {
    await load(await this.#lanes(clients), count, () => this.#get(`${this.#inTurn()}/config`), isGood)
  }

  /** Makes changes, so many at once: in one namespace, or in all that there are in turn. */
  async changes(count: number, { clients, inTurn }: { clients: number; inTurn: boolean }): Promise<void> {
    const next = () => this.#post(inTurn ? this.#inTurn() : pathOf(0), fresh())
    await load(await this.#lanes(clients), count, next, isGood)
  }

  /** Makes one change of the first namespace, which sets `n`. */
  async change(n: number): Promise<void> {
    await load(await this.#lanes(1), 1, () => this.#post(pathOf(0), n), isGood)
  }

  /** Makes changes one after another, each heard of by a watcher before the next. */
  async told(count: number): Promise<void> {
    const listener = await this.listen()
    for (let i = 0; i < count; i++) {
      const n = fresh()
      const heard = hear(listener, n)
      await this.change(n)
      await heard
    }
    listener.close()
  }

  /** Has another process make changes, and waits each time until a watcher here has heard of the last. */
  async toldOfOthers(times: number, count: number): Promise<void> {
    const listener = await this.listen()
    this.#writer ??= await startWriter(this.#store)
    for (let i = 0; i < times; i++) {
      const from = number + 1
      number += count
      const heard = hear(listener, number)
      this.#writer.send({ from, count })
      await heard
    }
    listener.close()
  }

  /** A watcher of the first namespace. */
  listen(): Promise<Listener> {
    return Listener.open(this.#server.port, this.#get(`${pathOf(0)}/watch`))
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close()
    this.#writer?.kill()
    this.#server[Symbol.dispose]()
  }

  /** So many connections, opened where there are none yet, or none any more. */
  #lanes(count: number): Promise<readonly Connection[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, lane) => {
        const open = this.#connections[lane]
        if (open?.isOpen) return open
        const opened = await Connection.open(this.#server.port)
        this.#connections[lane] = opened
        return opened
      }),
    )
  }

  #inTurn(): string {
    return pathOf(this.#turn++ % this.namespaces)
  }

  #get(path: string): string {
    return requestText({ path, headers: this.#headers }, this.#server.port)
  }

  #post(namespace: string, n: number): string {
    const body = JSON.stringify({ set: { 'section-0': { n } }, reason: 'load test' })
    return requestText(
      { method: 'POST', path: `${namespace}/changes`, headers: this.#headers, body },
      this.#server.port,
    )
  }

  get #headers() {
    return { authorization: `Bearer ${this.#server.token}` }
  }
}

/** Where a namespace's addresses begin. */
export const pathOf = (n: number): string => `/api/v1/namespaces/${namespaceName(n)}`

/** Resolves when the watcher has the event of the change that set `n`. */
export const hear = (listener: Listener, n: number): Promise<void> =>
  new Promise((resolve) => listener.hear(`"newValue":${n}}`, resolve))

const isGood = ({ status }: Answer): boolean => status < 300

async function startWriter(store: string): Promise<ChildProcess> {
  const child = fork(SCRIPT, [store, namespaceName(0)])
  await once(child, 'message')
  return child
}
