import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../engine/helpers.ts'
import { ServerProcess } from './server-process.ts'
import { folder } from './serving.ts'

const NS = '/api/v1/namespaces/default'
const LEASE_MS = 3000
const OPTIONS = {
  leaseMs: LEASE_MS,
  webhookHosts: ['127.0.0.1'],
  schedules: [{ name: 'often', task: 'snapshot', cron: '* * * * * *' }],
}
const LONG = 60_000

interface Message {
  readonly id: string
  readonly version: number
}

/** What is told to a webhook: answered 204 unless `answer` does so. */
async function receiver(answer?: (response: ServerResponse, message: Message) => void) {
  const messages: Message[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
    const message = { id: String(request.headers['webhook-id']), version: body.data.version.id as number }
    messages.push(message)
    if (answer === undefined) response.writeHead(204).end()
    else answer(response, message)
  }).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { messages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** Two servers on one file, the first with all the timed work. */
async function twoNodes(options: object = OPTIONS) {
  const directory = folder()
  const start = async (): Promise<ServerProcess> => {
    const server = await ServerProcess.start(directory, options)
    onTestFinished(() => server.kill())
    return server
  }
  const a = await start()
  expect((await a.fetch(NS, { method: 'PUT' })).status).toBe(201)
  const b = await start()
  b.token = a.token
  const query = <Row>(sql: string): Row[] => {
    const db = new Database(join(directory, 'store.db'), { readonly: true })
    try {
      return db.prepare(sql).all() as Row[]
    } finally {
      db.close()
    }
  }
  return { a, b, query }
}

async function keeperOf(server: ServerProcess): Promise<string | undefined> {
  const [schedule] = (await (await server.fetch('/api/v1/schedules')).json()) as { keptBy: { node: string } | null }[]
  return schedule?.keptBy?.node
}

interface Run {
  readonly name: string
  readonly due: string
  readonly outcome: string
  readonly detail: string | null
  readonly node: string
}
const RUNS = `SELECT name, due_at AS due, outcome, detail, node FROM schedule_runs WHERE due_at IS NOT NULL ORDER BY id`
const SNAPSHOTS = `SELECT count(*) AS count FROM version_log WHERE created_by = 'schedule:often'`

describe('two servers on one store', () => {
  it(
    'have each time of a schedule run by one, and each change told once',
    async () => {
      const { a, b, query } = await twoNodes({ ...OPTIONS, leaseMs: 20_000 })
      const to = await receiver()
      await b.post('/api/v1/webhooks', { name: 'w', url: to.url })
      for (let n = 0; n < 20; n++) expect((await (n % 2 ? a : b).post(`${NS}/changes`, { set: { n } })).ok).toBe(true)
      await until(() => query<Run>(RUNS).filter(({ outcome }) => outcome === 'done').length > 3, LONG)
      expect(await keeperOf(a)).toBe(await keeperOf(b))
      await a.stop()
      await b.stop()
      const runs = query<Run>(RUNS)
      expect(new Set(runs.map(({ due }) => due)).size).toBe(runs.length)
      const made = runs.filter(({ detail }) => detail?.startsWith('default: version'))
      expect(query<{ count: number }>(SNAPSHOTS)[0]!.count).toBe(made.length)
      expect(to.messages.length).toBeGreaterThanOrEqual(20)
      expectEachOnce(to.messages)
    },
    LONG,
  )

  it(
    'go on when the one that does the work is killed, and the other ends the run that was cut off',
    async () => {
      const { a, b, query } = await twoNodes()
      const to = await receiver()
      await a.post('/api/v1/webhooks', { name: 'w', url: to.url })
      await until(() => query<Run>(RUNS).length > 1, LONG)
      const before = await keeperOf(b)
      await a.kill()
      const cutOff = query<Run>(RUNS).length
      await until(async () => (await keeperOf(b)) !== before, LONG)
      await until(() => query<Run>(RUNS).length > cutOff + 1, LONG)
      expect((await b.post(`${NS}/changes`, { set: { n: 1 } })).ok).toBe(true)
      const { version } = query<{ version: number }>('SELECT max(id) AS version FROM version_log')[0]!
      await until(() => to.messages.some((message) => message.version >= version), LONG)
      const runs = query<Run>(RUNS)
      expect(new Set(runs.map(({ due }) => due)).size).toBe(runs.length)
      expect(runs.filter(({ node, outcome }) => node === before && outcome === 'running')).toEqual([])
      expectOneIdEach(to.messages)
    },
    LONG,
  )

  it(
    'hand the work over at once when the one that does it is stopped',
    async () => {
      const { a, b } = await twoNodes({ ...OPTIONS, leaseMs: 1e6 })
      const before = await keeperOf(b)
      await a.stop()
      await until(async () => ![undefined, before].includes(await keeperOf(b)), LONG)
      const metrics = await (await b.fetch('/metrics')).text()
      expect(metrics).toContain('holdfast_timed_work{work="schedule",schedule="often"} 1')
      expect(metrics).toContain('holdfast_timed_work{work="webhooks"} 1')
    },
    LONG,
  )

  it(
    'take nothing from one that was paused and wakes up late',
    async () => {
      const { a, b, query } = await twoNodes()
      const held: ServerResponse[] = []
      const to = await receiver((response) => {
        if (held.length === 0) held.push(response)
        else response.writeHead(204).end()
      })
      await until(() => query<Run>(RUNS).length > 1, LONG)
      await a.post('/api/v1/webhooks', { name: 'w', url: to.url })
      await until(() => held.length === 1, LONG) // a sends, and waits for an answer
      const before = await keeperOf(b)
      process.kill(a.pid, 'SIGSTOP')
      await until(async () => ![undefined, before].includes(await keeperOf(b)), LONG)
      const [first] = to.messages
      await until(() => stateOf(query, first!.id).state === 'delivered', LONG) // b sent it again
      const told = stateOf(query, first!.id)
      held[0]!.writeHead(500).end() // the late answer that a would write down
      process.kill(a.pid, 'SIGCONT')
      await until(() => a.stderr.includes('this node was given up'), LONG)
      const after = query<Run>(RUNS).length
      await until(() => query<Run>(RUNS).length > after + 1, LONG)
      expect(stateOf(query, first!.id)).toEqual(told)
      const runs = query<Run>(RUNS)
      expect(new Set(runs.map(({ due }) => due)).size).toBe(runs.length)
      expect(runs.filter(({ node, outcome }) => node === before && outcome === 'running')).toEqual([])
      expectOneIdEach(to.messages)
      expectEachOnce(to.messages.slice(1))
    },
    LONG,
  )
})

const stateOf = (query: <Row>(sql: string) => Row[], id: string) =>
  query<{ state: string; attempts: number }>(`SELECT state, attempts FROM webhook_deliveries WHERE id = '${id}'`)[0]!

function expectEachOnce(messages: readonly Message[]): void {
  expect(messages.length).toBe(new Set(messages.map(({ version }) => version)).size)
  expectOneIdEach(messages)
}

function expectOneIdEach(messages: readonly Message[]): void {
  const versions = new Set(messages.map(({ version }) => version))
  expect(new Set(messages.map(({ id }) => id)).size).toBe(versions.size)
  expect(new Set(messages.map(({ id, version }) => `${id} ${version}`)).size).toBe(versions.size)
}
