import { type Config, openConfig } from '../src/index.ts'
import { PostgresServer } from '../test/postgres/server.ts'
import { missing } from '../test/postgres/template.ts'
import { median } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { type Usual, usualStore } from './support/usual-postgres.ts'

const ROUNDS = 5
const AT_ONCE = 64
const LIMIT_MS = 50
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', max_connections: 120 } as const

/** Changes on PostgreSQL beside the usual way to write them there, and how soon another node hears of one. */
export const postgres: Benchmark = {
  name: 'postgres',
  about: 'changes on PostgreSQL, and nodes that hear of them',
  async run() {
    if (missing !== undefined) return []
    await using server = await PostgresServer.start({ settings: DURABLE })
    const url = await server.freshDatabase()
    await using config = await open(url)
    await using other = await open(url)
    await using usual = await usualStore(url, AT_ONCE)
    const rates = async (clients: number, ours: number, theirs: number) =>
      ratesOf(config, usual, { clients, ours, theirs })
    return [await rates(1, 200, 200), await rates(AT_ONCE, 3200, 256), await heard(config, other)]
  },
}

const open = (store: string): Promise<Config> => openConfig({ store, sources: [], environment: {}, actor: 'operator' })

interface Load {
  readonly clients: number
  /** Changes in a round of each side. */
  readonly ours: number
  readonly theirs: number
}

async function ratesOf(config: Config, usual: Usual, { clients, ours, theirs }: Load): Promise<Row> {
  const us = () =>
    rate(clients, ours, (_, n) => config.update('bench', { [`key${n % 20}`]: Math.random() }, { reason: 'load test' }))
  const them = () => rate(clients, theirs, (client) => usual.change(client))
  const rounds: { readonly ours: number; readonly peer: number }[] = []
  for (let i = 0; i < ROUNDS + 2; i++) rounds.push({ ours: await us(), peer: await them() })
  const warm = rounds.slice(2)
  return {
    name: clients === 1 ? 'changes, one client' : `changes, ${clients} clients`,
    unit: '/s',
    ours: median(warm.map((one) => one.ours)),
    peer: median(warm.map((one) => one.peer)),
    peerName: 'begin, lock, three, commit',
    ratio: median(warm.map((one) => one.ours / one.peer)),
    ...(clients > 1 && { required: { atLeast: 3 } }),
  }
}

async function rate(clients: number, count: number, change: (client: number, n: number) => Promise<unknown>) {
  const start = performance.now()
  let left = count
  const work = async (client: number): Promise<void> => {
    while (left > 0) await change(client, left--)
  }
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
  return (count / (performance.now() - start)) * 1000
}

/** From the answer to a change on one node until another has it in memory. */
async function heard(config: Config, other: Config): Promise<Row> {
  const delays: number[] = []
  for (let n = 0; n < 50; n++) {
    const { promise, resolve } = Promise.withResolvers<number>()
    const stop = other.on('change', () => resolve(performance.now()))
    await config.update('bench', { heard: n })
    const answered = performance.now()
    delays.push(Math.max(0, (await promise) - answered))
    stop()
  }
  const ours = median(delays)
  return {
    name: 'another node has a change',
    unit: 'ms',
    ours,
    peer: LIMIT_MS,
    peerName: 'limit',
    ratio: ours / LIMIT_MS,
    required: { atMost: 1 },
  }
}
