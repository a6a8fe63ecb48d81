import type { Config } from '../src/index.ts'
import { openSample } from './support/config.ts'
import { compare, keep } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { type Sections, sample } from './support/sample.ts'
import { scratch } from './support/scratch.ts'

const SECTIONS = 500
const KEYS_OF_ONE = 200
const EVERY = 100

interface Walked {
  readonly section: string
  readonly key: string
  readonly value: unknown
}

/** Drift of 100,000 keys with 1 % overridden, against a plain loop over the overrides. */
export const drift: Benchmark = {
  name: 'drift',
  about: '100,000 keys, 1 % overridden',
  async run() {
    const sections = manyKeys()
    await using config = await openSample(scratch('memory'), sections)
    const overrides = await override(config, sections)
    const base = new Map(Object.entries(sections).map(([name, keys]) => [name, new Map(Object.entries(keys))] as const))
    requireSame(config, walkAndTell(overrides, base))

    const ours = times(() => config.detectDrift())
    return [
      row(
        'detectDrift()',
        await compare(
          ours,
          times(() => walkAndTell(overrides, base)),
        ),
        'walk, same answer',
        true,
      ),
      row(
        'detectDrift()',
        await compare(
          ours,
          times(() => walk(overrides, base)),
        ),
        'walk, only comparing',
        false,
      ),
    ]
  },
}

type Base = ReadonlyMap<string, ReadonlyMap<string, unknown>>

/** The least there is to do: each override's value compared with its base. */
function walk(overrides: ReadonlyMap<string, Walked>, base: Base): number {
  let differing = 0
  for (const { section, key, value } of overrides.values()) if (base.get(section)!.get(key) !== value) differing++
  return differing
}

/** The same, with the differences told by section and key. */
function walkAndTell(overrides: ReadonlyMap<string, Walked>, base: Base) {
  const drift: Record<string, Record<string, readonly [unknown, unknown]>> = {}
  for (const { section, key, value } of overrides.values()) {
    const below = base.get(section)!.get(key)
    if (below === value) continue
    drift[section] ??= {}
    drift[section][key] = [below, value]
  }
  return drift
}

function manyKeys(): Sections {
  const few = sample({ sections: SECTIONS, bytes: 1 })
  const keys = Object.fromEntries(Array.from({ length: KEYS_OF_ONE }, (_, i) => [`key_${i}`, i]))
  return Object.fromEntries(Object.keys(few).map((name) => [name, keys]))
}

async function override(config: Config, sections: Sections): Promise<ReadonlyMap<string, Walked>> {
  const overrides = new Map<string, Walked>()
  const set: Record<string, Record<string, number>> = {}
  let n = 0
  for (const [section, keys] of Object.entries(sections)) {
    for (const key of Object.keys(keys)) {
      if (n++ % EVERY !== 0) continue
      set[section] = { ...set[section], [key]: 100_000 + n }
      overrides.set(`${section}.${key}`, { section, key, value: 100_000 + n })
    }
  }
  await config.change({ set, reason: 'one key in a hundred' })
  return overrides
}

function requireSame(config: Config, expected: unknown): void {
  const found = config.detectDrift()
  const count = Object.values(found).reduce((sum, keys) => sum + Object.keys(keys).length, 0)
  if (count !== (SECTIONS * KEYS_OF_ONE) / EVERY) throw new Error(`${count} keys drift`)
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error('the walk tells another drift')
}

const REPEAT = 20

const times = (work: () => unknown) => () => {
  for (let i = 0; i < REPEAT; i++) keep(work())
}

const row = (
  name: string,
  figures: Pick<Row, 'ours' | 'peer' | 'ratio'>,
  peerName: string,
  isRequired: boolean,
): Row => ({
  name,
  unit: 'µs',
  ours: (figures.ours / REPEAT) * 1000,
  peer: (figures.peer / REPEAT) * 1000,
  peerName,
  ratio: figures.ratio,
  ...(isRequired && { required: { atMost: 2 } }),
})
