import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type LeasedWork, Leases } from '../../src/engine/leases.ts'
import { thisProcess } from '../../src/engine/this-process.ts'
import { HoldfastError } from '../../src/index.ts'
import type { Fence } from '../../src/model/lease.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { folder, quiet, STORE, until } from './helpers.ts'

const now = (): Date => new Date()

/** A node on the store of `directory`, with a connection of its own. */
async function nodeOn(directory: string, ttlMs = 5000) {
  const store = await openSqlite(join(directory, STORE))
  const leases = new Leases({ store, ttlMs, now, log: quiet })
  onTestFinished(async () => {
    await leases[Symbol.asyncDispose]()
    await store.close()
  })
  return { store, leases }
}

/** Work that says what it has been told. */
function noted() {
  const told: string[] = []
  let fence: Fence | undefined
  const work: LeasedWork = {
    async begin(tenure) {
      fence = tenure
      told.push(`begin ${tenure.token}`)
    },
    async end({ isLeaving }) {
      told.push(isLeaving ? 'leave' : 'lose')
    },
  }
  return { work, told, fence: () => fence! }
}

describe('leased work', () => {
  it('is done by one node, and by another as soon as that one ends', async () => {
    const directory = folder()
    const [a, b] = [await nodeOn(directory), await nodeOn(directory)]
    const [first, second] = [noted(), noted()]
    const mine = await a.leases.contend('x', first.work)
    const theirs = await b.leases.contend('x', second.work)
    expect([first.told, second.told]).toEqual([['begin 1'], []])
    expect([mine.fence()?.token, theirs.fence()]).toEqual([1, undefined])
    await mine.close()
    await until(() => second.told.length > 0)
    expect([first.told, second.told]).toEqual([['begin 1', 'leave'], ['begin 2']])
    await b.leases[Symbol.asyncDispose]()
    expect(second.told).toEqual(['begin 2', 'leave'])
    expect((await a.store.leases.list()).nodes).toHaveLength(1)
  })

  it('goes from a node that shows no life to another, and the late writes of the first are refused', async () => {
    const directory = folder()
    const store = await openSqlite(join(directory, STORE))
    onTestFinished(() => store.close())
    const silent = thisProcess(now().toISOString(), 400)
    await store.leases.join(silent)
    const [lease] = await store.leases.take(['x'], { node: silent.id, at: now().toISOString() })
    const b = await nodeOn(directory)
    const work = noted()
    await b.leases.contend('x', work.work)
    expect(work.told).toEqual([])
    await until(() => work.told.length > 0)
    expect(work.told).toEqual(['begin 2'])
    await expect(store.fenced(lease!).setMetadata('k', 'late', '')).rejects.toMatchObject({ code: 'fenced' })
    await b.store.fenced(work.fence()).setMetadata('k', 'good', '')
    expect((await store.metadata()).get('k')).toBe('good')
  })

  it('goes at once from a process of this machine that is there no more', async () => {
    const directory = folder()
    const store = await openSqlite(join(directory, STORE))
    onTestFinished(() => store.close())
    const gone = { ...thisProcess(now().toISOString(), 1e9), pid: 2 ** 22 + 1 }
    await store.leases.join(gone)
    await store.leases.take(['x'], { node: gone.id, at: now().toISOString() })
    const run = await store.schedules.begin('nightly', now().toISOString(), 'x', gone.id)
    const work = noted()
    await (await nodeOn(directory)).leases.contend('x', work.work)
    expect(work.told).toEqual(gone.machine === null ? [] : ['begin 2'])
    expect(run).toBe(1)
    expect((await store.schedules.last()).get('nightly')?.outcome).toBe(gone.machine === null ? 'running' : 'failed')
  })

  it('comes to whoever takes it by force, and the other learns it; under a lease that is lost it cannot be taken', async () => {
    const directory = folder()
    const [a, b] = [await nodeOn(directory), await nodeOn(directory)]
    const [first, second, other] = [noted(), noted(), noted()]
    await a.leases.contend('x', first.work)
    const theirs = await b.leases.contend('x', second.work)
    await a.leases.contend('y', other.work)
    await expect(theirs.seize({ name: 'y', token: 7 })).rejects.toMatchObject({ code: 'fenced' })
    expect(second.told).toEqual([])
    await theirs.seize(other.fence())
    expect(second.told).toEqual(['begin 2'])
    await until(() => first.told.includes('lose'))
    await theirs.seize()
    expect(second.told).toEqual(['begin 2'])
    expect(first.told).toEqual(['begin 1', 'lose'])
  })

  it('ends where the store cannot be reached before another may begin, and begins anew when it can', async () => {
    const { store, leases } = await nodeOn(folder())
    await leases[Symbol.asyncDispose]()
    let isAway = false
    const flaky: Store = {
      ...store,
      leases: {
        ...store.leases,
        async beat(...given) {
          if (isAway) throw new HoldfastError('unavailable', 'away', { store: 's', retry: true })
          return store.leases.beat(...given)
        },
      },
    }
    const again = new Leases({ store: flaky, ttlMs: 3000, now, log: quiet })
    const work = noted()
    const contender = await again.contend('x', work.work)
    isAway = true
    await until(() => work.told.includes('lose'))
    expect(contender.fence()).toBeUndefined()
    isAway = false
    await until(() => work.told.length > 2)
    expect(work.told).toEqual(['begin 1', 'lose', 'begin 1'])
    await again[Symbol.asyncDispose]()
  })

  it('that cannot be begun is left to another node', async () => {
    const directory = folder()
    const [a, b] = [await nodeOn(directory), await nodeOn(directory)]
    const bad: LeasedWork = { begin: () => Promise.reject(new Error('no')), end: async () => undefined }
    await expect(a.leases.contend('x', bad)).rejects.toThrow('no')
    const work = noted()
    await b.leases.contend('x', work.work)
    expect(work.told).toEqual(['begin 2'])
  })

  it('of a node that was given up is its own again under another token, as another node', async () => {
    const { store, leases } = await nodeOn(folder())
    const work = noted()
    await leases.contend('x', work.work)
    const before = await leases.node()
    const [row] = (await store.leases.list()).nodes
    await until(async () =>
      store.leases.bury({ id: before, beat: (await store.leases.list()).nodes[0]?.beat ?? row!.beat }),
    )
    await until(() => work.told.length > 2)
    expect(work.told).toEqual(['begin 1', 'lose', 'begin 2'])
    expect(await leases.node()).not.toBe(before)
  })
})
