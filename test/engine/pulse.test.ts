import { describe, expect, it, onTestFinished } from 'vitest'
import { within } from '../../src/engine/patience.ts'
import { pulseOf } from '../../src/engine/pulse.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'

const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
const now = () => new Date()

async function memory(): Promise<Store> {
  const store = await openSqlite(':memory:')
  onTestFinished(() => store.close())
  return store
}

describe('whether a store answers', () => {
  it('is known within two seconds or so, also of one that never does, and that is asked only once meanwhile', async () => {
    let asked = 0
    let isBack = false
    const store = await memory()
    const metadata: Store['metadata'] = () => {
      asked++
      return isBack ? store.metadata() : new Promise((resolve) => waiting.push(() => resolve(new Map())))
    }
    const waiting: (() => void)[] = []
    const pulse = pulseOf({ ...store, metadata }, now)
    const told = await within(10_000, Promise.all([pulse.check(), pulse.check(), pulse.check()]))
    expect(told).toEqual(Array(3).fill('the store does not answer'))
    expect(await pulse.check()).toBe('the store does not answer')
    expect(asked).toBe(1)

    isBack = true
    for (const answer of waiting) answer()
    await expect.poll(() => pulse.check()).toBeUndefined()
  })

  it('is known of one that reads and never ends a write that once failed', async () => {
    const store = await memory()
    const failing = pulseOf({ ...store, setMetadata: () => never() }, now)
    await expect(failing.store.commit('a', 9, [])).rejects.toMatchObject({ code: 'conflict' })
    expect(await failing.check()).toBeUndefined() // the caller's own mistake tells nothing of the store

    const commit: Store['commit'] = async () => {
      const { HoldfastError } = await import('../../src/model/errors.ts')
      throw new HoldfastError('unavailable', 'the disk is full', { store: 'x', retry: true })
    }
    const full = pulseOf({ ...store, commit, setMetadata: () => never() }, now)
    await expect(full.store.commit('a', 0, [])).rejects.toMatchObject({ code: 'unavailable' })
    expect(await full.check()).toBe('the store does not answer')
  })
})
