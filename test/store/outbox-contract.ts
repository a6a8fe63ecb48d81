import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { at, grow, message, webhook } from './samples.ts'

const ns = 'default'

/** What every store keeps of webhooks, their messages, and timed work. */
export function outboxContract(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps webhooks`, () => {
    const delivered = {
      state: 'delivered',
      attempts: 1,
      lastAttemptAt: at(3),
      nextAttemptAt: null,
      status: 204,
      error: null,
      duration: 12.5,
    } as const

    it('in the order they were made, and changes of them', async () => {
      const { webhooks } = await open()
      await webhooks.insert(webhook('b'))
      await webhooks.insert(webhook('a', { sections: ['server'], isEnabled: false }))
      const change = {
        isEnabled: false,
        disabledReason: '410',
        sections: ['db'],
        previousSecret: 's',
        previousUntil: at(9),
      }
      await webhooks.update('b', change)
      await webhooks.update('a', { isEnabled: true, sections: null })
      await webhooks.update('a', {})
      const known = { secret: webhook('a').secret, previousSecret: null }
      await webhooks.update('a', { name: 'hook a' }, known)
      for (const other of [
        { ...known, secret: 'x' },
        { ...known, previousSecret: 'x' },
      ])
        await expect(webhooks.update('a', { name: 'z' }, other)).rejects.toMatchObject({ code: 'not-found' })
      expect(await webhooks.list()).toEqual([webhook('b', change), webhook('a')])
      for (const gone of [webhooks.update('none', { name: 'x' }), webhooks.update('none', {}), webhooks.delete('none')])
        await expect(gone).rejects.toMatchObject({ code: 'not-found' })
    })

    it('each beginning where the namespaces stand that there are', async () => {
      const store = await open()
      await grow(store, 'a', [{ a: 1 }])
      await grow(store, 'b', [{ a: 1 }, { a: 2 }])
      await store.webhooks.insert(webhook('w'))
      await grow(store, 'c', [{ a: 1 }])
      const cursors = await Promise.all(['a', 'b', 'c'].map((namespace) => store.webhooks.cursor('w', namespace)))
      expect(cursors).toEqual([1, 3, undefined])
      expect(await store.webhooks.cursor('none', 'a')).toBeUndefined()
    })

    it('and puts messages out together with how far they go, or neither', async () => {
      const { webhooks } = await open()
      await webhooks.insert(webhook('w'))
      const move = { webhookId: 'w', namespace: ns, from: 0, to: 4 }
      await webhooks.enqueue([message('m1'), message('m2')], move)
      await expect(webhooks.enqueue([message('m3')], move)).rejects.toMatchObject({
        code: 'conflict',
        details: { expected: 0, found: 4 },
      })
      const taken = webhooks.enqueue([message('m4'), message('m1')], { ...move, from: 4, to: 5 })
      await expect(taken).rejects.toMatchObject({ code: 'store' })
      expect(await webhooks.cursor('w', ns)).toBe(4)
      expect(await webhooks.due('w', at(0))).toEqual(message('m1'))
      expect(await webhooks.waiting()).toBe(2)
      await webhooks.enqueue([], { ...move, from: 4, to: 6 })
      expect(await webhooks.cursor('w', ns)).toBe(6)
    })

    it('and tells which message of each has been due for longest, and how each attempt ended', async () => {
      const { webhooks } = await open()
      await webhooks.insert(webhook('w'))
      await webhooks.insert(webhook('v'))
      expect(await webhooks.nextDue()).toBeUndefined()
      const later = (id: string, minute: number) => message(id, { nextAttemptAt: at(minute) })
      await webhooks.enqueue([later('m1', 2), later('m2', 1), later('m3', 8), message('n', { webhookId: 'v' })])
      expect(await webhooks.nextDue()).toBe(at(0))
      expect(await webhooks.due('w', at(0))).toBeUndefined()
      expect(await webhooks.due('w', at(2))).toEqual(later('m2', 1))
      await webhooks.settle('m2', delivered)
      expect(await webhooks.due('w', at(2))).toEqual(later('m1', 2))
      await webhooks.settle('m1', { ...delivered, state: 'failed', error: 'refused', status: null })
      await webhooks.settle('n', { ...delivered, state: 'waiting', nextAttemptAt: at(9), status: 500 })
      await webhooks.settle('none', delivered)
      expect(await webhooks.due('w', at(7))).toBeUndefined()
      expect([await webhooks.nextDue(), await webhooks.waiting()]).toEqual([at(8), 2])
      expect(await webhooks.find('w', 'm2')).toEqual(message('m2', delivered))
      expect(await webhooks.find('other', 'm2')).toBeUndefined()
      expect(await webhooks.deleteBefore(at(1))).toBe(2)
      expect(await webhooks.find('w', 'm3')).toEqual(later('m3', 8))
    })

    it('and pages of its messages, newest first', async () => {
      const { webhooks } = await open()
      await webhooks.insert(webhook('w'))
      await webhooks.insert(webhook('v'))
      await webhooks.enqueue([message('m1'), message('m2'), message('n', { webhookId: 'v' }), message('m3')])
      const first = await webhooks.deliveries('w', { limit: 2 })
      expect(first).toEqual([
        { row: 4, ...message('m3') },
        { row: 2, ...message('m2') },
      ])
      await webhooks.enqueue([message('m4')])
      const second = await webhooks.deliveries('w', { limit: 2, before: first.at(-1)!.row })
      expect(second.map(({ id }) => id)).toEqual(['m1'])
    })

    it('until they are deleted, with all that was to be told', async () => {
      const { webhooks } = await open()
      await webhooks.insert(webhook('w'))
      await webhooks.insert(webhook('v'))
      await webhooks.enqueue([message('m1'), message('n', { webhookId: 'v' })], {
        webhookId: 'w',
        namespace: ns,
        from: 0,
        to: 1,
      })
      await webhooks.delete('w')
      await webhooks.enqueue([message('m2'), message('n2', { webhookId: 'v' })], {
        webhookId: 'w',
        namespace: ns,
        from: 1,
        to: 2,
      })
      expect((await webhooks.list()).map(({ id }) => id)).toEqual(['v'])
      expect(await webhooks.due('w', at(9))).toBeUndefined()
      expect((await webhooks.deliveries('v', { limit: 9 })).map(({ id }) => id)).toEqual(['n2', 'n'])
      expect(await webhooks.cursor('w', ns)).toBeUndefined()
    })
  })

  describe(`${name} keeps the runs of timed work`, () => {
    it('the last of each schedule, and how it ended', async () => {
      const { schedules } = await open()
      const nightly = await schedules.begin('nightly', at(0), 'schedule')
      await schedules.end(nightly, 'done', 1500, '3 versions')
      const second = await schedules.begin('nightly', at(1), 'alice')
      await schedules.begin('hourly', at(0), 'schedule')
      expect(second).toBeGreaterThan(nightly)
      expect(await schedules.last()).toEqual(
        new Map([
          ['hourly', { startedAt: at(0), duration: null, outcome: 'running', detail: null, by: 'schedule' }],
          ['nightly', { startedAt: at(1), duration: null, outcome: 'running', detail: null, by: 'alice' }],
        ]),
      )
      await schedules.end(second, 'failed', 2, 'no room')
      expect((await schedules.last()).get('nightly')).toMatchObject({
        outcome: 'failed',
        duration: 2,
        detail: 'no room',
      })
      await expect(schedules.end(99, 'done', 1, null)).rejects.toMatchObject({ code: 'not-found' })
    })

    it('ends as failed what a crash left running', async () => {
      const { schedules } = await open()
      await schedules.end(await schedules.begin('a', at(0), 'x'), 'done', 1, null)
      await schedules.begin('b', at(0), 'x')
      await schedules.begin('c', at(0), 'x')
      expect(await schedules.closeAbandoned('the server stopped')).toBe(2)
      expect(await schedules.closeAbandoned('the server stopped')).toBe(0)
      const last = await schedules.last()
      expect([...last].map(([schedule, run]) => [schedule, run.outcome, run.detail])).toEqual([
        ['a', 'done', null],
        ['b', 'failed', 'the server stopped'],
        ['c', 'failed', 'the server stopped'],
      ])
    })

    it('forgets old runs, but not the last of each schedule and none that goes on', async () => {
      const { schedules } = await open()
      for (const minute of [0, 1, 2]) await schedules.end(await schedules.begin('a', at(minute), 'x'), 'done', 1, null)
      await schedules.begin('b', at(0), 'x')
      await schedules.end(await schedules.begin('b', at(1), 'x'), 'done', 1, null)
      expect(await schedules.deleteBefore(at(9))).toBe(2)
      expect((await schedules.last()).get('a')?.startedAt).toBe(at(2))
      expect(await schedules.closeAbandoned('stopped')).toBe(1)
    })
  })
}
