import { describe, expect, it } from 'vitest'
import type { Fence } from '../../src/model/lease.ts'
import type { LeaseShelf } from '../../src/store/shelves.ts'
import type { Store } from '../../src/store/store.ts'
import { at, grow, message, verify, webhook, writeOf } from './samples.ts'

const ns = 'default'

/** How a node says that it is there. */
const node = (id: string) => ({ id, host: 'h', machine: null, pid: 1, startedAt: at(0), ttl: 1000 })

const claim = (id: string, isForced = false) => ({ node: id, at: at(1), isForced })

async function taken(leases: LeaseShelf, name: string, id: string): Promise<Fence> {
  const [fence] = await leases.take([name], claim(id))
  return { name: fence!.name, token: fence!.token }
}

/** Every way to write that timed work has. */
const writes: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  commit: (store) => store.commit(ns, 0, [writeOf({}, { a: 1 })]),
  mark: (store) => store.mark(ns, { kind: 'tag', tag: 't', versionId: 1, createdAt: at(0), createdBy: 'x' }),
  saveSource: (store) =>
    store.saveSource(ns, { name: 's', state: 'ok', error: null, fingerprint: null, loadedAt: null, checkedAt: at(0) }),
  setMetadata: (store) => store.setMetadata('k', 'v', at(0)),
  purge: (store) => store.purge(ns, { before: at(9), keep: 0, by: 'x', at: at(9), dryRun: false }),
  enqueue: (store) => store.webhooks.enqueue([message('m')], { webhookId: 'w', namespace: ns, from: 0, to: 1 }),
  settle: (store) => store.webhooks.settle('m', { ...message('m'), state: 'delivered' }),
  disable: (store) => store.webhooks.update('w', { isEnabled: false }),
  begin: (store) => store.schedules.beginDue('s', at(0), { startedAt: at(0), by: 'x', node: 'a' }),
  end: (store) => store.schedules.end(1, 'done', 1, null),
  'forget answers': (store) => store.once.deleteBefore(at(9)),
  'forget deliveries': (store) => store.webhooks.deleteBefore(at(9)),
  'forget runs': (store) => store.schedules.deleteBefore(at(9)),
  'take a lease': (store) => store.leases.take(['other'], claim('a', true)),
  require: (store) => store.leases.require({ name: 'none', token: 1 }),
}

