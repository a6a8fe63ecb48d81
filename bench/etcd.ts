import { startEtcd } from './support/etcd.ts'
import { Listener } from './support/listener.ts'
import { Connection, load, percentile, requestText } from './support/load.ts'
import { median } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { scratch } from './support/scratch.ts'
import { startServer } from './support/server.ts'

const ROUNDS = 9
/** Changes before anything is measured: a server that runs for hours has compiled what it does all the time. */
const WARM_UP = 3000
const AT_ONCE = 64
const WATCHERS = 1000
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Durable changes and watchers over HTTP beside etcd's JSON gateway, on the same disk. */
export const etcd: Benchmark = {
  name: 'etcd',
  about: 'changes and watchers over HTTP',
  async run() {
    using peer = await startEtcd(scratch())
    if (peer === undefined) return []
    using ours = await startServer('holdfast-server', scratch())
    const sides: Sides = {
      ours: holdfast(ours.port, ours.token),
      peer: etcdGateway(peer.port),
    }
    return [...(await changes(sides, 1, 200)), ...(await changes(sides, AT_ONCE, 1600)), await watchers(sides)]
  },
}

/** A server that changes keys and tells watchers, each in its own words. */
interface Side {
  readonly port: number
  change(n: number): string
  readonly watch: string
  /** What a watcher is told of change `n`, and of no other. */
  told(n: number): string
}

interface Sides {
  readonly ours: Side
  readonly peer: Side
}

function holdfast(port: number, token: string): Side {
  const headers = { authorization: `Bearer ${token}` }
  const namespace = '/api/v1/namespaces/default'
  const body = (n: number) => JSON.stringify({ set: { bench: { [`key${n % 20}`]: n } }, reason: 'load test' })
  return {
    port,
    change: (n) => requestText({ method: 'POST', path: `${namespace}/changes`, headers, body: body(n) }, port),
    watch: requestText({ path: `${namespace}/watch`, headers }, port),
    told: (n) => `"newValue":${n}}`,
  }
}

function etcdGateway(port: number): Side {
  const put = (n: number) => JSON.stringify({ key: base64(`bench/key${n % 20}`), value: base64(String(n)) })
  const range = { create_request: { key: base64('bench/'), range_end: base64('bench0') } }
  return {
    port,
    change: (n) => requestText({ method: 'POST', path: '/v3/kv/put', body: put(n) }, port),
    watch: requestText({ method: 'POST', path: '/v3/watch', body: JSON.stringify(range) }, port),
    told: (n) => `"value":"${base64(String(n))}"`,
  }
}

let number = 1000

async function changes({ ours, peer }: Sides, clients: number, count: number): Promise<readonly Row[]> {
  const rounds: { readonly rate: number; readonly p99: number }[][] = []
  for (const side of [ours, peer]) await round(side, clients, WARM_UP)
  for (let i = 0; i < ROUNDS; i++) rounds.push([await round(ours, clients, count), await round(peer, clients, count)])
  const of = (side: 0 | 1, what: 'rate' | 'p99') => median(rounds.map((one) => one[side]![what]))
  const ratio = (what: 'rate' | 'p99') => median(rounds.map((one) => one[0]![what] / one[1]![what]))
  const name = clients === 1 ? 'changes, one client' : `changes, ${clients} clients`
  const row = (what: 'rate' | 'p99') => ({ ours: of(0, what), peer: of(1, what), peerName: 'etcd', ratio: ratio(what) })
  const rate: Row = { name, unit: '/s', ...row('rate'), required: { atLeast: clients === 1 ? 1.4 : 1.15 } }
  const p99: Row = {
    name: `${name}, p99`,
    unit: 'ms',
    ...row('p99'),
    ...(clients > 1 && { required: { atMost: 1.5 } }),
  }
  return [rate, p99]
}

async function round(side: Side, clients: number, count: number) {
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(side.port)))
  const start = performance.now()
  const times = await load(
    connections,
    count,
    () => side.change(number++),
    ({ status }) => status === 200 || status === 201,
  )
  const rate = (count / (performance.now() - start)) * 1000
  for (const connection of connections) connection.close()
  return { rate, p99: percentile(times, 0.99) }
}

/** From the request for a change to the moment the last watcher has it. */
async function watchers({ ours, peer }: Sides): Promise<Row> {
  const [us, them] = [await Audience.open(ours), await Audience.open(peer)]
  const rounds: { readonly ours: number; readonly peer: number }[] = []
  for (let i = 0; i < ROUNDS + 2; i++) rounds.push({ ours: await us.tell(number++), peer: await them.tell(number++) })
  us.close()
  them.close()
  const warm = rounds.slice(2)
  return {
    name: `${WATCHERS} watchers told, commit included`,
    unit: 'ms',
    ours: median(warm.map((one) => one.ours)),
    peer: median(warm.map((one) => one.peer)),
    peerName: 'etcd',
    ratio: median(warm.map((one) => one.ours / one.peer)),
    required: { atMost: 1 / 3 },
  }
}

/** Many watchers of one server, and somebody who changes something. */
class Audience {
  readonly #side: Side
  readonly #writer: Connection
  readonly #sockets: readonly Listener[]

  private constructor(side: Side, writer: Connection, sockets: readonly Listener[]) {
    this.#side = side
    this.#writer = writer
    this.#sockets = sockets
  }

  static async open(side: Side): Promise<Audience> {
    const sockets: Listener[] = []
    for (let i = 0; i < WATCHERS; i++) sockets.push(await Listener.open(side.port, side.watch))
    return new Audience(side, await Connection.open(side.port), sockets)
  }

  async tell(n: number): Promise<number> {
    const { promise: all, resolve } = Promise.withResolvers<void>()
    let left = this.#sockets.length
    const tell = (): void => {
      if (--left === 0) resolve()
    }
    for (const socket of this.#sockets) socket.hear(this.#side.told(n), tell)
    const start = performance.now()
    await Promise.all([this.#writer.ask(this.#side.change(n)), all])
    return performance.now() - start
  }

  close(): void {
    this.#writer.close()
    for (const socket of this.#sockets) socket.close()
  }
}
