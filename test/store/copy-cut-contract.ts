import { describe, expect, it } from 'vitest'
import { openDriver } from '../../src/engine/open.ts'
import { storeName } from '../../src/model/config.ts'
import { contentOf } from './content.ts'
import { begin, copied, copiedUntil, openedStore, type Place } from './copying.ts'
import { at, grow, token, verify } from './samples.ts'

/** What becomes of a copy that is cut short, refused or not switched to; `step` is how many writes are between two points at which it is cut. */
export function cutContract(name: string, source: Place, target: Place, { step }: { readonly step: number }): void {
  describe(`${name}: a copy`, () => {
    it('has the large documents of a large configuration too', async () => {
      const [from, to] = [await source(), await target()]
      const before = await openedStore(from)
      const large = (i: number) => ({ [`s${i}`]: `${i}`.repeat(1_000_000) })
      for (let i = 0; i < 6; i++) await grow(before, 'default', [large(i)])
      await copied(from, to, { keepSource: true })
      const after = await openedStore(to)
      expect(await contentOf(after.driver)).toEqual(await contentOf(before.driver))
    }, 60_000)

    it('that was cut short goes on from any point to the same end, and is not taken for a store until then', async () => {
      const from = await source()
      await begin(from)
      const before = await openedStore(from)
      const expected = await contentOf(before.driver)
      await before.close()
      const whole = await copiedUntil(from, await target(), Number.POSITIVE_INFINITY, true)
      expect(whole).toBeGreaterThan(10)
      for (let cut = 2; cut <= whole; cut += step) {
        const to = await target()
        await expect(copiedUntil(from, to, cut, true)).rejects.toThrow('cut')
        await expect(openDriver({ store: to })).rejects.toMatchObject({ code: 'unavailable' })
        await expect(openDriver({ store: to })).rejects.toThrow(/is not whole yet/)
        await copied(from, to, { keepSource: true })
        const after = await openedStore(to)
        expect(await contentOf(after.driver)).toEqual(expected)
        expect(await verify(after)).toEqual([])
        await after.close()
      }
    }, 120_000)

    it('that was cut short is left alone by a process that began before another one took it over', async () => {
      const [from, to] = [await source(), await target()]
      await begin(from)
      const overtaken = copied(from, to, {
        keepSource: true,
        check: () => copied(from, to, { keepSource: true }).then(() => undefined),
      })
      await expect(overtaken).rejects.toThrow(/another process copies here by now, or has finished/)
      const [before, after] = [await openedStore(from), await openedStore(to)]
      expect(await contentOf(after.driver)).toEqual(await contentOf(before.driver))
    })

    it('leaves the source in use where it is only a copy, and where the copy did not pass', async () => {
      const [from, to] = [await source(), await target()]
      await begin(from)
      const bad = async () => {
        throw new Error('not good')
      }
      await expect(copied(from, to, { check: bad })).rejects.toThrow('not good')
      const store = await openedStore(from)
      await grow(store, 'more', [{ a: 1 }])
      await copied(from, to, { keepSource: true })
      await grow(store, 'more', [{ a: 2 }])
      expect((await (await openedStore(to)).versions('more', { limit: 9 })).length).toBe(1)
    })

    it('moves on, and back into an empty place, without nodes and their leases', async () => {
      const [from, to, back] = [await source(), await target(), await source()]
      await begin(from)
      const before = await openedStore(from)
      const expected = await contentOf(before.driver)
      await before.leases.join({ id: 'n', host: 'h', machine: null, pid: 1, startedAt: at(0), ttl: 1 })
      await before.leases.take(['work'], { node: 'n', at: at(0), isForced: false })
      await copied(from, to)
      await copied(to, back)
      const after = await openedStore(back)
      expect(await contentOf(after.driver)).toEqual(expected)
      expect(await verify(after)).toEqual([])
      expect(await after.leases.beat('n', at(1))).toBe(false)
      await expect(grow(await openedStore(to), 'x', [{ a: 1 }])).rejects.toThrow(
        `the store has moved to ${storeName(back)}`,
      )
    }, 60_000)

    it('into what has anything in it, is half a copy of another store, or is the source, is refused as it is', async () => {
      const [from, to, other] = [await source(), await target(), await source()]
      await begin(from)
      await begin(other)
      const full = await openedStore(to)
      await full.tokens.insert(token('a'))
      const refused = { code: 'exists' }
      await expect(copied(from, to)).rejects.toMatchObject(refused)
      await expect(copied(from, to)).rejects.toThrow(/has content of its own/)
      expect(await full.tokens.all()).toEqual([token('a')])

      const half = await target()
      await expect(copiedUntil(other, half, 5, true)).rejects.toThrow('cut')
      await expect(copied(from, half)).rejects.toThrow(/is half a copy of another store/)
      await copied(other, half, { keepSource: true })
      await expect(copied(half, half)).rejects.toThrow(/is the store itself/)
      await grow(await openedStore(from), 'default', [{ a: 1 }])
    })
  })
}
