import { Connection, load, requestText } from './support/load.ts'
import { compare, median } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { scratch } from './support/scratch.ts'
import { type Server, startServer } from './support/server.ts'

const CONNECTIONS = 32
const REQUESTS = 4000
const CONFIG = '/api/v1/namespaces/default/config'

/** A read over HTTP beside the least that Node can do for the same answer. */
export const http: Benchmark = {
  name: 'http',
  about: 'reads of 5 kB over HTTP',
  async run() {
    using ours = await startServer('holdfast-server', scratch())
    const first = await Connection.open(ours.port)
    const { text } = await first.ask(requestText({ path: CONFIG, headers: bearer(ours) }, ours.port))
    first.close()
    using bare = await startServer('bare-server', text)
    const rows: Row[] = []
    for (const kind of ['whole', 'unchanged'] as const) rows.push(...(await rowsOf(kind, ours, bare)))
    return rows
  },
}

const bearer = ({ token }: Server) => ({ authorization: `Bearer ${token}` })

interface Side {
  readonly run: () => Promise<void>
  readonly close: () => void
}

async function rowsOf(kind: 'whole' | 'unchanged', ours: Server, bare: Server): Promise<readonly Row[]> {
  const [us, them] = [await side(ours, CONFIG, kind), await side(bare, '/config', kind)]
  try {
    const speed = await compare(us.run, them.run, { rounds: 31, warmUp: 8 })
    const cpu = await cpuRatio([ours, us], [bare, them])
    const common = { peerName: 'node:http' } as const
    const rate = (ms: number) => (REQUESTS / ms) * 1000
    return [
      {
        ...common,
        name: kind,
        unit: '/s',
        ours: rate(speed.ours),
        peer: rate(speed.peer),
        ratio: 1 / speed.ratio,
        required: { atLeast: 0.9 },
      },
      { ...common, name: `${kind}, processor time`, unit: 'µs', ...cpu, required: { atMost: 1.15 } },
    ]
  } finally {
    us.close()
    them.close()
  }
}

async function side(server: Server, path: string, kind: 'whole' | 'unchanged'): Promise<Side> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(server.port)))
  const headers = bearer(server)
  const etag = await etagOf(server.port, path, headers)
  const request = requestText(
    { path, headers: kind === 'whole' ? headers : { ...headers, 'if-none-match': etag } },
    server.port,
  )
  const status = kind === 'whole' ? 200 : 304
  return {
    run: async () => {
      await load(
        connections,
        REQUESTS,
        () => request,
        (answer) => answer.status === status,
      )
    },
    close: () => {
      for (const connection of connections) connection.close()
    },
  }
}

async function etagOf(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  return response.headers.get('etag') ?? ''
}

/** Processor time of one request on both sides, in microseconds. */
async function cpuRatio(ours: readonly [Server, Side], bare: readonly [Server, Side]) {
  const rounds: { readonly ours: number; readonly peer: number }[] = []
  for (let i = 0; i < 15; i++) rounds.push({ ours: await cpuOf(...ours), peer: await cpuOf(...bare) })
  return {
    ours: median(rounds.map((round) => round.ours)),
    peer: median(rounds.map((round) => round.peer)),
    ratio: median(rounds.map((round) => round.ours / round.peer)),
  }
}

async function cpuOf(server: Server, { run }: Side): Promise<number> {
  const before = await server.cpu()
  await run()
  return ((await server.cpu()) - before) / REQUESTS
}
