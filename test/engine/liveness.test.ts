import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSilent, type Sighting, sighted } from '../../src/engine/liveness.ts'

const MOST = 100

const looks = fc.array(fc.record({ hasBeaten: fc.boolean(), wait: fc.nat(400) }), { minLength: 1, maxLength: 50 })

describe('a node', () => {
  it('is silent only when it was looked at for all of its time without a beat, whoever slept meanwhile', () => {
    fc.assert(
      fc.property(looks, fc.integer({ min: 1, max: 1000 }), (steps, ttl) => {
        let [at, beat, watched] = [0, 0, 0]
        let seen: Sighting | undefined
        for (const { hasBeaten, wait } of steps) {
          at += wait
          if (hasBeaten) beat++
          watched = hasBeaten || seen === undefined ? 0 : watched + Math.min(wait, MOST)
          seen = sighted(seen, beat, at, MOST)
          expect(isSilent(seen, ttl)).toBe(watched >= ttl)
          expect(seen.idleMs).toBeLessThanOrEqual(at)
        }
      }),
    )
  })

  it('is never silent for a clock that goes back', () => {
    const first = sighted(undefined, 1, 1000, MOST)
    expect(sighted(first, 1, 0, MOST).idleMs).toBe(0)
  })
})
