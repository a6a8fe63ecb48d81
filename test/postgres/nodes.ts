import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ServerProcess } from '../http/server-process.ts'
import { lifeline } from './lifeline.ts'

export interface NodeOptions {
  /** Of this node alone where the store is a database server; of all of them where it is a file. */
  readonly directory: string
  /** A URL, or a file in the directory. */
  readonly store: string
  /** Further options of `serve`. */
  readonly options?: object
}

/** One `holdfast serve`, in a process of its own and on one port through all its lives. */
export class Node implements AsyncDisposable {
  readonly name: string
  readonly #server: ServerProcess
  #lifeline: ChildProcess

  private constructor(name: string, server: ServerProcess) {
    this.name = name
    this.#server = server
    this.#lifeline = guard(server)
  }

  static async start(name: string, { directory, store, options = {} }: NodeOptions): Promise<Node> {
    mkdirSync(directory, { recursive: true })
    return new Node(name, await ServerProcess.start(directory, { store, heartbeatSeconds: 1, ...options }))
  }

  get url(): string {
    return this.#server.url
  }

  /** What it has said on standard error, in all its lives. */
  get log(): string {
    return this.#server.stderr
  }

  /** Only the first node of a store shows the first token; the others are told it here. */
  get token(): string {
    return this.#server.token
  }

  set token(token: string) {
    this.#server.token = token
  }

  /** Ends it as the kernel would, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#server.kill()
    this.#lifeline.kill()
  }

  /** Stops it where it is: its connections stay open and nothing answers. */
  pause(): void {
    process.kill(this.#server.pid, 'SIGSTOP')
  }

  resume(): void {
    process.kill(this.#server.pid, 'SIGCONT')
  }

  /** Starts it again after it was killed. */
  async start(): Promise<void> {
    await this.#server.start()
    this.#lifeline = guard(this.#server)
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return this.#server.fetch(path, init)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

const guard = ({ pid }: ServerProcess): ChildProcess => lifeline('kill -KILL "$1"', String(pid))

/** Starts nodes on one store; all know its first token. `at` says where each keeps what it must. */
export async function startNodes(count: number, at: (i: number) => NodeOptions): Promise<readonly Node[]> {
  const first = await Node.start('node 1', at(0))
  const rest = Array.from({ length: count - 1 }, (_, i) => Node.start(`node ${i + 2}`, at(i + 1)))
  const nodes = [first, ...(await Promise.all(rest))]
  for (const node of nodes) node.token = first.token
  return nodes
}

/** A folder for each node below `directory`. */
export const inFolders =
  (directory: string, store: (i: number) => string, options: object = {}): ((i: number) => NodeOptions) =>
  (i) => ({ directory: join(directory, `node-${i + 1}`), store: store(i), options })
