import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ChangeEvent, openAdmin, verifyBackup } from '../../src/index.ts'
import { folder, open, query, STORE, until, write } from './helpers.ts'

const CHILD = fileURLToPath(new URL('./writing-child.ts', import.meta.url))
const alone = { follow: false }

interface Writer {
  readonly process: ChildProcess
  /** The versions acknowledged so far, whole lines only. */
  acknowledged(): readonly { readonly id: number; readonly chain: string }[]
  errors(): string
  readonly ended: Promise<number | null>
}

function startWriter(directory: string, name: string, changes: number, atOnce: number): Writer {
  const child = spawn(process.execPath, [CHILD, directory, STORE, name, String(changes), String(atOnce)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  const lines = () => out.split('\n').slice(0, -1)
  return {
    process: child,
    acknowledged: () => lines().map((line) => ({ id: Number(line.split(' ')[0]), chain: line.split(' ')[1]! })),
    errors: () => err,
    ended: once(child, 'close').then(([code]) => code),
  }
}

async function verified(directory: string) {
  await using admin = await openAdmin({ directory, store: STORE })
  return await admin.verify()
}

/** Another program that holds the write lock until it lets go. */
function holdLock(directory: string): () => void {
  const db = new Database(join(directory, STORE))
  db.exec('BEGIN IMMEDIATE')
  onTestFinished(() => void db.close())
  return () => db.exec('COMMIT')
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe('concurrent changes', () => {
  it('are staged anew where the change they were staged on was refused', async () => {
    const directory = folder()
    const config = await open(directory, { ...alone, lockTimeoutMs: 300 })
    await config.update('s', { a: 0 })
    const letGo = holdLock(directory)
    const first = config.update('s', { a: 1 })
    const refused = expect(first).rejects.toMatchObject({ code: 'unavailable' })
    await turns(10)
    const second = config.update('s', { b: 2 })
    const same = config.update('s', { a: 0 })
    const third = config.change({ set: { s: { c: 3 } }, ifVersion: 1 })
    const late = expect(third).rejects.toMatchObject({ code: 'conflict', details: { expected: 1, found: 2 } })
    await refused
    letGo()

    expect((await second).changes).toEqual([{ operation: 'CREATE', section: 's', key: 'b', newValue: 2 }])
    expect(await same).toMatchObject({ version: null, changes: [] })
    await late
    expect(config.get('s')).toEqual({ a: 0, b: 2 })
    expect((await verified(directory)).ok).toBe(true)
  })

  it('are each their own version of one chain, answered with what they did', async () => {
    const directory = folder()
    const config = await open(directory, alone)
    const results = await Promise.all(
      Array.from({ length: 64 }, (_, i) => config.update('s', { [`k${i}`]: i, shared: i }, { actor: `actor-${i}` })),
    )
    expect(results.map(({ version }) => version?.id)).toEqual(Array.from({ length: 64 }, (_, i) => i + 1))
    for (const [i, { version, changes }] of results.entries()) {
      expect(version?.createdBy).toBe(`actor-${i}`)
      expect(changes.map(({ key, newValue }) => [key, newValue])).toEqual(
        expect.arrayContaining([
          [`k${i}`, i],
          ['shared', i],
        ]),
      )
      expect((await config.at(version!.id)).get('s.shared')).toBe(i)
    }
    expect(Object.keys(config.items('s'))).toHaveLength(65)
    expect((await config.drift()).every(({ version }) => version! > 0)).toBe(true)
    expect(await verified(directory)).toMatchObject({ ok: true, versions: 64, problems: [] })
  })

  it('that were made for one version are won by one of them', async () => {
    const config = await open(folder(), alone)
    const { version } = await config.update('s', { k: 0 })
    const all = await Promise.allSettled(
      Array.from({ length: 16 }, (_, i) => config.change({ set: { s: { k: i + 1 } }, ifVersion: version!.id })),
    )
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of all) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'conflict' })
    expect(config.version?.id).toBe(2)
  })

  it('that were made for a version with another one on its way are refused, whatever numbers other namespaces took', async () => {
    const directory = folder()
    const config = await open(directory, alone)
    const other = await open(directory, { ...alone, namespace: 'other' })
    for (let n = 0; n < 30; n++) {
      await other.update('s', { n })
      const first = config.update('s', { first: n })
      for (let turn = 0; turn < n % 3; turn++) await new Promise((resolve) => setImmediate(resolve))
      const second = config.update('s', { second: n })
      const { version } = await first
      const late = config.change({ set: { s: { late: n } }, ifVersion: version!.id })
      await expect(late).rejects.toMatchObject({ code: 'conflict' })
      await second
    }
  })

  it('that were made for the version just answered are made, whatever is on its way', async () => {
    const directory = folder()
    const config = await open(directory, alone)
    const other = await open(directory, { ...alone, namespace: 'other' })
    for (let n = 0; n < 30; n++) {
      await other.update('s', { n })
      const first = config.update('s', { first: n })
      for (let turn = 0; turn < n % 3; turn++) await new Promise((resolve) => setImmediate(resolve))
      const same = config.update('s', { first: n })
      const { version } = await first
      const next = await config.change({ set: { s: { next: n } }, ifVersion: version!.id })
      expect(next.version!.id).toBeGreaterThan(version!.id)
      expect(await same).toMatchObject({ version: null })
    }
  })

  it('are made for a version that another process has just been told of', async () => {
    const directory = folder()
    const [config, behind] = [await open(directory, alone), await open(directory, alone)]
    const { version } = await config.update('s', { k: 1 })
    const next = await behind.change({ set: { s: { k: 2 } }, ifVersion: version!.id })
    const back = await config.versions.revert(next.version!.id, { ifVersion: next.version!.id })
    const again = await behind.versions.restore(version!.id, { ifVersion: back.version!.id })
    expect(again.changes).toEqual([])
    const late = behind.change({ set: { s: { k: 3 } }, ifVersion: 99 })
    await expect(late).rejects.toMatchObject({ code: 'conflict', details: { expected: 99, found: back.version!.id } })
  })

  it('are not refused with one among them that is', async () => {
    const config = await open(folder(), {
      ...alone,
      schema: { properties: { s: { additionalProperties: { type: 'integer' } } } },
    })
    await config.versions.create({ tags: ['taken'] })
    const all = await Promise.allSettled([
      config.update('s', { a: 1 }),
      config.update('s', { b: 'text' }),
      config.versions.create({ tags: ['taken'] }),
      config.update('s', { c: 3 }),
      config.update('s', { a: 1 }),
      config.change({ unset: ['x..y'] }),
    ])
    const outcome = all.map((one) => (one.status === 'fulfilled' ? 'done' : one.reason.code))
    expect(outcome).toEqual(['done', 'invalid', 'exists', 'done', 'done', 'malformed'])
    expect(config.items('s')).toEqual({ a: 1, c: 3 })
  })

  it('of two objects on one file in one process see each other', async () => {
    const directory = folder()
    const [a, b] = [await open(directory, alone), await open(directory, alone)]
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? a : b).update(i % 2 === 0 ? 'a' : 'b', { [`k${i}`]: i })),
    )
    await a.update('a', { last: 1 })
    await b.update('b', { last: 1 })
    expect(b.version?.id).toBe(42)
    expect([Object.keys(b.items('a')).length, Object.keys(b.items('b')).length]).toEqual([21, 21])
    expect(await verified(directory)).toMatchObject({ ok: true, versions: 42 })
  })

  it('in many namespaces keep to their own', async () => {
    const directory = folder()
    const names = ['a', 'b', 'c', 'd']
    const configs = await Promise.all(names.map((namespace) => open(directory, { namespace, ...alone })))
    await Promise.all(
      configs.flatMap((config) =>
        Array.from({ length: 10 }, (_, i) => config.update('s', { [`k${i}`]: config.namespace })),
      ),
    )
    for (const config of configs)
      expect(Object.values(config.items('s') as object)).toEqual(Array(10).fill(config.namespace))
    expect(await verified(directory)).toMatchObject({ ok: true, versions: 40 })
  })
})

