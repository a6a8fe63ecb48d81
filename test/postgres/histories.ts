import fc from 'fast-check'
import type { Committed, Operation, ReadOperation, WriteOperation } from './operations.ts'

/** A history that a register made, with the operations that saw it. */
export interface Run {
  readonly operations: readonly Operation[]
  readonly history: readonly Committed[]
}

/** One operation to be made: of which kind, with which luck, and how long before and after its moment it is under way. */
interface Plan {
  readonly kind: 'write' | 'cas' | 'bad-cas' | 'read' | 'old-read' | 'unknown' | 'lost'
  readonly key: string
  readonly early: number
  readonly late: number
  /** How many other versions come before its own. */
  readonly gap: number
}

const plan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom('write', 'cas', 'bad-cas', 'read', 'old-read', 'unknown', 'lost'),
  key: fc.constantFrom('a', 'b', 'c'),
  early: fc.integer({ min: 0, max: 5 }),
  late: fc.integer({ min: 0, max: 5 }),
  gap: fc.integer({ min: 0, max: 2 }),
})

/** Runs of a register, one moment after another, as many clients would see them who wait differently long. */
export const runs = ({ maxLength }: { readonly maxLength: number }): fc.Arbitrary<Run> =>
  fc.array(plan, { minLength: 4, maxLength }).map(made)

const STEP = 10

function made(plans: readonly Plan[]): Run {
  const history: Committed[] = []
  const operations = plans.map((one, i) => operation(one, i, history))
  return { operations, history }
}

/** Does what is planned to `history` and gives what its client sees. All times differ. */
function operation(one: Plan, i: number, history: Committed[]): Operation {
  const { kind, key, early, late } = one
  const head = history.at(-1)?.version ?? 0
  const times = { invoked: (i - early) * STEP - 1 - i / 1000, responded: (i + late) * STEP + 1 + i / 1000 }
  if (kind === 'read') return reading(times, history, { version: head, isFresh: true })
  if (kind === 'old-read') return reading(times, history, { version: history[0]?.version ?? 0, isFresh: false })
  const write = { kind: 'write', key, value: `v${i}`, ...times } as const
  if (kind === 'bad-cas') return { ...write, ifVersion: head + 1, outcome: { kind: 'conflict' } }
  const unknown = { ...write, responded: Number.POSITIVE_INFINITY, outcome: { kind: 'unknown' } } as const
  if (kind === 'lost') return unknown
  const version = head + 1 + one.gap
  history.push({ version, key, value: write.value })
  if (kind === 'unknown') return unknown
  const done: WriteOperation = { ...write, outcome: { kind: 'done', version } }
  return kind === 'cas' ? { ...done, ifVersion: head } : done
}

function reading(
  times: Pick<Operation, 'invoked' | 'responded'>,
  history: readonly Committed[],
  { version, isFresh }: Pick<ReadOperation, 'version' | 'isFresh'>,
): ReadOperation {
  return { kind: 'read', ...times, isFresh, version, state: stateAt(history, version) }
}

export const stateAt = (history: readonly Committed[], version: number): Readonly<Record<string, string>> =>
  Object.fromEntries(history.filter((one) => one.version <= version).map(({ key, value }) => [key, value]))
