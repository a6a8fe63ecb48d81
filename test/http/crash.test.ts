import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createParser } from 'eventsource-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { type List, openAdmin, openConfig } from '../../src/index.ts'
import { ServerProcess } from './server-process.ts'

const NAMESPACE = '/api/v1/namespaces/default'
const [KILLS, WRITERS, WATCHERS] = [100, 8, 20]

interface Change {
  readonly writer: number
  readonly n: number
}
interface Acknowledged extends Change {
  readonly version: number
}

/** Everything that one long run of kills saw, looked at by the tests below. */
interface Run {
  readonly acknowledged: readonly Acknowledged[]
  /** What each watcher was told: ids of versions, in the order they came. */
  readonly told: readonly (readonly number[])[]
  readonly history: readonly {
    readonly section: string
    readonly key: string
    readonly value: unknown
    readonly version: number
  }[]
  readonly versions: readonly number[]
  readonly resets: number
  readonly isSound: boolean
}

describe(`a server killed ${KILLS} times under ${WRITERS} writers and ${WATCHERS} watchers`, () => {
  let run: Run
  beforeAll(async () => {
    run = await tortured()
  }, 600_000)

  it('keeps every change that it acknowledged, with the version it told', () => {
    expect(run.acknowledged.length).toBeGreaterThan(KILLS)
    const kept = new Map(run.history.map((row) => [`${row.section}.${row.key} ${row.value}`, row.version]))
    for (const { writer, n, version } of run.acknowledged) expect(kept.get(`w${writer}.n ${n}`)).toBe(version)
  })

  it('applies no change twice, whatever was retried', () => {
    for (let writer = 0; writer < WRITERS; writer++) {
      const values = run.history
        .filter((row) => row.section === `w${writer}` && row.key === 'n')
        .map((row) => row.value)
      expect(values).toEqual(Array.from(values, (_, i) => i + 1))
    }
  })

  it('has what nobody heard of whole or not at all', () => {
    const halves = Map.groupBy(
      run.history.filter((row) => row.section === 'pair'),
      (row) => row.version,
    )
    expect(halves.size).toBeGreaterThan(0)
    for (const rows of halves.values()) expect(new Set(rows.map((row) => row.value)).size).toBe(1)
    for (const rows of halves.values()) expect(rows.map((row) => row.key).sort()).toEqual(['a', 'b'])
  })

  it('tells every watcher every version once, in order, none missing', () => {
    expect(run.resets).toBe(0)
    for (const ids of run.told) expect(ids).toEqual(run.versions)
  })

  it('leaves a store whose hashes and chain hold', () => {
    expect(run.isSound).toBe(true)
  })
})