describe('two processes on one file', () => {
  it('make 5,000 changes each in one unbroken chain, and no busy error reaches a caller', {
    timeout: 90_000,
  }, async () => {
    const directory = folder()
    await (await open(directory, alone)).close()
    const writers = ['a', 'b'].map((name) => startWriter(directory, name, 5000, 100))
    const codes = await Promise.all(writers.map(({ ended }) => ended))
    expect([codes, writers.map((writer) => writer.errors())]).toEqual([
      [0, 0],
      ['', ''],
    ])
    const ids = writers.flatMap((writer) => writer.acknowledged().map(({ id }) => id))
    expect(new Set(ids).size).toBe(10_000)
    expect(Math.max(...ids)).toBe(10_000)
    expect(await verified(directory)).toMatchObject({ ok: true, versions: 10_000, problems: [] })
    const config = await open(directory, alone)
    for (const name of ['a', 'b']) {
      const last = Object.values(config.items(name) as object).map((value) => Number(String(value).split(':')[1]))
      expect(last).toEqual([4998, 4999, 4993, 4994, 4995, 4996, 4997])
    }
  })

  it('see each other’s commits as events, each version once and in order', { timeout: 30_000 }, async () => {
    const directory = folder()
    const config = await open(directory)
    await config.update('own', { k: 0 })
    const events: ChangeEvent[] = []
    config.on('change', (event) => events.push(event))
    const writer = startWriter(directory, 'other', 60, 3)
    for (let i = 1; i <= 20; i++) {
      await config.update('own', { k: i })
      await turns(2)
    }
    expect([await writer.ended, writer.errors()]).toEqual([0, ''])
    await until(() => events.length === 80)
    expect(events.map(({ version }) => version.id)).toEqual(Array.from({ length: 80 }, (_, i) => i + 2))
    expect(events.filter(({ version }) => version.createdBy === 'other')).toHaveLength(60)
    expect(config.items('other')).toMatchObject({ k3: expect.stringMatching(/:59$/) })
    const theirs = events.findLast(({ version }) => version.createdBy === 'other')
    expect(theirs).toMatchObject({
      changes: [
        {
          operation: 'UPDATE',
          section: 'other',
          key: 'k3',
          oldValue: expect.stringMatching(/:52$/),
          newValue: expect.stringMatching(/:59$/),
        },
      ],
      reason: null,
    })
  })

  it('see what the other commits while they open', { timeout: 60_000 }, async () => {
    const directory = folder()
    const keys = Array.from({ length: 3000 }, (_, i) => `  k${i}: ${i}\n`)
    const sources = [write(directory, 'slow.yaml', `slow:\n${keys.join('')}`)]
    const other = await open(directory, { ...alone, sources })
    for (let round = 0; round < 8; round++) {
      write(directory, 'slow.yaml', `# ${round}\nslow:\n${keys.join('')}`)
      const opening = open(directory, { sources })
      await turns(round * 2)
      await other.update('s', { k: round })
      const config = await opening
      await until(() => config.version?.id === other.version?.id)
      expect(config.get('s.k')).toBe(other.get('s.k'))
      await config.close()
    }
  })

  it('see each other’s tags and baselines', async () => {
    const directory = folder()
    const [config, other] = [await open(directory), await open(directory, alone)]
    await config.update('s', { k: 1 })
    await other.versions.tag(1, 'from-outside')
    await other.versions.baseline(1)
    await until(() => config.version?.isBaseline === true)
    expect(config.version?.tags).toEqual(['from-outside'])
  })

  it('go on where one of them deletes the namespace, and where it is made again', async () => {
    const directory = folder()
    const [config, other] = [await open(directory, alone), await open(directory, alone)]
    await config.update('s', { k: 1 })
    await other.update('s', { k: 2, gone: 1 })
    await using admin = await openAdmin({ directory, store: STORE })
    await admin.deleteNamespace('default')
    const { version } = await config.update('s', { k: 3 })
    expect(version?.id).toBe(3)
    expect(config.toJSON()).toEqual({ s: { k: 3 } })
    await other.update('t', { x: 1 })
    expect(other.toJSON()).toEqual({ s: { k: 3 }, t: { x: 1 } })
    expect(await admin.verify()).toMatchObject({ ok: true, versions: 2 })
  })
})

