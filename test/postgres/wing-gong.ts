/** What an object does when operations come one by one: the state after one of them, or `undefined` where its answer cannot be. */
export interface Model<S, O> {
  readonly initial: S
  step(state: S, operation: O): S | undefined
}

export interface Interval {
  readonly invoked: number
  /** Infinite for what was never answered, which may have happened or not. */
  readonly responded: number
}

/** Operations that the search takes at most: it is exponential where many overlap. */
const MOST = 30

/**
 * Whether some order of the operations, each at one moment between request and answer, is one that `model` allows (Wing and Gong's search, with
 * Lowe's memory of what was tried). It knows nothing of versions: what the quick check says is held against it.
 */
export function isLinearizable<S, O extends Interval>(operations: readonly O[], model: Model<S, O>): boolean {
  if (operations.length > MOST)
    throw new RangeError(`${operations.length} operations are too many to search; ${MOST} at most`)
  const tried = new Set<string>()
  const search = (done: number, state: S): boolean => {
    const open = operations.map((one, i) => ({ one, bit: 1 << i })).filter(({ bit }) => (done & bit) === 0)
    if (open.every(({ one }) => one.responded === Number.POSITIVE_INFINITY)) return true
    const place = `${done} ${JSON.stringify(state)}`
    if (tried.has(place)) return false
    tried.add(place)
    const end = Math.min(...open.map(({ one }) => one.responded))
    return open.some(({ one, bit }) => {
      if (one.invoked > end) return false
      const next = model.step(state, one)
      return next !== undefined && search(done | bit, next)
    })
  }
  return search(0, model.initial)
}