async function tortured(): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-crash-'))
  try {
    return await torturedIn(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function torturedIn(directory: string): Promise<Run> {
  const server = await ServerProcess.start(directory)
  const made = await server.fetch(NAMESPACE, { method: 'PUT' })
  expect(made.status).toBe(201)
  const ended = new AbortController()
  const acknowledged: Acknowledged[] = []
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(server, writer, acknowledged, ended.signal))
  const pairs = writePairs(server, ended.signal)
  const stopped = new AbortController()
  const watchers = Array.from({ length: WATCHERS }, () => new Watcher(server, stopped.signal))
  for (let i = 0; i < KILLS; i++) {
    const enough = acknowledged.length + 1 + Math.floor(Math.random() * 12)
    while (acknowledged.length < enough) await pause(1)
    await server.kill()
    await server.start()
  }
  ended.abort()
  await Promise.all([...writers, pairs])
  const page = (await (await server.fetch(`${NAMESPACE}/versions?limit=1`)).json()) as { items: { id: number }[] }
  for (const watcher of watchers) await watcher.until(page.items[0]!.id)
  stopped.abort()
  await server.kill('SIGTERM')
  return { ...(await looked(directory)), acknowledged, told: watchers.map(({ ids }) => ids), resets: sum(watchers) }
}

const sum = (watchers: readonly Watcher[]): number => watchers.reduce((all, { resets }) => all + resets, 0)

/** Between two tries of a client: 28 of them that ask without a pause take the time that the server needs to start. */
const AWAY_MS = 100

/** Changes one key again and again, each change under its own key until it is answered. */
async function write(
  server: ServerProcess,
  writer: number,
  acknowledged: Acknowledged[],
  end: AbortSignal,
): Promise<void> {
  for (let n = 1; !end.aborted; n++) {
    const body = { set: { [`w${writer}`]: { n } }, reason: `change ${n}` }
    const headers = { 'idempotency-key': `writer-${writer}-${n}` }
    for (;;) {
      const answer = await answered(server.post(`${NAMESPACE}/changes`, body, headers))
      if (answer?.status === 201) {
        const { version } = (await answer.json()) as { version: { id: number } }
        acknowledged.push({ writer, n, version: version.id })
        break
      }
      if (answer !== undefined && answer.status !== 503) throw new Error(`${answer.status} ${await answer.text()}`)
      await pause(AWAY_MS)
    }
  }
}

/** Changes two keys at once and never asks again. */
async function writePairs(server: ServerProcess, end: AbortSignal): Promise<void> {
  for (let n = 1; !end.aborted; n++) {
    const answer = await answered(server.post(`${NAMESPACE}/changes`, { set: { pair: { a: n, b: n } } }))
    await pause(answer === undefined ? AWAY_MS : 5)
  }
}

/** An answer that came whole; undefined where the server went away first. */
async function answered(asked: Promise<Response>): Promise<Response | undefined> {
  try {
    const response = await asked
    const text = await response.text()
    return new Response(text, { status: response.status })
  } catch {
    return undefined
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Follows the stream, and takes it up again where it broke. */
class Watcher {
  readonly ids: number[] = []
  resets = 0
  #lastId = ''
  readonly #server: ServerProcess
  #wake = (): void => undefined

  constructor(server: ServerProcess, stop: AbortSignal) {
    this.#server = server
    void this.#follow(stop)
  }

  async until(id: number): Promise<void> {
    while (this.ids.at(-1) !== id) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  async #follow(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.#listen(stop)
      } catch {
        await pause(AWAY_MS)
      }
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const headers = this.#lastId === '' ? {} : { 'last-event-id': this.#lastId }
    const since = this.#lastId === '' ? '?since=0' : ''
    const response = await this.#server.fetch(`${NAMESPACE}/watch${since}`, { headers, signal })
    if (response.status !== 200) throw new Error(`watch answered ${response.status}`)
    const parser = createParser({ onEvent: ({ id, event }) => this.#take(id, event) })
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) parser.feed(chunk)
  }

  #take(id: string | undefined, event: string | undefined): void {
    if (event === 'reset') this.resets++
    if (event !== 'change' || id === undefined) return
    this.#lastId = id
    this.ids.push(Number(id.split('-')[0]))
    this.#wake()
  }
}

/** What the store has after all that. */
async function looked(directory: string): Promise<Pick<Run, 'history' | 'versions' | 'isSound'>> {
  await using admin = await openAdmin({ directory, store: 'store.db' })
  const { ok } = await admin.verify()
  await using config = await openConfig({ directory, store: 'store.db', follow: false })
  const rows = await allOf((cursor) => config.history({ limit: 1000, ...cursor }))
  const versions = await allOf((cursor) => config.versions.list({ limit: 1000, ...cursor }))
  const history = rows.map(({ section, key, newValue, versionId }) => ({
    section,
    key,
    value: newValue,
    version: versionId,
  }))
  return { history: history.reverse(), versions: versions.map(({ id }) => id).reverse(), isSound: ok }
}

async function allOf<T>(page: (cursor: { readonly cursor?: string }) => Promise<List<T>>): Promise<T[]> {
  const items: T[] = []
  let next = await page({})
  items.push(...next.items)
  while (next.nextCursor !== null) {
    next = await page({ cursor: next.nextCursor })
    items.push(...next.items)
  }
  return items
}
