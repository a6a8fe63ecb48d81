import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byLeaf, diff, patch } from '../../src/model/diff.ts'
import { isWithin } from '../../src/model/path.ts'
import { equal, isBranch } from '../../src/model/value.ts'
import { anyTree, anyValue } from './samples.ts'

describe('a difference', () => {
  it('leads from one side to the other', () => {
    fc.assert(
      fc.property(fc.option(anyValue, { nil: undefined }), fc.option(anyValue, { nil: undefined }), (a, b) => {
        expect(equal(patch(a, diff(a, b)), b)).toBe(true)
      }),
    )
    fc.assert(
      fc.property(anyTree, anyTree, (a, b) => void expect(equal(patch(a, diff(a, b)), b)).toBe(true)),
      { numRuns: 500 },
    )
  })

  it('leads back when its sides are swapped', () => {
    fc.assert(
      fc.property(anyTree, anyTree, (a, b) => {
        const swapped = diff(a, b).map(({ path, before, after }) => ({
          path,
          ...(after !== undefined && { before: after }),
          ...(before !== undefined && { after: before }),
        }))
        expect(equal(patch(b, swapped), a)).toBe(true)
      }),
    )
  })

  it('is empty for equal sides only, and names no place twice', () => {
    fc.assert(
      fc.property(anyTree, anyTree, (a, b) => {
        const found = diff(a, b)
        expect(found.length === 0).toBe(equal(a, b))
        for (const one of found) expect(found.filter((other) => isWithin(other.path, one.path))).toHaveLength(1)
      }),
    )
  })

  it('stands at the highest point that came, went or changed its kind', () => {
    expect(diff({ a: { b: 1 }, c: 1 }, { a: 'x', d: { e: 1 } })).toEqual([
      { path: ['a'], before: { b: 1 }, after: 'x' },
      { path: ['c'], before: 1 },
      { path: ['d'], after: { e: 1 } },
    ])
    expect(diff({ a: [1] }, { a: [2] })).toEqual([{ path: ['a'], before: [1], after: [2] }])
    expect(diff({ a: null }, {})).toEqual([{ path: ['a'], before: null }])
  })

  it('is told leaf by leaf where whole subtrees came or went', () => {
    expect(byLeaf(diff({ a: { b: 1, c: {} }, x: 1 }, { a: 'x', x: { y: 2 } }))).toEqual([
      { path: ['a', 'b'], before: 1 },
      { path: ['a', 'c'], before: {} },
      { path: ['a'], after: 'x' },
      { path: ['x'], before: 1 },
      { path: ['x', 'y'], after: 2 },
    ])
    fc.assert(
      fc.property(anyTree, anyTree, (a, b) => {
        for (const { before, after } of byLeaf(diff(a, b))) expect(isBranch(before) || isBranch(after)).toBe(false)
      }),
    )
  })
})
