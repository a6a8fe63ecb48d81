import { describe, expect, it } from 'vitest'
import { GrowthSeries, watchGrowth } from '../../src/engine/growth.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const sizes = (used: number, freeBytes = 0) => ({ bytes: used + freeBytes, freeBytes, walBytes: 0 })

describe('the growth of a store', () => {
  it('is what came into use in the last hour and in the last day, and since the beginning where that is shorter', () => {
    const series = new GrowthSeries()
    expect(series.until(sizes(100), 0)).toEqual({ hour: 0, day: 0 })
    series.note(sizes(100), 0)
    expect(series.until(sizes(150), HOUR / 2)).toEqual({ hour: 50, day: 50 })
    for (let hour = 1; hour <= 30; hour++) series.note(sizes(100 + 10 * hour), hour * HOUR)
    expect(series.until(sizes(407), 30 * HOUR + 1000)).toEqual({ hour: 17, day: 247 })
  })

  it('does not count what a purge left free, and is below 0 where that was more', () => {
    const series = new GrowthSeries()
    series.note(sizes(1000), 0)
    expect(series.until(sizes(400, 600), HOUR)).toEqual({ hour: -600, day: -600 })
    expect(series.until(sizes(1000, 500), HOUR)).toEqual({ hour: 0, day: 0 })
  })

  it('is worked out from a day of sizes, however long the server runs', () => {
    const series = new GrowthSeries()
    for (let at = 0; at <= 10 * DAY; at += 5 * 60_000) series.note(sizes(at / 1000), at)
    expect(series.length).toBe(289)
    expect(series.until(sizes(10 * (DAY / 1000)), 10 * DAY)).toEqual({ hour: 3600, day: 86_400 })
  })

  it('is watched from the beginning, also where the store is away then', async () => {
    let isAway = true
    const store = { sizes: async () => (isAway ? Promise.reject(new Error('away')) : sizes(100)) }
    const watch = await watchGrowth(store)
    isAway = false
    expect(watch.until(sizes(100))).toEqual({ hour: 0, day: 0 })
    watch.stop()
  })
})