describe('a lock that another program holds', () => {
  it('never blocks the event loop, and the change is made when it is gone', async () => {
    const directory = folder()
    const config = await open(directory, alone)
    await config.update('s', { k: 1 })
    const letGo = holdLock(directory)
    let isDone = false
    const change = config.update('s', { k: 2 }).then(() => (isDone = true))
    await turns(30)
    expect(isDone).toBe(false)
    expect(config.get('s.k')).toBe(1)
    expect((await config.history()).items).toHaveLength(1)
    letGo()
    await change
    expect(config.get('s.k')).toBe(2)
  })

  it('for too long refuses the change, which is then not made', async () => {
    const directory = folder()
    const config = await open(directory, { ...alone, lockTimeoutMs: 50 })
    await config.update('s', { k: 1 })
    const letGo = holdLock(directory)
    const both = await Promise.allSettled([config.update('s', { k: 2 }), config.update('s', { k: 3 })])
    for (const one of both) expect(one).toMatchObject({ reason: { code: 'unavailable', details: { retry: true } } })
    expect(config.get('s.k')).toBe(1)
    letGo()
    await config.update('s', { k: 4 })
    expect((await config.history()).items.map(({ newValue }) => newValue)).toEqual([4, 1])
    expect(await verified(directory)).toMatchObject({ ok: true, versions: 2 })
  })
})

