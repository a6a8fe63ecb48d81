import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { changer, openSample } from './support/config.ts'
import { Connection, percentile, requestText } from './support/load.ts'
import { longest, longestOwn, type Pause } from './support/pauses.ts'
import type { Benchmark, Row } from './support/report.ts'
import { sample } from './support/sample.ts'
import { scratch } from './support/scratch.ts'

/** A configuration of 200 kB, of which each change writes a section of 25 kB: 500 MB are 20,000 versions. */
const SIZE = { sections: 8, bytes: 25_000 }
const VERSIONS = 20_000
const AT_ONCE = 128
const CHANGES_PER_SECOND = 200
const CONNECTIONS = 32
const LIMIT_MS = 50
const NS = '/api/v1/namespaces/default'

interface Work {
  readonly name: string
  readonly run: (ask: Ask) => Promise<unknown>
}

type Ask = (method: string, path: string, body?: object) => Promise<{ readonly nextCursor?: string | null }>

const WORKS: readonly Work[] = [
  { name: 'changes alone', run: () => sleep(5000) },
  { name: '20,000 rows of history', run: (ask) => pages(ask, `${NS}/history?limit=1000`, 20) },
  { name: '20,000 versions', run: (ask) => pages(ask, `${NS}/versions?limit=1000`, 20) },
  { name: 'ten exports', run: (ask) => times(10, () => ask('GET', `${NS}/snapshot`)) },
  { name: 'ten comparisons', run: (ask) => times(10, (i) => ask('GET', `${NS}/compare?from=${1000 + i}&to=latest`)) },
  { name: 'blame of 9,000 keys', run: (ask) => ask('GET', `${NS}/blame`) },
  { name: 'stats', run: (ask) => ask('GET', '/api/v1/stats') },
  { name: 'the audit log as CSV', run: (ask) => ask('GET', '/api/v1/audit?format=csv&limit=1000') },
  {
    name: 'what a purge would drop',
    run: (ask) => ask('POST', `${NS}/purge`, { olderThan: '0s', keep: 1000, dryRun: true }),
  },
  { name: 'verification of 500 MB', run: (ask) => ask('POST', '/api/v1/verify', {}) },
  { name: 'backup of 500 MB, verified', run: (ask) => ask('POST', '/api/v1/backups') },
  { name: 'purge of 500 MB', run: (ask) => ask('POST', `${NS}/purge`, { olderThan: '0s', keep: 1000 }) },
]

/** How long a server's event loop is kept waiting by long work, while 200 changes a second go on. */
export const loop: Benchmark = {
  name: 'loop',
  about: 'longest pause of the event loop over a store of 500 MB',
  async run() {
    const folder = scratch()
    await fill(folder)
    const [server, idle] = [start('loop-server', folder), start('idle')]
    try {
      const { port, token } = (await answer(server)) as { readonly port: number; readonly token: string }
      const changes = new Changes(port, token)
      await changes.begin()
      await sleep(10_000) // until the disk has what was written to make the store
      const rows: Row[] = []
      for (const work of WORKS) rows.push(await measure(work, { server, idle, port, token }))
      rows.push(changes.row())
      await changes.end()
      return rows
    } finally {
      for (const child of [server, idle]) child.kill('SIGKILL')
    }
  },
}

async function fill(folder: string): Promise<void> {
  const sections = sample(SIZE)
  await using config = await openSample(folder, sections)
  const step = changer(config, sections)
  for (let i = 0; i < VERSIONS; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, step))
}

const start = (name: string, ...given: readonly string[]): ChildProcess =>
  fork(new URL(`./support/${name}.ts`, import.meta.url), given, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })

async function answer(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message')
  return message
}

async function pausesOf(child: ChildProcess): Promise<readonly Pause[]> {
  child.send('pauses')
  return (await answer(child)) as readonly Pause[]
}

interface Place {
  readonly server: ChildProcess
  readonly idle: ChildProcess
  readonly port: number
  readonly token: string
}

async function measure({ name, run }: Work, { server, idle, port, token }: Place): Promise<Row> {
  await Promise.all([pausesOf(server), pausesOf(idle)])
  await run(asker(port, token))
  await sleep(100)
  const [pauses, others] = await Promise.all([pausesOf(server), pausesOf(idle)])
  const own = longestOwn(pauses, others)
  return {
    name: `${name} (on the clock ${Math.round(longest(pauses))} ms)`,
    unit: 'ms',
    ours: own,
    peer: LIMIT_MS,
    peerName: 'the limit',
    ratio: own / LIMIT_MS,
    required: { atMost: 1 },
  }
}

function asker(port: number, token: string): Ask {
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {}
  }
}

async function times(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await work(i)
}

async function pages(ask: Ask, path: string, count: number): Promise<void> {
  let cursor: string | null | undefined
  for (let i = 0; i < count; i++) {
    cursor = (await ask('GET', cursor == null ? path : `${path}&cursor=${cursor}`)).nextCursor
  }
}

/** Changes at an even rate, whatever the server takes for each. */
class Changes {
  readonly #port: number
  readonly #token: string
  readonly #free: Connection[] = []
  readonly #all: Connection[] = []
  readonly #times: number[] = []
  #timer: NodeJS.Timeout | undefined
  #sent = 0

  constructor(port: number, token: string) {
    this.#port = port
    this.#token = token
  }

  async begin(): Promise<void> {
    for (let i = 0; i < CONNECTIONS; i++) this.#all.push(await Connection.open(this.#port))
    this.#free.push(...this.#all)
    const start = performance.now()
    this.#timer = setInterval(() => {
      const due = ((performance.now() - start) / 1000) * CHANGES_PER_SECOND
      for (let n = this.#sent; n < due; n++) void this.#send()
    }, 5)
  }

  /** One that finds no free connection is not sent, and not made up for: the server is behind already. */
  async #send(): Promise<void> {
    const n = this.#sent++
    const connection = this.#free.pop()
    if (connection === undefined) return
    const names = Object.keys(sample({ ...SIZE, bytes: 1 }))
    const body = JSON.stringify({ set: { [names[n % names.length]!]: { port: 100_000 + n } }, reason: 'load test' })
    const headers = { authorization: `Bearer ${this.#token}` }
    const begin = performance.now()
    const { status, text } = await connection.ask(
      requestText({ method: 'POST', path: `${NS}/changes`, headers, body }, this.#port),
    )
    if (status !== 201) throw new Error(`${status} ${text}`)
    this.#times.push(performance.now() - begin)
    this.#free.push(connection)
  }

  /** How many of the changes that were due were made, over all of the above. */
  row(): Row {
    const p99 = percentile(this.#times, 0.99)
    const ratio = this.#times.length / this.#sent
    return {
      name: `changes made of those due (p99 ${Math.round(p99)} ms)`,
      unit: '',
      ours: this.#times.length,
      peer: this.#sent,
      peerName: 'due',
      ratio,
    }
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    while (this.#free.length < this.#all.length) await sleep(10)
    for (const connection of this.#all) connection.close()
  }
}
