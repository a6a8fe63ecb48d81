import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseWatchId } from '../../src/wire/sse.ts'
import { PostgresCluster } from './cluster.ts'
import { describeWithPostgres } from './describe.ts'
import type { Evidence } from './evidence.ts'
import { Load } from './load.ts'
import { inFolders, type Node, startNodes } from './nodes.ts'
import { TcpProxy } from './proxy.ts'
import { pause } from './until.ts'

/** How long a node is paused, as a virtual machine is that is moved. */
const PAUSE_MS = Number(process.env['HOLDFAST_PAUSE_SECONDS'] ?? 30) * 1000
const CUT_MS = 1000
/** Changes that must go through between one blow and the next. */
const CALM = 60
const NODES = 3
/** Timed work that goes on all the while: each of its times makes one version. */
const TICK = { name: 'tick', task: 'snapshot', cron: '*/2 * * * * *', namespaces: ['timed'] }

/** All that can be broken: two database servers, three nodes, and the network between each node and each server. */
interface World {
  readonly cluster: PostgresCluster
  readonly nodes: readonly Node[]
  /** By node: its way to each server. */
  readonly ways: readonly (readonly TcpProxy[])[]
}

describeWithPostgres('three nodes on a primary and its standby', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-failover-'))
  let cluster: PostgresCluster | undefined
  let nodes: readonly Node[] = []
  let ways: readonly (readonly TcpProxy[])[] = []
  let evidence: Evidence
  let ticks: Ticks

  beforeAll(async () => {
    cluster = await PostgresCluster.start()
    const database = await cluster.freshDatabase()
    const { ports } = cluster
    ways = await Promise.all(Array.from({ length: NODES }, () => Promise.all(ports.map((port) => TcpProxy.to(port)))))
    const store = (i: number): string =>
      cluster!.url(
        database,
        ways[i]!.map(({ port }) => port),
      )
    nodes = await startNodes(NODES, inFolders(directory, store, { schedules: [TICK] }))
    expect((await nodes[0]!.fetch('/api/v1/namespaces/timed', { method: 'PUT' })).status).toBe(201)
    evidence = await broken({ cluster, nodes, ways })
    ticks = await ticksIn(cluster, database)
  }, 300_000)

  afterAll(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
    for (const way of ways.flat()) await way[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)

  it('lose no change that was acknowledged, apply none twice, and have a history that is linearizable', () => {
    for (const { anomalies } of evidence.namespaces) expect(anomalies).toEqual([])
  })

  it('were read, changed, and changed by comparisons that held', () => {
    for (const { operations, namespace } of evidence.namespaces) {
      const done = operations.filter((one) => one.kind === 'write' && one.outcome.kind === 'done')
      const held = done.filter((one) => one.kind === 'write' && one.ifVersion !== undefined)
      expect(done.length).toBeGreaterThan(CALM)
      expect(operations.some((one) => one.kind === 'read' && one.isFresh)).toBe(true)
      if (namespace === 'compared') expect(held).toEqual(done)
    }
  })

  it('give no version number twice', () => {
    const numbers = evidence.namespaces.flatMap(({ ids }) => ids.map((id) => parseWatchId(id).version))
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  it('tell every watcher every version once, in order, whichever node it goes to', () => {
    for (const { told, ids, resets } of evidence.namespaces) {
      expect(resets).toBe(0)
      expect(told).toHaveLength(2 * NODES)
      for (const one of told) expect(one).toEqual(ids)
    }
  })

  it('do timed work once: no time of a schedule twice, and what each made is there once', () => {
    expect(ticks.done).toBeGreaterThan(5)
    expect(ticks.times).toBe(ticks.runs)
    // One that was killed may have made its version and not have said so.
    expect(ticks.versions).toBeGreaterThanOrEqual(ticks.done)
    expect(ticks.versions).toBeLessThanOrEqual(ticks.runs)
  })

  it('leave a store whose hashes and chains hold', () => {
    expect(evidence.isSound).toBe(true)
  })
})

interface Ticks {
  /** How many runs were begun, of how many times of the schedule. */
  readonly runs: number
  readonly times: number
  /** How many said that they are done, and how many versions were made by all. */
  readonly done: number
  readonly versions: number
}

async function ticksIn({ primary }: PostgresCluster, database: string): Promise<Ticks> {
  const runs = `FROM holdfast.schedule_runs WHERE name = 'tick'`
  const versions = `FROM holdfast.config_versions WHERE namespace = 'timed'`
  // A time that came before the namespace was there had nothing to do.
  const [row] = await primary.query<Ticks>(
    `SELECT (SELECT count(*)::int ${runs}) AS runs, (SELECT count(DISTINCT due_at)::int ${runs}) AS times,
      (SELECT count(*)::int ${runs} AND outcome = 'done' AND started_at > (SELECT min(created_at) ${versions})) AS done,
      (SELECT count(*)::int ${versions} AND created_by = 'schedule:tick') AS versions`,
    [],
    database,
  )
  return row!
}

/** Everything that goes wrong, one after the other, while all work. */
async function broken(world: World): Promise<Evidence> {
  const load = await Load.start(world.nodes, { mixed: ['mixed'], compared: 'compared', hasMin: true })
  await load.progress(CALM)
  await killNode(world, load)
  await cutNetwork(world, load)
  await pauseNode(world, load)
  await loseNetwork(world, load)
  await failOver(world, load)
  return await load.finish()
}

async function killNode({ nodes }: World, load: Load): Promise<void> {
  await nodes[2]!.kill()
  await load.progress(CALM)
  await nodes[2]!.start()
  await load.progress(CALM)
}

/** All connections of all nodes are reset; those of the first one cannot be made again for a while. */
async function cutNetwork({ ways }: World, load: Load): Promise<void> {
  for (const way of ways[0]!) way.refuse()
  for (const way of ways.flat()) way.cut()
  await pause(CUT_MS)
  await load.progress(CALM)
  for (const way of ways[0]!) await way.accept()
  await load.progress(CALM)
}

async function pauseNode({ nodes }: World, load: Load): Promise<void> {
  nodes[1]!.pause()
  await pause(PAUSE_MS)
  nodes[1]!.resume()
  await load.progress(CALM)
}

/** Nothing comes through any more and nobody is told, as with a cable that was pulled; then the connections turn out to be dead. */
async function loseNetwork({ ways }: World, load: Load): Promise<void> {
  for (const way of ways[0]!) way.hold()
  await load.progress(CALM)
  for (const way of ways[0]!) {
    way.cut()
    way.release()
  }
  await load.progress(CALM)
}

/** Twice, so that either server has been the primary and each has come back as the other's standby. */
async function failOver({ cluster }: World, load: Load): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    await cluster.primary.kill()
    await cluster.promote()
    await load.progress(CALM)
    await cluster.rejoin()
    await load.progress(CALM)
  }
}
