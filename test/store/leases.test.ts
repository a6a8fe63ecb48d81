import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Fence } from '../../src/model/lease.ts'
import type { Store } from '../../src/store/store.ts'
import { at } from './samples.ts'
import { opened } from './temporary.ts'

const [NODES, NAMES] = [
  ['a', 'b', 'c'],
  ['x', 'y'],
]

/** What should be true: who lives at which beat, who has what under which token, and all that was ever taken. */
interface Model {
  readonly living: Map<string, number>
  readonly held: Map<string, { readonly node: string; readonly token: number }>
  readonly tokens: Map<string, number>
  readonly taken: Fence[]
}

const step = fc.record({
  act: fc.constantFrom('join', 'beat', 'leave', 'bury', 'take', 'force', 'release', 'write'),
  node: fc.constantFrom(...NODES!),
  name: fc.constantFrom(...NAMES!),
  /** Which of the beats, or of the leases ever taken, is meant. */
  pick: fc.nat(),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

it('a lease belongs to whoever took it last and lives, whatever happens in which order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const store = await opened(':memory:')
      const model: Model = { living: new Map(), held: new Map(), tokens: new Map(), taken: [] }
      for (const one of steps) await act(store, model, one)
      await store.close()
    }),
    { numRuns: 150 },
  )
})

function free(model: Model, node: string): void {
  model.living.delete(node)
  for (const [name, lease] of model.held) if (lease.node === node) model.held.delete(name)
}

const isHeld = (model: Model, fence: Fence | undefined): boolean =>
  fence !== undefined && model.held.get(fence.name)?.token === fence.token

async function act(store: Store, model: Model, { act, node, name, pick }: Step): Promise<void> {
  const { leases } = store
  const fence = model.taken[pick % Math.max(1, model.taken.length)]
  const beat = model.living.get(node)
  if (act === 'join') {
    if (beat !== undefined) return
    await leases.join({ id: node, host: 'h', machine: null, pid: 1, startedAt: at(0), ttl: 1 })
    model.living.set(node, 0)
  } else if (act === 'beat') {
    expect(await leases.beat(node, at(1))).toBe(beat !== undefined)
    if (beat !== undefined) model.living.set(node, beat + 1)
  } else if (act === 'leave') {
    await leases.leave(node)
    free(model, node)
  } else if (act === 'bury') {
    const seen = pick % 3
    expect(await leases.bury({ id: node, beat: seen })).toBe(beat === seen)
    if (beat === seen) free(model, node)
  } else if (act === 'release') {
    if (fence === undefined) return
    await leases.release(fence)
    if (isHeld(model, fence)) model.held.delete(fence.name)
  } else if (act === 'write') {
    if (fence === undefined) return
    const written = store.fenced(fence).setMetadata('k', 'v', at(0))
    if (isHeld(model, fence)) await written
    else await expect(written).rejects.toMatchObject({ code: 'fenced' })
  } else await take(store, model, { node, name, isForced: act === 'force' })
}

async function take(
  store: Store,
  model: Model,
  { node, name, isForced }: { readonly node: string; readonly name: string; readonly isForced: boolean },
): Promise<void> {
  const holder = model.held.get(name)?.node
  const mayTake = model.living.has(node) && (holder === undefined || (isForced && holder !== node))
  const found = await store.leases.take([name], { node, at: at(0), isForced })
  expect(found.length).toBe(mayTake ? 1 : 0)
  if (!mayTake) return
  const token = (model.tokens.get(name) ?? 0) + 1
  expect(found[0]).toMatchObject({ name, token })
  model.tokens.set(name, token)
  model.held.set(name, { node, token })
  model.taken.push({ name, token })
}
