import { PostgresServer } from '../test/postgres/server.ts'
import { missing, PASSWORD } from '../test/postgres/template.ts'
import { byNodes } from './support/by-nodes.ts'
import { bySize } from './support/by-size.ts'
import type { Benchmark, Row } from './support/report.ts'
import { fill, type Shape, versionsIn } from './support/scaled.ts'

const LARGE = 1000
const SMALL = 10
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: 200,
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  track_wal_io_timing: 'on',
} as const

/**
 * PostgreSQL with 1,000 namespaces beside one with ten that are like them: what does not depend on their number should take the same time.
 * Then one, two and three nodes on the large one: what they do together, and who takes the processors for it.
 */
export const scale: Benchmark = {
  name: 'scale',
  about: `${LARGE} namespaces, ${LARGE * 1000} rows of history, ${LARGE * 100} keys on PostgreSQL`,
  async run() {
    if (missing !== undefined) return []
    await using server = await PostgresServer.start({ settings: SETTINGS })
    process.env['PGPASSWORD'] = PASSWORD // not in the address: processes are told that in their words, which anybody may list
    const [ours, peer] = [await database(server, LARGE), await database(server, SMALL)]
    const room = await filling(server, ours, peer)
    await server.query('CHECKPOINT')
    const { rows, token } = await bySize(ours, peer)
    return [room, ...rows, ...(await byNodes(ours, token, server))]
  },
}

async function database(server: PostgresServer, namespaces: number): Promise<Shape> {
  return { store: (await server.freshDatabase()).replace(`:${PASSWORD}`, ''), namespaces }
}

/** Both are filled; how much room a version takes then. */
async function filling(server: PostgresServer, large: Shape, small: Shape): Promise<Row> {
  const [ours, peer] = [await filledIn(server, large), await filledIn(server, small)]
  const peerName = `${SMALL} namespaces`
  return { name: 'room of a version of ten keys', unit: 'kB', ours, peer, peerName, ratio: ours / peer }
}

/** Kilobytes that a version takes on the disk, indexes included. */
async function filledIn(server: PostgresServer, shape: Shape): Promise<number> {
  const name = new URL(shape.store).pathname.slice(1)
  const query = <R>(sql: string) => server.query<R>(sql, [], name)
  const kilobytes = async (): Promise<number> => {
    const sql = 'SELECT pg_database_size(current_database())::float8 / 1024 AS size'
    return (await query<{ readonly size: number }>(sql))[0]!.size
  }
  const bare = await kilobytes()
  await fill(shape, query)
  await query('VACUUM ANALYZE') // or the server does it while something is measured
  return ((await kilobytes()) - bare) / versionsIn(shape)
}
