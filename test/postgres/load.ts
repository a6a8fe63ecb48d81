import { Caller } from './caller.ts'
import { type Evidence, readEvidence } from './evidence.ts'
import { Follower } from './follower.ts'
import type { Node } from './nodes.ts'
import { Recorder } from './recorder.ts'
import { pause, until } from './until.ts'

export interface LoadOptions {
  /** Where all kinds of changes are made at once: comparisons hardly ever hold. */
  readonly mixed: readonly string[]
  /** Where only comparisons are made, so that some of them hold. */
  readonly compared: string
  /** Whether reads may ask for a version at least (`?min=N`). */
  readonly hasMin: boolean
}

const KEYS = ['a', 'b', 'c']
const BETWEEN_MS = 10

/** Writers, readers and watchers of each namespace at all nodes, until it is finished. */
export class Load {
  readonly #nodes: readonly Node[]
  readonly #recorders: readonly Recorder[]
  readonly #followers: ReadonlyMap<string, readonly Follower[]>
  readonly #ending = new AbortController()
  readonly #working: readonly Promise<void>[]

  private constructor(nodes: readonly Node[], recorders: readonly Recorder[], { compared, hasMin }: LoadOptions) {
    this.#nodes = nodes
    this.#recorders = recorders
    this.#followers = new Map(recorders.map(({ namespace }) => [namespace, followers(nodes, namespace)]))
    this.#working = recorders.flatMap((recorder) =>
      nodes.flatMap((_, at) => [
        ...(recorder.namespace === compared ? [] : [this.#write(recorder, at)]),
        this.#compare(recorder, at),
        this.#read(recorder, at, hasMin),
      ]),
    )
    // Looked at when it is finished; until then a failure waits.
    for (const work of this.#working) work.catch(() => undefined)
  }

  static async start(nodes: readonly Node[], options: LoadOptions): Promise<Load> {
    const recorders: Recorder[] = []
    for (const namespace of [...options.mixed, options.compared]) recorders.push(await prepared(nodes[0]!, namespace))
    return new Load(nodes, recorders, options)
  }

  get acknowledged(): number {
    return this.#recorders.reduce((sum, recorder) => sum + recorder.acknowledged, 0)
  }

  /** Waits until so many more changes were acknowledged than are now. */
  async progress(count: number): Promise<void> {
    const enough = this.acknowledged + count
    const failed = Promise.all(this.#working).then(() => undefined)
    await Promise.race([failed, until(`${enough} changes are acknowledged`, () => this.acknowledged >= enough)])
  }

  /** Ends all of it, waits until every watcher has been told everything, and reads what the store has. */
  async finish(): Promise<Evidence> {
    this.#ending.abort()
    await Promise.all(this.#working)
    await this.#settle()
    try {
      return await readEvidence(this.#nodes, this.#recorders, this.#followers)
    } finally {
      for (const follower of [...this.#followers.values()].flat()) await follower.stop()
    }
  }

  /** A change of each node after all others: what its caller gave up on is by then made or will never be. */
  async #settle(): Promise<void> {
    for (const { namespace } of this.#recorders)
      for (const [at, node] of this.#nodes.entries())
        await until(`node ${at + 1} has ended its work on ${namespace}`, () => changedLast(node, namespace, at))
  }

  async #write(recorder: Recorder, at: number): Promise<void> {
    const caller = new Caller(`w${at}`, this.#nodes, { recorder, at })
    for (let n = 0; !this.#ending.signal.aborted; n++) {
      await caller.write(KEYS[n % KEYS.length]!, this.#ending.signal, { isOnce: n % 10 === 9 })
      await pause(BETWEEN_MS)
    }
  }

  /** Writes only where nobody came between. */
  async #compare(recorder: Recorder, at: number): Promise<void> {
    const caller = new Caller(`c${at}`, this.#nodes, { recorder, at })
    for (let n = 0; !this.#ending.signal.aborted; n++) {
      await caller.write(KEYS[n % KEYS.length]!, this.#ending.signal, { ifVersion: recorder.newest })
      await pause(BETWEEN_MS)
    }
  }

  async #read(recorder: Recorder, at: number, hasMin: boolean): Promise<void> {
    const caller = new Caller(`r${at}`, this.#nodes, { recorder, at })
    for (let n = 0; !this.#ending.signal.aborted; n++) {
      await caller.read({ isFresh: hasMin && n % 2 === 0 })
      await pause(BETWEEN_MS)
    }
  }
}

const followers = (nodes: readonly Node[], namespace: string): readonly Follower[] =>
  nodes.flatMap((_, at) => [true, false].map((isRoaming) => new Follower(nodes, { namespace, at, isRoaming })))

async function changedLast(node: Node, namespace: string, at: number): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': `last-${namespace}-${at}` }
  const body = JSON.stringify({ set: { settled: { [`node${at}`]: true } } })
  const address = `/api/v1/namespaces/${namespace}/changes`
  const answer = await node.fetch(address, { method: 'POST', headers, body }).catch(() => undefined)
  await answer?.arrayBuffer()
  return answer?.status === 201
}

/** Makes the namespace and says where it begins. */
async function prepared(node: Node, namespace: string): Promise<Recorder> {
  const address = `/api/v1/namespaces/${namespace}`
  const made = await node.fetch(address, { method: 'PUT' })
  if (!made.ok) throw new Error(`namespace ${namespace} was answered ${made.status}: ${await made.text()}`)
  const page = (await (await node.fetch(`${address}/versions?limit=1`)).json()) as { items: { id: number }[] }
  return new Recorder(namespace, page.items[0]?.id ?? 0)
}
