import { describe, expect, it } from 'vitest'
import { isMask, type Override, stateOf } from '../../src/model/override.ts'
import type { Value } from '../../src/model/value.ts'

const override = (value: Value | undefined, baseValue: Value | undefined): Override => ({
  path: ['a', 'b'],
  section: 'a',
  key: 'b',
  ...(value !== undefined && { value }),
  ...(baseValue !== undefined && { baseValue }),
  createdAt: '2026-11-01T12:00:00.000Z',
  createdBy: 'alice',
  reason: null,
  comment: null,
  origin: { versionId: 1 },
})

describe('an override', () => {
  it.each<[string, Value | undefined, Value | undefined, Value | undefined, boolean, string]>([
    ['differs from a base that stayed', 2, 1, 1, true, 'intentional'],
    ['was set where the base said nothing and still says nothing', 2, undefined, undefined, true, 'intentional'],
    ['takes away a key the base still has', undefined, 1, 1, true, 'intentional'],
    ['differs from a base that has moved', 2, 1, 3, true, 'stale'],
    ['takes away a key whose base has moved', undefined, 1, 3, true, 'stale'],
    ['was set where the base said nothing, which now speaks', 2, undefined, 1, true, 'stale'],
    ['says what the base came to say', 2, 1, 2, true, 'redundant'],
    ['said what the base says from the start', 2, 2, 2, true, 'redundant'],
    ['holds a list equal to the base', [1, { a: 1 }], [], [1, { a: 1 }], true, 'redundant'],
    ['stands over a key the base has lost', 2, 1, undefined, true, 'orphaned'],
    ['takes away a key that is gone by itself', undefined, 1, undefined, true, 'orphaned'],
    ['sets a key that the schema no longer has', 2, 1, 1, false, 'orphaned'],
    ['equals the base at a key that the schema no longer has', 1, 1, 1, false, 'orphaned'],
    ['says null over a base that says nothing', null, undefined, undefined, true, 'intentional'],
  ])('that %s: %j over %j, now %j', (_, value, then, now, isKnown, state) => {
    expect(stateOf(override(value, then), now, isKnown)).toBe(state)
  })

  it('without a value is a mask, and null is a value', () => {
    expect(isMask(override(undefined, 1))).toBe(true)
    expect(isMask(override(null, 1))).toBe(false)
  })
})