describe('while changes are made', () => {
  it('a purge and a backup leave a store and a copy that verify', { timeout: 60_000 }, async () => {
    const directory = folder()
    const config = await open(directory, alone)
    await using admin = await openAdmin({ directory, store: STORE })
    await config.versions.create({ tags: ['kept'], baseline: true })
    let isWriting = true
    const writing = (async () => {
      for (let i = 0; isWriting; i++)
        await Promise.all([1, 2, 3, 4].map((key) => config.update('s', { [`k${key}`]: i })))
    })()
    for (let round = 0; round < 3; round++) {
      await turns(20)
      const report = await admin.backup(join(directory, `backup-${round}.db`))
      expect(await verifyBackup(report.file)).toMatchObject({ ok: true, versions: report.versions })
      const purged = await admin.purge('default', { olderThan: 0, keep: 20 })
      expect(purged.versions).toBeGreaterThan(0)
      expect(await admin.verify()).toMatchObject({ ok: true, problems: [] })
    }
    isWriting = false
    await writing
    expect((await config.versions.get('kept')).id).toBe(1)
    expect(await admin.verify()).toMatchObject({ ok: true, problems: [] })
    const events = (await config.history({ limit: 1 })).items
    expect(events[0]?.versionId).toBe(config.version?.id)
  })

  it('a watcher is told every version once, also those of others', async () => {
    const directory = folder()
    const [config, other] = [await open(directory), await open(directory, alone)]
    const seen: number[] = []
    const stop = new AbortController()
    const watching = (async () => {
      for await (const { version } of config.watch({ since: 0, signal: stop.signal })) {
        seen.push(version.id)
        if (seen.length === 60) stop.abort()
      }
    })()
    await Promise.all(
      [config, other].map(async (one, n) => {
        for (let i = 0; i < 30; i++) await one.update(`s${n}`, { k: i })
      }),
    )
    await watching
    expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
  })
})

describe('a process that is killed while it writes', () => {
  it('loses nothing it has acknowledged and leaves nothing half there, 100 times', { timeout: 400_000 }, async () => {
    const directory = folder()
    await (await open(directory, alone)).update('first', { k: 1 })
    await using admin = await openAdmin({ directory, store: STORE })
    let kills = 0
    let acknowledged = 0

    async function killOne(name: string): Promise<void> {
      const nth = kills++
      const writer = startWriter(directory, name, 1e9, nth % 3 === 0 ? 5 : 1)
      if (nth % 10 !== 0) await until(() => writer.acknowledged().length > 0 || writer.process.exitCode !== null)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40))
      writer.process.kill('SIGKILL')
      await writer.ended
      expect(writer.errors()).toBe('')
      const there = new Map(
        query<{ id: number; chain_hash: string }>(directory, 'SELECT id, chain_hash FROM version_log').map((row) => [
          row.id,
          row.chain_hash,
        ]),
      )
      const lost = writer.acknowledged().filter(({ id, chain }) => there.get(id) !== chain)
      expect(lost).toEqual([])
      acknowledged += writer.acknowledged().length
    }

    while (kills < 100) {
      await Promise.all([killOne('a'), killOne('b')])
      const { ok, problems } = await admin.verify()
      expect([ok, problems]).toEqual([true, []])
      if (kills % 10 === 0) await admin.purge('default', { olderThan: 0, keep: 20 })
    }
    expect(kills).toBe(100)
    expect(acknowledged).toBeGreaterThan(100)
    expect(await admin.verify()).toMatchObject({ ok: true, problems: [] })
  })
})
