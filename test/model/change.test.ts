import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyChanges, type Step, stage, stageDesired, toSteps } from '../../src/model/change.ts'
import { LIMITS } from '../../src/model/limits.ts'
import { parsePath, printPath } from '../../src/model/path.ts'
import { leavesOf, Snapshot } from '../../src/model/snapshot.ts'
import { equal, type Tree, type Value } from '../../src/model/value.ts'
import { anyPath, anyTree, at, author, layer, snapshotOf } from './samples.ts'

const set = (path: string, value: Value): Step => ({ kind: 'set', path: parsePath(path), value })
const unset = (path: string): Step => ({ kind: 'unset', path: parsePath(path) })
const mask = (path: string): Step => ({ kind: 'mask', path: parsePath(path) })

const over = (base: Tree, ...steps: readonly Step[]): Snapshot =>
  stage(snapshotOf(layer('base', base)), steps, author()).after

const overridesIn = (snapshot: Snapshot): readonly string[] =>
  [...snapshot.overrides.values()].flatMap((group) => [...group.values()].map(({ path }) => printPath(path))).sort()

/** What is in effect and what is overridden by which value: all that counts of a state. */
const contentOf = (snapshot: Snapshot) => ({
  effective: snapshot.sealedTree(),
  overrides: new Map(
    [...snapshot.overrides.values()].flatMap((group) => [...group].map(([path, { value }]) => [path, value])),
  ),
})

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      path: anyPath,
      value: fc.constantFrom<Value>(0, 1, 'x', null, {}, [1]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('unset' as const, 'mask' as const), path: anyPath }) },
)
const anySteps = fc.array(anyStep, { maxLength: 6 })

