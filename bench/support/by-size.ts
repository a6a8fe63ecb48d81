import { type Comparison, compare, median } from './measure.ts'
import type { Required, Row, Unit } from './report.ts'
import { pathOf, ScaleNode } from './scale-node.ts'
import type { Shape } from './scaled.ts'

const STARTS = 3
const FIRST_READS = 8
const READERS = 32
const WRITERS = 64
const MOST_KILOBYTES = 250
const HALF = { atLeast: 0.5 }
const DOUBLE = { atMost: 2 }

interface Sides<T> {
  readonly ours: T
  readonly peer: T
}

/** A node on a large store beside one on a small store, and a token of the large one for who goes on. */
export async function bySize(
  large: Shape,
  small: Shape,
): Promise<{ readonly rows: readonly Row[]; readonly token: string }> {
  const peerName = `${small.namespaces} namespaces`
  const { rows, tokens } = await opening({ ours: large, peer: small })
  using ours = await ScaleNode.start(large, tokens.ours)
  using peer = await ScaleNode.start(small, tokens.peer)
  const sides = { ours, peer }
  const told: Figures[] = [...rows]
  const tell = (...some: readonly Figures[]): void => {
    told.push(...some)
    for (const { name, ours, peer, unit } of some)
      process.stderr.write(`\n  ${name}: ${ours.toPrecision(3)} | ${peer.toPrecision(3)} ${unit}`)
  }
  tell(await memory(ours, small.namespaces))
  tell(await reading(sides))
  tell(await looking(sides))
  tell(...(await hearing(sides)))
  tell(...(await changing(sides)))
  return { rows: told.map((one) => ({ peerName, ...one })), token: tokens.ours }
}

type Figures = Omit<Row, 'peerName'> & Partial<Pick<Row, 'peerName'>>

/** Nodes started again and again: until each listens, and its first reads of namespaces that nobody has asked for yet. */
async function opening(shapes: Sides<Shape>) {
  const tokens = { ours: '', peer: '' }
  const started: { readonly opened: Sides<number>; readonly read: Sides<number> }[] = []
  for (let i = 0; i <= STARTS; i++) {
    const ours = await firstSteps(shapes.ours, tokens.ours)
    const peer = await firstSteps(shapes.peer, tokens.peer)
    tokens.ours = ours.token
    tokens.peer = peer.token
    // The first start makes a token.
    if (i > 0)
      started.push({
        opened: { ours: ours.opened, peer: peer.opened },
        read: { ours: ours.read, peer: peer.read },
      })
  }
  const rows = (['opened', 'read'] as const).map((what) => {
    const times = started.map((one) => one[what])
    const figures = {
      ours: median(times.map(({ ours }) => ours)),
      peer: median(times.map(({ peer }) => peer)),
      ratio: median(times.map(({ ours, peer }) => ours / peer)),
    }
    return row(what === 'opened' ? 'a node opens' : 'first read of a namespace', 'ms', figures, DOUBLE)
  })
  return { rows, tokens }
}

async function firstSteps(shape: Shape, known: string) {
  using node = await ScaleNode.start(shape, known)
  await node.read(`${pathOf(0)}/config`) // the first of all loads code
  const times: number[] = []
  for (let n = 1; n <= FIRST_READS; n++) times.push(await node.read(`${pathOf(n)}/config`))
  return { token: node.token, opened: node.openedMs, read: median(times) }
}

/** What each namespace takes that is open. */
async function memory(node: ScaleNode, few: number): Promise<Figures> {
  await node.reads(few, 1)
  const before = await node.memory()
  await node.reads(node.namespaces - few, 8)
  const ours = ((await node.memory()) - before) / (node.namespaces - few) / 1024
  const figures = { ours, peer: MOST_KILOBYTES, ratio: ours / MOST_KILOBYTES }
  return { ...row('memory of an open namespace', 'kB', figures, { atMost: 1 }), peerName: 'limit' }
}

async function reading({ ours, peer }: Sides<ScaleNode>): Promise<Figures> {
  const count = 4000
  const run = (node: ScaleNode) => () => node.reads(count, READERS)
  return rate(`reads, ${READERS} clients`, count, await compare(run(ours), run(peer), { rounds: 7 }), HALF)
}

async function changing({ ours, peer }: Sides<ScaleNode>): Promise<readonly Figures[]> {
  const run = (node: ScaleNode, count: number, how: { clients: number; inTurn: boolean }) => () =>
    node.changes(count, how)
  const [one, many, spread] = [
    { clients: 1, inTurn: true },
    { clients: WRITERS, inTurn: false },
    { clients: WRITERS, inTurn: true },
  ]
  const options = { rounds: 7 }
  const count = 10 * WRITERS
  const single = await compare(run(ours, 50, one), run(peer, 50, one), options)
  const together = await compare(run(ours, count, many), run(peer, count, many), options)
  const apart = await compare(run(ours, count, spread), run(ours, count, many), options)
  return [
    rate('changes, one after another', 50, single, HALF),
    rate(`changes, ${WRITERS} clients, one namespace`, count, together, HALF),
    { ...rate(`changes, ${WRITERS} clients, as many namespaces`, count, apart), peerName: 'in one namespace' },
  ]
}

async function hearing({ ours, peer }: Sides<ScaleNode>): Promise<readonly Figures[]> {
  const told = (node: ScaleNode) => () => node.told(10)
  const others = (node: ScaleNode) => () => node.toldOfOthers(10, 1)
  const many = (node: ScaleNode) => () => node.toldOfOthers(1, 100)
  const options = { rounds: 7 }
  return [
    row('change to event', 'ms', per(10, await compare(told(ours), told(peer), options)), DOUBLE),
    row("another process's change to event", 'ms', per(10, await compare(others(ours), others(peer), options)), DOUBLE),
    row('100 of its changes to the last event', 'ms', await compare(many(ours), many(peer), options), DOUBLE),
  ]
}

async function looking({ ours, peer }: Sides<ScaleNode>): Promise<Figures> {
  const page = (node: ScaleNode) => () => node.read(`${pathOf(0)}/history?limit=50`)
  return row('page of history', 'ms', await compare(page(ours), page(peer), { rounds: 31 }), DOUBLE)
}

const row = (name: string, unit: Unit, figures: Comparison, required?: Required): Figures => ({
  name,
  unit,
  ...figures,
  ...(required && { required }),
})

const per = (count: number, { ours, peer, ratio }: Comparison): Comparison => ({
  ours: ours / count,
  peer: peer / count,
  ratio,
})

/** Operations a second. */
const rate = (name: string, count: number, { ours, peer, ratio }: Comparison, required?: Required): Figures =>
  row(name, '/s', { ours: (count / ours) * 1000, peer: (count / peer) * 1000, ratio: 1 / ratio }, required)
