import { randomBytes } from 'node:crypto'
import type { Flags } from '../flags.ts'
import { refuse } from '../refuse.ts'

/** What is measured, how much of it, and where. */
export interface Plan {
  /** Made for this, and deleted afterwards. */
  readonly namespace: string
  readonly clients: number
  readonly watchers: number
  /** The most that one measure takes, and the most operations it does. */
  readonly seconds: number
  readonly count: number
  /** Bytes of the configuration that is measured with. */
  readonly size: number
}

const CLIENTS = 16
const WATCHERS = 4
const SECONDS = 3
const SIZE = 5000
/** Six measures of so many fit into the requests that a server lets a token make in a minute. */
const COUNT = { store: 5000, server: 800 } as const
const MOST_SECONDS = 600
const MOST_COUNT = 100_000

/** The plan that the flags tell; what they leave out is small enough for a store that others use. */
export function readPlan(flags: Flags, kind: keyof typeof COUNT): Plan {
  const [seconds, count] = [flags.integer('seconds'), flags.integer('count')]
  return {
    namespace: flags.text('namespace') ?? `bench-${randomBytes(4).toString('hex')}`,
    clients: within(flags, 'clients', [1, 1000]) ?? CLIENTS,
    watchers: within(flags, 'watchers', [1, 1000]) ?? WATCHERS,
    seconds: within(flags, 'seconds', [1, MOST_SECONDS]) ?? (count === undefined ? SECONDS : MOST_SECONDS),
    count: within(flags, 'count', [1, MOST_COUNT]) ?? (seconds === undefined ? COUNT[kind] : MOST_COUNT),
    size: within(flags, 'size', [250, 4_000_000]) ?? SIZE,
  }
}

function within(flags: Flags, name: string, [least, most]: readonly [number, number]): number | undefined {
  const given = flags.integer(name)
  if (given === undefined || (given >= least && given <= most)) return given
  return refuse(
    `--${name}: ${given} is out of range.`,
    `Write a number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}.`,
  )
}
