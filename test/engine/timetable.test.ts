import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patternOf } from '../../src/engine/schedule-spec.ts'
import { newestDue } from '../../src/engine/timetable.ts'

const DAY = Date.parse('2026-11-22T00:00:00Z')
const date = (seconds: number): Date => new Date(DAY + seconds * 1000)

describe('the newest time of a schedule', () => {
  it.each([
    ['0 3 * * *', 3 * 3600 - 1, 3 * 3600, 3 * 3600],
    ['0 3 * * *', 3 * 3600, 3 * 3600, undefined],
    ['0 3 * * *', 0, 3 * 3600 + 299, 3 * 3600],
    ['0 3 * * *', 0, 3 * 3600 + 301, undefined],
    ['* * * * *', 0, 3599, 3540],
    ['* * * * * *', 0, 10, 10],
  ])('%s after %i s, at %i s, is %s', (cron, since, now, due) => {
    expect(newestDue(patternOf(cron), date(since), date(now))).toEqual(due === undefined ? undefined : date(due))
  })

  it('comes once, however often and whenever somebody looks, and wherever the clock goes', () => {
    const clock = fc.array(fc.integer({ min: -300, max: 600 }), { maxLength: 60 })
    fc.assert(
      fc.property(fc.constantFrom('* * * * *', '*/7 * * * * *', '0 * * * *', '13 5 * * * *'), clock, (cron, steps) => {
        const pattern = patternOf(cron)
        const told: number[] = []
        let [last, at] = [date(0), 0]
        for (const step of steps) {
          at += step
          const due = newestDue(pattern, last, date(at))
          if (due === undefined) continue
          expect(due <= date(at)).toBe(true)
          told.push(due.getTime())
          last = due
        }
        expect(told).toEqual([...new Set(told)].toSorted((a, b) => a - b))
      }),
    )
  })
})