/** What every store keeps of who does timed work. */
export function leasesContract(
  name: string,
  open: () => Promise<Store>,
  again?: (store: Store) => Promise<Store>,
): void {
  describe(`${name} keeps leases`, () => {
    it('for one node at a time, each time under a greater token', async () => {
      const { leases } = await open()
      await leases.join(node('a'))
      await leases.join(node('b'))
      expect(await leases.take(['y', 'x'], claim('a'))).toEqual([
        { name: 'x', token: 1, keptSince: null },
        { name: 'y', token: 1, keptSince: null },
      ])
      expect(await leases.take(['x', 'y', 'z'], claim('b'))).toEqual([{ name: 'z', token: 1, keptSince: null }])
      expect(await leases.take(['x'], claim('a'))).toEqual([])
      await leases.release({ name: 'x', token: 1 })
      expect(await leases.take(['x', 'y'], claim('b'))).toEqual([{ name: 'x', token: 2, keptSince: at(1) }])
      await leases.release({ name: 'x', token: 1 })
      expect((await leases.list()).leases).toEqual([
        { name: 'x', token: 2, node: 'b', since: at(1) },
        { name: 'y', token: 1, node: 'a', since: at(1) },
        { name: 'z', token: 1, node: 'b', since: at(1) },
      ])
    })

    it('until their node leaves, or is given up where it was last seen', async () => {
      const { leases } = await open()
      for (const id of ['a', 'b', 'c']) await leases.join(node(id))
      const fence = await taken(leases, 'x', 'a')
      expect(await leases.beat('a', at(2))).toBe(true)
      expect(await leases.bury({ id: 'a', beat: 0 })).toBe(false)
      await leases.require(fence)
      expect((await leases.list()).nodes[0]).toEqual({ ...node('a'), beat: 1, beatAt: at(2) })
      expect(await leases.bury({ id: 'a', beat: 1 })).toBe(true)
      expect(await leases.bury({ id: 'a', beat: 1 })).toBe(false)
      await expect(leases.require(fence)).rejects.toMatchObject({ code: 'fenced', details: { lease: 'x' } })
      expect(await leases.beat('a', at(3))).toBe(false)
      expect(await leases.take(['x'], claim('a'))).toEqual([])
      expect((await taken(leases, 'x', 'b')).token).toBe(2)
      await leases.leave('b')
      await leases.leave('b')
      expect((await taken(leases, 'x', 'c')).token).toBe(3)
      expect((await leases.list()).nodes.map(({ id }) => id)).toEqual(['c'])
    })

    it('for who takes one by force, and no longer for who had it', async () => {
      const { leases } = await open()
      for (const id of ['a', 'b']) await leases.join(node(id))
      const fence = await taken(leases, 'x', 'a')
      expect(await leases.take(['x'], claim('a', true))).toEqual([])
      expect(await leases.take(['x'], claim('b', true))).toMatchObject([{ token: 2 }])
      await expect(leases.require(fence)).rejects.toMatchObject({ code: 'fenced' })
      await leases.require({ name: 'x', token: 2 })
    })

    it.each(Object.entries(writes))('and refuses what is written under an old one: %s', async (_, write) => {
      const store = await open()
      const { leases } = store
      for (const id of ['a', 'b']) await leases.join(node(id))
      await store.webhooks.insert(webhook('w'))
      const fence = await taken(leases, 'x', 'a')
      await leases.bury({ id: 'a', beat: 0 })
      const late = store.fenced(fence)
      await expect(write(late)).rejects.toMatchObject({ code: 'fenced', details: { lease: 'x' } })
      await taken(leases, 'x', 'b')
      await expect(write(late)).rejects.toMatchObject({ code: 'fenced', details: { lease: 'x' } })
      expect([await store.head(ns), await store.webhooks.waiting(), await store.schedules.lastDue('s')]).toEqual([
        undefined,
        0,
        undefined,
      ])
      expect((await store.webhooks.list())[0]?.isEnabled).toBe(true)
    })

    it('and takes what is written under the one that is held', async () => {
      const store = await open()
      await store.leases.join(node('a'))
      await store.webhooks.insert(webhook('w'))
      const held = store.fenced(await taken(store.leases, 'x', 'a'))
      await held.commit(ns, 0, [writeOf({}, { a: 1 })])
      await held.webhooks.enqueue([message('m')], { webhookId: 'w', namespace: ns, from: 0, to: 1 })
      await held.webhooks.settle('m', { ...message('m'), state: 'delivered' })
      await held.setMetadata('k', 'v', at(0))
      expect((await held.state(ns))?.version.id).toBe(1)
      expect((await store.webhooks.find('w', 'm'))?.state).toBe('delivered')
      expect(await verify(store)).toEqual([])
    })

    it('and commits nothing of what came together with a write under an old one', async () => {
      const store = await open()
      await store.leases.join(node('a'))
      const fence = await taken(store.leases, 'x', 'a')
      await store.commit(ns, 0, [writeOf({}, { a: 1 }, { fence })])
      await store.leases.release(fence)
      const both = [writeOf({ a: 1 }, { a: 2 }), writeOf({ a: 2 }, { a: 3 }, { fence })]
      await expect(store.commit(ns, 1, both)).rejects.toMatchObject({ code: 'fenced' })
      expect(await store.head(ns)).toMatchObject({ id: 1 })
      await grow(store, ns, [{ a: 2 }])
      expect(await verify(store)).toEqual([])
    })
  })

  describe(`${name} keeps the times of schedules`, () => {
    const run = { startedAt: at(1), by: 'schedule:s', node: 'a' }

    it('each run once, and tells the newest', async () => {
      const { schedules } = await open()
      expect(await schedules.lastDue('s')).toBeUndefined()
      expect(await schedules.beginDue('s', at(0), run)).toBeDefined()
      expect(await schedules.beginDue('s', at(0), run)).toBeUndefined()
      expect(await schedules.beginDue('s', at(1), run)).toBeDefined()
      expect(await schedules.beginDue('t', at(0), run)).toBeDefined()
      await schedules.begin('s', at(5), 'alice', 'a')
      await schedules.begin('s', at(5), 'alice')
      expect(await schedules.lastDue('s')).toBe(at(1))
    })

    it('and ends as failed only runs of nodes that are gone', async () => {
      const { schedules, leases } = await open()
      for (const id of ['a', 'b']) await leases.join(node(id))
      await schedules.beginDue('s', at(0), run)
      await schedules.begin('t', at(0), 'alice', 'b')
      expect(await schedules.closeAbandoned('gone')).toBe(0)
      await leases.bury({ id: 'a', beat: 0 })
      expect(await schedules.closeAbandoned('gone')).toBe(1)
      const last = await schedules.last()
      expect([last.get('s')?.outcome, last.get('t')?.outcome]).toEqual(['failed', 'running'])
    })
  })

  if (again) {
    describe(`${name} over two connections`, () => {
      it('gives a lease to one of two who ask at once, and a time of a schedule to one run', async () => {
        const one = await open()
        const two = await again(one)
        await one.leases.join(node('a'))
        await two.leases.join(node('b'))
        const asked = await Promise.all([one.leases.take(['x'], claim('a')), two.leases.take(['x'], claim('b'))])
        expect(asked.flat()).toHaveLength(1)
        const run = { startedAt: at(1), by: 'x', node: 'a' }
        const begun = await Promise.all([one, two].map((store) => store.schedules.beginDue('s', at(0), run)))
        expect(begun.filter((id) => id !== undefined)).toHaveLength(1)
      })
    })
  }
}