describe('staging a change', () => {
  it('sets a key over the base and remembers what the base said, by whom and when', () => {
    const after = over({ server: { port: 4949 } }, set('server.port', 5050))
    expect(at(after, 'server.port')).toBe(5050)
    expect(after.overrideAt(['server', 'port'])).toMatchObject({
      section: 'server',
      key: 'port',
      value: 5050,
      baseValue: 4949,
      createdBy: 'alice',
      createdAt: '2026-11-01T12:00:00.000Z',
    })
  })

  it('changes nothing where the override says so already, also its author', () => {
    const before = over({ a: { b: 1 } }, set('a.b', 2))
    const staged = stage(before, [set('a.b', 2)], author('bob'))
    expect(staged.overrides).toEqual([])
    expect(staged.after.overrideAt(['a', 'b'])).toBe(before.overrideAt(['a', 'b']))
  })

  it('ends overrides at and below an unset path and nothing else', () => {
    const before = over({ a: { b: 1 } }, set('a.b', 2), set('a.c.d', 3), set('ab.c', 4))
    const { after, overrides } = stage(before, [unset('a')], author())
    expect(after.sealedTree()).toEqual({ a: { b: 1 }, ab: { c: 4 } })
    expect(overrides.map(({ path, after }) => [printPath(path), after]).sort()).toEqual([
      ['a.b', undefined],
      ['a.c.d', undefined],
    ])
    expect(stage(before, [unset('x.y')], author()).overrides).toEqual([])
  })

  it('takes a base key away by a mask, and masks nothing that is not there', () => {
    const before = snapshotOf(layer('base', { a: { b: 1, c: 2 } }))
    expect(stage(before, [mask('a.b')], author()).after.sealedTree()).toEqual({ a: { c: 2 } })
    expect(stage(before, [mask('a')], author()).after.sealedTree()).toEqual({})
    expect(stage(before, [mask('a.x')], author()).overrides).toEqual([])
    const masked = stage(before, [mask('a.b')], author()).after
    expect(stage(masked, [mask('a.b')], author()).overrides).toEqual([])
  })

  it('lets a mask take the place of overrides at and below it', () => {
    const after = over({ a: { b: 1 } }, set('a.b', 2), set('a.c', 3), mask('a'))
    expect(after.sealedTree()).toEqual({})
    expect(overridesIn(after)).toEqual(['a'])
    const again = stage(after, [set('a.c', 3), mask('a')], author()).after
    expect(overridesIn(again)).toEqual(['a'])
  })

  it('sets a key below a mask, which keeps the rest away', () => {
    const after = over({ a: { b: 1, c: 2 } }, mask('a'), set('a.d', 3))
    expect(after.sealedTree()).toEqual({ a: { d: 3 } })
    expect(stage(after, [unset('a.d')], author()).after.sealedTree()).toEqual({})
  })

  it('ends an override that holds a plain value where a key below it is set', () => {
    const after = over({ a: { b: 1 } }, set('a', 'x'), set('a.c', 2))
    expect(after.sealedTree()).toEqual({ a: { b: 1, c: 2 } })
    expect(overridesIn(after)).toEqual(['a.c'])
  })

  it('sets a key below a plain value of the base by taking its place', () => {
    expect(over({ a: 'x' }, set('a.b', 1)).sealedTree()).toEqual({ a: { b: 1 } })
  })

  it('ends overrides below a path that gets a plain value', () => {
    const after = over({}, set('a.b.c', 1), set('a.b', 2))
    expect(after.sealedTree()).toEqual({ a: { b: 2 } })
    expect(overridesIn(after)).toEqual(['a.b'])
  })

  it('takes an empty object for a value: it hides the base, and keys can be set in it', () => {
    const emptied = over({ a: { b: 1 } }, set('a', {}))
    expect(emptied.sealedTree()).toEqual({ a: {} })
    const filled = stage(emptied, [set('a.c', 2)], author()).after
    expect(filled.sealedTree()).toEqual({ a: { c: 2 } })
    expect(stage(filled, [set('a', {})], author()).after.sealedTree()).toEqual({ a: {} })
  })

  it('tells operations and the values in effect before and after', () => {
    const before = over({ a: { b: 1, c: 1 } }, set('a.x', 1))
    const staged = stage(before, [set('a.b', 2), unset('a.x'), mask('a.c')], author())
    expect(keyChanges(before, staged)).toEqual(
      expect.arrayContaining([
        { operation: 'CREATE', section: 'a', key: 'b', oldValue: 1, newValue: 2 },
        { operation: 'DELETE', section: 'a', key: 'x', oldValue: 1 },
        { operation: 'CREATE', section: 'a', key: 'c', oldValue: 1 },
      ]),
    )
    const again = stage(staged.after, [set('a.b', 3), unset('a.c')], author())
    expect(keyChanges(staged.after, again)).toEqual([
      { operation: 'DELETE', section: 'a', key: 'c', newValue: 1 },
      { operation: 'UPDATE', section: 'a', key: 'b', oldValue: 2, newValue: 3 },
    ])
  })

  it('leaves the state it was staged on as it was', () => {
    fc.assert(
      fc.property(anyTree, anySteps, anySteps, (base, first, second) => {
        const before = over(base, ...first)
        const content = contentOf(before)
        stage(before, second, author())
        expect(contentOf(before)).toEqual(content)
      }),
    )
  })

  it('and undoing it gives back what there was', () => {
    fc.assert(
      fc.property(anyTree, anySteps, anySteps, (base, first, second) => {
        const before = over(base, ...first)
        const staged = stage(before, second, author('bob'))
        const names = staged.overrides.map(({ path }) => path[0]!)
        const back = stageDesired(
          staged.after,
          names,
          names.flatMap((name) => before.overridesOf(name)),
          author('carol'),
        )
        expect(contentOf(back.after)).toEqual(contentOf(before))
      }),
      { numRuns: 500 },
    )
  })

  it('tells each override that came, changed or went once, and nothing where nothing did', () => {
    fc.assert(
      fc.property(anyTree, anySteps, anySteps, (base, first, second) => {
        const before = over(base, ...first)
        const { after, overrides } = stage(before, second, author('bob'))
        const told = overrides.map(({ path }) => printPath(path))
        expect(new Set(told).size).toBe(told.length)
        if (overrides.length === 0) expect(contentOf(after)).toEqual(contentOf(before))
        const replayed = new Map(contentOf(before).overrides)
        for (const change of overrides) {
          if (change.after === undefined) replayed.delete(printPath(change.path))
          else replayed.set(printPath(change.path), change.after.value)
        }
        expect(replayed).toEqual(contentOf(after).overrides)
      }),
    )
  })

  it('puts a value in effect wherever it is set last', () => {
    fc.assert(
      fc.property(anyTree, anySteps, anyPath, fc.constantFrom<Value>(7, {}, [2], null), (base, steps, path, value) => {
        expect(over(base, ...steps, { kind: 'set', path, value }).sealedAt(path)).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('takes a key away wherever it is masked last', () => {
    fc.assert(
      fc.property(anyTree, anySteps, anyPath, (base, steps, path) => {
        const after = over(base, ...steps, { kind: 'mask', path })
        expect(after.sealedAt(path)).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })
})

describe('an incremental state', () => {
  it('is what resolving everything from scratch gives, whatever was staged', () => {
    fc.assert(
      fc.property(anyTree, anyTree, anyTree, fc.array(anySteps, { maxLength: 4 }), (low, high, pinned, changes) => {
        let snapshot = snapshotOf(layer('low', low), layer('pinned', pinned, { isPinned: true }), layer('high', high))
        for (const steps of changes) {
          snapshot = stage(snapshot, steps, author()).after
          const { layers, overrides } = snapshot
          const fresh = new Snapshot({ layers, overrides })
          expect(equal(snapshot.sealedTree(), fresh.sealedTree())).toBe(true)
          for (const { path, value } of leavesOf(fresh)) expect(snapshot.get(printPath(path))).toEqual(value)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('also where layers change under overrides', () => {
    fc.assert(
      fc.property(anyTree, anyTree, anySteps, (before, after, steps) => {
        const staged = stage(snapshotOf(layer('base', before)), steps, author()).after
        const layers = [layer('base', after)]
        const names = new Set([...staged.names(), ...Object.keys(after)])
        const changed = staged.change({ layers }, names)
        expect(equal(changed.sealedTree(), new Snapshot({ layers, overrides: staged.overrides }).sealedTree())).toBe(
          true,
        )
      }),
    )
  })

  it('shares the documents of names that were not touched', () => {
    const before = over({ a: { b: 1 }, c: { d: 2 } })
    const after = stage(before, [set('a.b', 3)], author()).after
    expect(after.effective.get('c')).toBe(before.effective.get('c'))
    const same = stage(before, [set('a.b', 1)], author()).after
    expect(same.effective.get('a')).toBe(before.effective.get('a'))
  })
})

describe('the overrides wanted', () => {
  it('replace those there are, and those that are so already keep their author', () => {
    const before = over({ a: { b: 1 } }, set('a.b', 2), set('a.c', 3), set('z.z', 1))
    const wanted = [{ path: ['a', 'b'], value: 2 }, { path: ['a', 'd'] }]
    const { after } = stageDesired(before, ['a'], wanted, author('bob'))
    expect(overridesIn(after)).toEqual(['a.b', 'a.d', 'z.z'])
    expect(after.overrideAt(['a', 'b'])?.createdBy).toBe('alice')
    expect(after.overrideAt(['a', 'd'])).toMatchObject({ createdBy: 'bob' })
  })
})

describe('the steps of a value', () => {
  it('are one for each leaf of an object, and one for everything else', () => {
    expect(toSteps(['a'], { b: 1, c: { d: [1], e: {} } }, LIMITS).map((step) => printPath(step.path))).toEqual([
      'a.b',
      'a.c.d',
      'a.c.e',
    ])
    expect(toSteps(['a'], {}, LIMITS)).toEqual([{ kind: 'set', path: ['a'], value: {} }])
    expect(toSteps(['a'], [1], LIMITS)).toHaveLength(1)
  })

  it('are refused where a value is too large, by the bytes of its canonical text', () => {
    const limits = { ...LIMITS, valueBytes: 10 }
    expect(toSteps(['a'], 'x'.repeat(8), limits)).toHaveLength(1)
    expect(() => toSteps(['a', 'b'], 'é'.repeat(8), limits)).toThrow(
      expect.objectContaining({
        code: 'too-large',
        details: { limit: 'valueBytes', allowed: 10, found: 18 },
        message: expect.stringContaining('a.b'),
      }),
    )
  })

  it('are refused below a section without a name, which would be keys outside any section', () => {
    for (const [path, value] of [
      [['', 'a'], 1],
      [[''], { a: 1 }],
      [[''], {}],
    ] as const)
      expect(() => toSteps(path, value, LIMITS)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(toSteps([''], 1, LIMITS)).toHaveLength(1)
  })
})
