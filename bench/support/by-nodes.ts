import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresServer } from '../../test/postgres/server.ts'
import { percentile } from './load.ts'
import { median } from './measure.ts'
import { processorTime } from './processor.ts'
import type { Row } from './report.ts'
import { fresh, hear, ScaleNode } from './scale-node.ts'
import type { Shape } from './scaled.ts'

const MOST_NODES = 3
const ROUNDS = 3
const READS = 8000
const READERS = 32
const CHANGES = 960
const WRITERS = 64
const SINGLE = 150
/** Watchers of each node, and changes that they are told of one after another. */
const WATCHERS = 50
const TOLD = 100

/** All that is measured of so many nodes on one store. */
interface Measured {
  readonly reads: Work
  /** By one client; by 64 in as many namespaces; by 64 in one. */
  readonly single: Work
  readonly spread: Work
  readonly together: Work
  /** Milliseconds from the request of a change to the last event of all watchers, of all nodes. */
  readonly delays: readonly number[]
}

/** How quickly work was done, and what one operation took of the processors and of the disk. */
interface Work {
  /** Operations a second. */
  readonly rate: number
  /** Microseconds of processor time of an operation. */
  readonly nodes: number
  readonly database: number
  readonly load: number
  /** Milliseconds of each second in which PostgreSQL waited for its log to be on the disk. */
  readonly syncing: number
}

/** One node, two, three, each of which has all namespaces open. The load and PostgreSQL run on the same processors. */
export async function byNodes(shape: Shape, token: string, server: PostgresServer): Promise<readonly Row[]> {
  const rows: Row[] = []
  let one: Measured | undefined
  for (let count = 1; count <= MOST_NODES; count++) {
    const measured = await measure(count, { shape, token, server })
    one ??= measured
    rows.push(...rowsOf(count, measured, one))
  }
  return rows
}

interface Place {
  readonly shape: Shape
  readonly token: string
  readonly server: PostgresServer
}

async function measure(count: number, { shape, token, server }: Place): Promise<Measured> {
  using stack = new DisposableStack()
  const nodes: ScaleNode[] = []
  while (nodes.length < count) nodes.push(stack.use(await ScaleNode.start(shape, token)))
  for (const node of nodes) await node.reads(shape.namespaces, READERS)
  const work = (operations: number, run: () => Promise<unknown>) => worked(nodes, server, { operations, run })
  const share = (total: number): number => Math.max(1, Math.round(total / count))
  const changes = (inTurn: boolean) => () =>
    Promise.all(nodes.map((node) => node.changes(share(CHANGES), { clients: share(WRITERS), inTurn })))
  return {
    reads: await work(READS, () => Promise.all(nodes.map((node) => node.reads(share(READS), share(READERS))))),
    single: await work(SINGLE, () => nodes[0]!.changes(SINGLE, { clients: 1, inTurn: true })),
    spread: await work(CHANGES, changes(true)),
    together: await work(CHANGES, changes(false)),
    delays: await delays(nodes),
  }
}

interface Task {
  /** That one run does. */
  readonly operations: number
  readonly run: () => Promise<unknown>
}

/** The medians of some rounds, after one that is not counted. */
async function worked(nodes: readonly ScaleNode[], server: PostgresServer, task: Task): Promise<Work> {
  await task.run()
  const before = await syncTime(nodes, server)
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) rounds.push(await round(nodes, server, task))
  const waited = (await syncTime(nodes, server)) - before
  const middle = (figure: (round: Round) => number): number => median(rounds.map(figure))
  return {
    rate: middle(({ ms }) => (task.operations / ms) * 1000),
    nodes: middle(({ nodes }) => nodes),
    database: middle(({ database }) => database),
    load: middle(({ load }) => load),
    syncing: (waited / rounds.reduce((sum, { ms }) => sum + ms, 0)) * 1000,
  }
}

type Spent = Pick<Work, 'nodes' | 'database' | 'load'>
type Round = Spent & { readonly ms: number }

