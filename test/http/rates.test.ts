import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressKey, Rate } from '../../src/http/rates.ts'

function refused(rate: Rate, key: string): number {
  try {
    rate.take(key, key)
    return 0
  } catch (error) {
    return (error as { details: { retryAfter: number } }).details.retryAfter
  }
}

describe('a rate', () => {
  it('lets a minute of requests through at once, and then as many as come back', () => {
    let now = 0
    const rate = new Rate(60, () => now)
    const burst = Array.from({ length: 61 }, () => refused(rate, 'a'))
    expect(burst).toEqual([...Array(60).fill(0), 1])
    expect(refused(rate, 'b')).toBe(0)
    now += 2000
    expect([refused(rate, 'a'), refused(rate, 'a'), refused(rate, 'a')]).toEqual([0, 0, 1])
  })

  it('says truly when there is room again, and a refusal costs nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 50 }), (perMinute, tries) => {
        let now = 0
        const rate = new Rate(perMinute, () => now)
        while (refused(rate, 'a') === 0);
        const waits = Array.from({ length: tries }, () => refused(rate, 'a'))
        expect(new Set(waits).size).toBe(1)
        now += waits[0]! * 1000
        expect(refused(rate, 'a')).toBe(0)
      }),
    )
  })

  it('remembers so many keys and no more', () => {
    const rate = new Rate(100, () => 0)
    for (let i = 0; i < 50_000; i++) rate.take(`key ${i}`, 'somebody')
    expect(rate.size).toBe(20_000)
  })
})

describe('an address', () => {
  it('of version 6 counts with its household, of version 4 alone', () => {
    expect(addressKey('192.0.2.7')).toBe('192.0.2.7')
    expect(addressKey(null)).toBe('nowhere')
    const household = ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:db8:0:1:2:3:4:5'].map(addressKey)
    expect(new Set(household).size).toBe(1)
    expect(addressKey('2001:db8:0:2::1')).not.toBe(household[0])
    expect(addressKey('::1')).toBe('0:0:0:0::/64')
  })
})
