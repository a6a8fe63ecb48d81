import { median } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { mostConnections, type Told, Watched } from './support/watch-clients.ts'

const TOLD = 1000
const IDLE = 5000
const ROUNDS = 40
const KILOBYTE = 1024
const MOST_KILOBYTES = 25

/** Watchers told of one durable change, against a bare loop over sockets, and what a watcher costs that is told nothing. */
export const watchers: Benchmark = {
  name: 'watchers',
  about: `${TOLD} watchers told of a change, ${IDLE} idle ones`,
  async run() {
    return [...(await telling(Math.min(TOLD, mostConnections()))), await memory(Math.min(IDLE, mostConnections()))]
  },
}

interface Round {
  readonly ours: Told
  readonly peer: Told
}

async function telling(count: number): Promise<readonly Row[]> {
  const [ours, bare] = await Promise.all([Watched.start('ours'), Watched.start('bare')])
  try {
    const event = await sampleEvent(ours)
    await ours.watch(count)
    await bare.watch(count)
    const rounds: Round[] = []
    for (let n = 0; n < ROUNDS; n++) {
      const mine = () => ours.tell(requestOf(n))
      const theirs = () => bare.tell(event)
      // the other one first in every second round
      const first = n % 2 === 0 ? await mine() : undefined
      const peer = await theirs()
      rounds.push({ ours: first ?? (await mine()), peer })
    }
    const settled = rounds.slice(ROUNDS / 4)
    return [
      row(`${count} told, from the first to the last`, settled, (told) => told.fanOut, { required: { atMost: 1.25 } }),
      row(`${count} told, commit included`, settled, (told) => told.whole, { peerName: 'append, fsync, socket loop' }),
    ]
  } finally {
    await Promise.all([ours.close(), bare.close()])
  }
}

const requestOf = (n: number): string => JSON.stringify({ set: { server: { port: 10_000 + n } }, reason: 'load test' })

/** An event of the length of ours, which the bare server writes down and sends. */
async function sampleEvent(ours: Watched): Promise<string> {
  const result = JSON.parse(await ours.change(requestOf(-1))) as { readonly version: { readonly chainHash: string } }
  const data = JSON.stringify({ ...result, reason: 'load test' })
  return `event: change\nid: 1-${result.version.chainHash.slice(0, 16)}\ndata: ${data}\n\n`
}

const row = (
  name: string,
  rounds: readonly Round[],
  figure: (told: Told) => number,
  more: Partial<Pick<Row, 'required' | 'peerName'>>,
): Row => ({
  name,
  unit: 'ms',
  ours: median(rounds.map((round) => figure(round.ours))),
  peer: median(rounds.map((round) => figure(round.peer))),
  peerName: 'bare socket loop',
  ratio: median(rounds.map((round) => figure(round.ours) / figure(round.peer))),
  ...more,
})

async function memory(count: number): Promise<Row> {
  const server = await Watched.start('ours')
  try {
    await server.change(requestOf(0))
    await server.watch(100) // what the first ones load is not theirs
    const before = await server.memory()
    await server.watch(count - 100)
    const each = ((await server.memory()) - before) / (count - 100) / KILOBYTE
    return {
      name: `memory of one of ${count} idle watchers`,
      unit: 'kB',
      ours: each,
      peer: MOST_KILOBYTES,
      peerName: 'limit',
      ratio: each / MOST_KILOBYTES,
      required: { atMost: 1 },
    }
  } finally {
    await server.close()
  }
}
