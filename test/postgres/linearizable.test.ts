import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Run, runs, stateAt } from './histories.ts'
import { findAnomalies, nameOf } from './linearizable.ts'
import type { Finding, Operation, ReadOperation, WriteOperation } from './operations.ts'
import { isLinearizable, type Model } from './wing-gong.ts'

const kinds = ({ operations, history }: Run): readonly Finding['kind'][] => [
  ...new Set(findAnomalies(operations, history).map(({ kind }) => kind)),
]

const isDone = (one: Operation): one is WriteOperation & { outcome: { kind: 'done'; version: number } } =>
  one.kind === 'write' && one.outcome.kind === 'done'

/** Runs, and how each is spoiled; a run that has nothing to be spoiled is not looked at. */
function finds(kind: Finding['kind'], spoil: (run: Run) => Run | undefined): void {
  let count = 0
  fc.assert(
    fc.property(runs({ maxLength: 40 }), (run) => {
      const spoiled = spoil(run)
      if (spoiled === undefined) return
      count++
      expect(kinds(spoiled)).toContain(kind)
    }),
    { numRuns: 300 },
  )
  expect(count).toBeGreaterThan(20)
}

const replaced = ({ operations, history }: Run, old: Operation, now: Operation): Run => ({
  operations: operations.map((one) => (one === old ? now : one)),
  history,
})

