import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/model/canonical.ts'
import { type Step, stage } from '../../src/model/change.ts'
import { leaves, merge, patched, sourceName, valueAt, withValue } from '../../src/model/layer.ts'
import { EMPTY, equal, freeze, isTree, own, type Tree, type Value } from '../../src/model/value.ts'
import { anyPath, anyTree, anyValue, author, layer, snapshotOf } from './samples.ts'

/** What precedence means, said the slow way: the strongest layer that speaks of a leaf decides, a scalar above it hides it. */
function expectedAt(trees: readonly Tree[], path: readonly string[]): Value | undefined {
  let value: Value | undefined
  for (const tree of trees) value = Object.keys(tree).length === 0 ? (value ?? tree) : merge(value, tree)
  return valueAt(value, path)
}

describe('layers', () => {
  it('are merged key by key, and what is no object replaces', () => {
    expect(merge({ a: { b: 1, c: 2 }, d: [1] }, { a: { c: 3 }, d: [2] })).toEqual({ a: { b: 1, c: 3 }, d: [2] })
    expect(merge({ a: { b: 1 } }, { a: 'x' })).toEqual({ a: 'x' })
    expect(merge({ a: 'x' }, { a: { b: 1 } })).toEqual({ a: { b: 1 } })
    expect(merge({ a: 1 }, { a: null })).toEqual({ a: null })
  })

  it('win over those before them wherever they speak', () => {
    fc.assert(
      fc.property(anyTree, anyTree, (lower, upper) => {
        const merged = merge(lower, upper)
        for (const [path, value] of leaves(upper)) {
          const found = valueAt(merged, path)
          expect(isTree(value) && isTree(found) ? {} : found).toEqual(value)
        }
      }),
    )
  })

  it('leave what others do not speak of', () => {
    fc.assert(
      fc.property(anyTree, anyTree, (lower, upper) => {
        expect(merge(lower, EMPTY)).toEqual(lower)
        expect(merge(EMPTY, lower)).toEqual(lower)
        const merged = merge(lower, upper)
        for (const key of Object.keys(lower))
          if (!Object.hasOwn(upper, key)) expect(own(merged as Tree, key)).toBe(lower[key])
      }),
    )
  })

  it('are resolved so that later ones win', () => {
    fc.assert(
      fc.property(fc.array(anyTree, { minLength: 1, maxLength: 4 }), anyPath, (trees, path) => {
        const snapshot = snapshotOf(...trees.map((tree, i) => layer(`l${i}`, tree)))
        expect(snapshot.sealedAt(path)).toEqual(expectedAt(trees, path))
        expect(snapshot.baseAt(path)).toEqual(snapshot.sealedAt(path))
      }),
    )
  })

  it('that are pinned win over overrides, overrides over all others', () => {
    const step = fc.record({ path: anyPath, value: fc.constantFrom<Value>(7, 'o', true) })
    fc.assert(
      fc.property(anyTree, anyTree, fc.array(step, { minLength: 1, maxLength: 4 }), (base, pinned, sets) => {
        const before = snapshotOf(layer('pinned', pinned, { isPinned: true }), layer('base', base))
        const steps = sets.map((set): Step => ({ kind: 'set', ...set }))
        const { after } = stage(before, steps, author())
        const overridden = stage(snapshotOf(layer('base', base)), steps, author()).after
        const meant = merge(overridden.sealedTree(), pinned)
        expect(equal(after.sealedTree(), meant)).toBe(true)
        const last = sets.at(-1)!
        expect(overridden.sealedAt(last.path)).toBe(last.value)
      }),
    )
  })

  it('are named after what they read', () => {
    expect(sourceName({ kind: 'file', path: 'a.ini' })).toBe('a.ini')
    expect(sourceName({ kind: 'url', url: 'https://example.com/a' })).toBe('https://example.com/a')
    expect(sourceName({ kind: 'env', prefix: 'A_' })).toBe('env:A_')
    expect(sourceName({ kind: 'inline', name: 'x', values: {} })).toBe('inline:x')
  })
})

describe('patched', () => {
  it('sets, replaces what stands in the way, and takes away', () => {
    expect(patched({ a: 1 }, [{ path: ['a', 'b'], value: 2 }])).toEqual({ a: { b: 2 } })
    expect(patched(undefined, [{ path: ['a', 'b'], value: 2 }])).toEqual({ a: { b: 2 } })
    expect(patched({ a: { b: 1 } }, [{ path: ['a', 'b'] }])).toEqual({ a: {} })
    expect(patched({ a: 1 }, [{ path: ['a', 'b'] }])).toEqual({ a: 1 })
    expect(patched({ a: 1 }, [{ path: [] }])).toBeUndefined()
    expect(patched({ a: 1 }, [{ path: [], value: 2 }])).toBe(2)
  })

  it('gives what edits one by one give, and never touches its input', () => {
    const edit = fc.record({ path: anyPath, value: anyValue }, { requiredKeys: ['path'] })
    fc.assert(
      fc.property(anyTree, fc.array(edit, { maxLength: 6 }), (tree, edits) => {
        const before = canonical(tree)
        const oneByOne = edits.reduce<Value | undefined>(
          (value, { path, ...rest }) =>
            'value' in rest ? withValue(value, path, rest.value!) : patched(value, [{ path }]),
          tree,
        )
        expect(equal(patched(tree, edits), oneByOne)).toBe(true)
        expect(canonical(tree)).toBe(before)
      }),
    )
  })

  it('shares what it does not touch and freezes what it makes', () => {
    const tree = freeze({ a: { x: 1 }, b: { y: { z: 2 } } })
    const next = patched(tree, [{ path: ['a', 'x'], value: 3 }]) as Tree
    expect(own(next, 'b')).toBe(tree.b)
    expect(Object.isFrozen(next) && Object.isFrozen(next['a'])).toBe(true)
  })

  it('copies an object of many keys once for many edits', () => {
    const tree = freeze(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i])))
    const edits = Array.from({ length: 2000 }, (_, i) => ({ path: ['s', `k${i}`], value: -i }))
    const next = patched({ s: tree }, edits) as Tree
    expect(valueAt(next, ['s', 'k1999'])).toBe(-1999)
    expect(tree['k1999']).toBe(1999)
  })
})

describe('leaves', () => {
  it('say the whole tree, and empty objects are among them', () => {
    expect([...leaves({ a: { b: 1, c: {} }, d: [] })]).toEqual([
      [['a', 'b'], 1],
      [['a', 'c'], {}],
      [['d'], []],
    ])
    fc.assert(
      fc.property(anyTree, (tree) => {
        const edits = [...leaves(tree)].map(([path, value]) => ({ path, value }))
        expect(equal(patched({}, edits), tree)).toBe(true)
      }),
    )
  })
})