async function round(nodes: readonly ScaleNode[], server: PostgresServer, { operations, run }: Task): Promise<Round> {
  const before = await spent(nodes, server)
  const start = performance.now()
  await run()
  const ms = performance.now() - start
  const after = await spent(nodes, server)
  const each = (name: keyof Spent): number => (after[name] - before[name]) / operations
  return { ms, nodes: each('nodes'), database: each('database'), load: each('load') }
}

/** Microseconds of processor time until now. */
async function spent(nodes: readonly ScaleNode[], server: PostgresServer): Promise<Spent> {
  const of = await Promise.all(nodes.map((node) => node.cpu()))
  const { user, system } = process.cpuUsage()
  return {
    nodes: of.reduce((sum, time) => sum + time, 0),
    database: processorTime(server.pid),
    load: user + system,
  }
}

/** PostgreSQL's processes tell what they have counted at the end of a statement, and not twice in so many milliseconds. */
const TOLD_EVERY_MS = 1000

/** Milliseconds until now that PostgreSQL, 18 or later, has waited for its log to be on the disk. */
async function syncTime(nodes: readonly ScaleNode[], server: PostgresServer): Promise<number> {
  await sleep(TOLD_EVERY_MS + 100)
  for (const node of nodes) await node.change(fresh())
  const sql = `SELECT coalesce(sum(fsync_time), 0)::float8 AS ms FROM pg_stat_io WHERE object = 'wal'`
  return (await server.query<{ ms: number }>(sql))[0]!.ms
}

/** One change after another through the first node, each when all watchers have heard of the one before. */
async function delays(nodes: readonly ScaleNode[]): Promise<readonly number[]> {
  const listeners = await Promise.all(nodes.flatMap((node) => Array.from({ length: WATCHERS }, () => node.listen())))
  const times: number[] = []
  for (let i = 0; i < TOLD; i++) {
    const n = fresh()
    const heard = Promise.all(listeners.map((listener) => hear(listener, n)))
    const start = performance.now()
    await nodes[0]!.change(n)
    await heard
    times.push(performance.now() - start)
  }
  for (const listener of listeners) listener.close()
  return times
}

function rowsOf(count: number, measured: Measured, one: Measured): readonly Row[] {
  const { reads, single, spread, together } = measured
  const named = (name: string): string => `${count === 1 ? 'one node' : `${count} nodes`}: ${name}`
  const beside = (name: string, unit: Row['unit'], figure: (of: Measured) => number): Row => {
    const [ours, peer] = [figure(measured), figure(one)]
    return { name: named(name), unit, ours, peer, peerName: 'one node', ratio: ours / peer }
  }
  const part = (name: string, work: Work, who: 'nodes' | 'database'): Row => {
    const all = work.nodes + work.database + work.load
    return {
      name: named(name),
      unit: 'µs',
      ours: work[who],
      peer: all,
      peerName: 'with the load',
      ratio: work[who] / all,
    }
  }
  const syncing = (name: string, { syncing: ours }: Work): Row => {
    return { name: named(name), unit: 'ms', ours, peer: 1000, peerName: 'a second', ratio: ours / 1000 }
  }
  return [
    beside(`reads, ${READERS} clients`, '/s', (of) => of.reads.rate),
    part('processor time of a read, nodes', reads, 'nodes'),
    beside('changes, one client', '/s', (of) => of.single.rate),
    syncing('the log waits for the disk', single),
    beside(`changes, ${WRITERS} clients, as many namespaces`, '/s', (of) => of.spread.rate),
    part('processor time of one, nodes', spread, 'nodes'),
    part('processor time of one, PostgreSQL', spread, 'database'),
    syncing('the log waits for the disk', spread),
    beside(`changes, ${WRITERS} clients, one namespace`, '/s', (of) => of.together.rate),
    part('processor time of one, nodes', together, 'nodes'),
    part('processor time of one, PostgreSQL', together, 'database'),
    beside(`change to the last of ${WATCHERS} events a node`, 'ms', (of) => median(of.delays)),
    beside('the same, p99', 'ms', (of) => percentile(of.delays, 0.99)),
  ]
}