describe('the check of histories', () => {
  it('finds nothing in what a register does, whatever overlaps', () => {
    fc.assert(
      fc.property(runs({ maxLength: 60 }), ({ operations, history }) => {
        expect(findAnomalies(operations, history)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('finds a write that was acknowledged and is lost', () => {
    finds('lost', (run) => {
      const done = run.operations.find(isDone)
      return done && { ...run, history: run.history.filter(({ version }) => version !== done.outcome.version) }
    })
  })

  it('finds a write that was made twice, acknowledged or not', () => {
    finds('duplicate', (run) => {
      const [first] = run.history
      if (first === undefined) return undefined
      return { ...run, history: [...run.history, { ...first, version: run.history.at(-1)!.version + 1 }] }
    })
  })

  it('finds a version that nobody asked for', () => {
    finds('phantom', (run) => {
      const version = (run.history.at(-1)?.version ?? 0) + 1
      return { ...run, history: [...run.history, { version, key: 'a', value: 'from nowhere' }] }
    })
  })

  it('finds a version number that is there twice', () => {
    finds('not-ascending', ({ operations, history: [first, ...others] }) => {
      if (first === undefined) return undefined
      return { operations, history: [first, { ...first, value: 'another' }, ...others] }
    })
  })

  it('finds a write that is not the version that was told', () => {
    finds('wrong-version', (run) => {
      const done = run.operations.find(isDone)
      const outcome = { kind: 'done', version: (done?.outcome.version ?? 0) + 0.5 } as const
      return done && replaced(run, done, { ...done, outcome })
    })
  })

  it('finds a write that was refused and done', () => {
    finds('refused-but-done', (run) => {
      const done = run.operations.find(isDone)
      return done && replaced(run, done, { ...done, outcome: { kind: 'refused' } })
    })
  })

  it('finds versions in another order than their writes came one after the other', () => {
    finds('order', (run) => {
      const done = run.operations.filter(isDone)
      const [a, b] =
        done.flatMap((one) => done.filter((two) => one.responded < two.invoked).map((two) => [one, two])).at(0) ?? []
      if (a === undefined || b === undefined) return undefined
      const swap = (version: number): number =>
        version === a.outcome.version ? b.outcome.version : version === b.outcome.version ? a.outcome.version : version
      const operations = run.operations.map((one) =>
        isDone(one) ? { ...one, outcome: { kind: 'done' as const, version: swap(one.outcome.version) } } : one,
      )
      const history = run.history.map((one) => ({ ...one, version: swap(one.version) }))
      return { operations, history: history.toSorted((x, y) => x.version - y.version) }
    })
  })

  it('finds a read of an older version than was known when it began', () => {
    finds('stale', (run) => {
      for (const read of run.operations) {
        if (read.kind !== 'read' || !read.isFresh) continue
        const known = run.operations.filter(isDone).filter(({ responded }) => responded < read.invoked)
        const newest = Math.max(0, ...known.map(({ outcome }) => outcome.version))
        if (newest === 0) continue
        const version = run.history.findLast((one) => one.version < newest)?.version ?? 0
        return replaced(run, read, { ...read, version, state: stateAt(run.history, version) })
      }
      return undefined
    })
  })

  it('finds a read below the version that it asked for', () => {
    finds('stale', (run) => {
      const read = run.operations.find((one) => one.kind === 'read')
      return read && replaced(run, read, { ...read, min: read.version + 1 })
    })
  })

  it('finds a read of what nobody had asked for yet', () => {
    finds('future', (run) => {
      const last = run.history.at(-1)
      const write = run.operations.find(
        (one) => one.kind === 'write' && last !== undefined && nameOf(one) === nameOf(last),
      )
      const read = run.operations.find((one) => one.kind === 'read' && one.responded < (write?.invoked ?? 0))
      if (last === undefined || read?.kind !== 'read') return undefined
      return replaced(run, read, { ...read, version: last.version, state: stateAt(run.history, last.version) })
    })
  })

  it('finds a read of values that its version has not', () => {
    finds('wrong-state', (run) => {
      const read = run.operations.find((one) => one.kind === 'read')
      return read && replaced(run, read, { ...read, state: { ...read.state, a: 'another' } })
    })
  })

  it('finds a comparison that held and should not have, and one that did not and should have', () => {
    finds('cas', (run) => {
      const done = run.operations.filter(isDone).find(({ ifVersion }) => ifVersion !== undefined)
      return done && replaced(run, done, { ...done, ifVersion: done.ifVersion! + 0.5 })
    })
    const write = { kind: 'write', key: 'a', value: '1', invoked: 1, responded: 2 } as const
    const late = {
      ...write,
      value: '2',
      ifVersion: 7,
      invoked: 3,
      responded: 4,
      outcome: { kind: 'conflict' },
    } as const
    const operations = [{ ...write, outcome: { kind: 'done', version: 7 } } as const, late]
    expect(kinds({ operations, history: [{ version: 7, key: 'a', value: '1' }] })).toEqual(['cas'])
  })

  it('begins where the namespace was when the operations began', () => {
    const read: ReadOperation = { kind: 'read', invoked: 1, responded: 2, isFresh: true, version: 3, state: {} }
    expect(findAnomalies([read], [], 3)).toEqual([])
    expect(findAnomalies([read], []).map(({ kind }) => kind)).toEqual(['future', 'wrong-state'])
  })

  it('agrees with a search over all orders, for sound histories and for spoiled ones', () => {
    const verdicts = { sound: 0, spoiled: 0 }
    fc.assert(
      fc.property(
        runs({ maxLength: 9 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: -200, max: 200 }),
        (run, which, how, by) => {
          const some = withOneConflict(spoiledSomehow(run, which, how, by))
          const found = findAnomalies(some.operations, some.history)
          const isSound = found.length === 0
          verdicts[isSound ? 'sound' : 'spoiled']++
          expect({ isLinearizable: isLinearizable(some.operations, registerOf(some)), found }).toEqual({
            isLinearizable: isSound,
            found,
          })
        },
      ),
      { numRuns: 3000 },
    )
    expect(Math.min(verdicts.sound, verdicts.spoiled)).toBeGreaterThan(100)
  })
})

describe('the search over all orders', () => {
  interface Cell {
    readonly kind: 'put' | 'get'
    readonly value: number
    readonly invoked: number
    readonly responded: number
  }
  const cell: Model<number, Cell> = {
    initial: 0,
    step: (state, { kind, value }) => (kind === 'put' ? value : value === state ? state : undefined),
  }
  const put = { kind: 'put', value: 1, invoked: 1, responded: 4 } as const

  it('takes either value while a write is under way, and not the old one after the new one', () => {
    const get = (value: number, invoked: number): Cell => ({ kind: 'get', value, invoked, responded: invoked + 0.5 })
    expect(isLinearizable([put, get(0, 2), get(1, 3)], cell)).toBe(true)
    expect(isLinearizable([put, get(1, 2), get(0, 3)], cell)).toBe(false)
    expect(isLinearizable([put, get(0, 5)], cell)).toBe(false)
  })

  it('takes what was never answered as done or as not done', () => {
    const unknown = { ...put, responded: Number.POSITIVE_INFINITY }
    const get = (value: number): Cell => ({ kind: 'get', value, invoked: 5, responded: 6 })
    expect(isLinearizable([unknown, get(0)], cell)).toBe(true)
    expect(isLinearizable([unknown, get(1)], cell)).toBe(true)
    expect(isLinearizable([unknown, get(2)], cell)).toBe(false)
  })
})

/** Moves one operation in time, or lets a read see another version; all the rest stays. */
function spoiledSomehow(run: Run, which: number, how: number, by: number): Run {
  const old = run.operations[which % run.operations.length]!
  if (how % 4 === 0) return run
  if (how % 4 === 1 || old.kind !== 'read')
    return replaced(run, old, { ...old, invoked: old.invoked + by + 0.0001, responded: old.responded + by + 0.0001 })
  const version = run.history[how % Math.max(1, run.history.length)]?.version ?? 0
  return replaced(run, old, { ...old, version, state: stateAt(run.history, version) })
}

/** The quick check looks at each refused comparison alone, and reads from memory are in no order: neither is for the search. */
function withOneConflict({ operations, history }: Run): Run {
  const isConflict = (one: Operation): boolean => one.kind === 'write' && one.outcome.kind === 'conflict'
  const first = operations.find(isConflict)
  return {
    history,
    operations: operations.filter((one) => one === first || (one.kind === 'read' ? one.isFresh : !isConflict(one))),
  }
}

/** A register whose versions are known: its state is the newest of them. */
function registerOf({ history }: Run): Model<number, Operation> {
  const next = new Map(history.map(({ version }, i) => [history[i - 1]?.version ?? 0, version]))
  const versions = new Map(history.map((one) => [nameOf(one), one.version]))
  return {
    initial: 0,
    step(head, one) {
      if (one.kind === 'read') return one.version === head ? head : undefined
      if (one.outcome.kind === 'conflict') return head === one.ifVersion ? undefined : head
      const version = versions.get(nameOf(one))
      const isNext = version !== undefined && next.get(head) === version
      return isNext && (one.ifVersion ?? head) === head ? version : undefined
    },
  }
}
