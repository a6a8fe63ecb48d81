import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Config } from '../src/index.ts'
import { changer, openSample, STORE } from './support/config.ts'
import { compare, keep } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { LARGE, sample } from './support/sample.ts'
import { scratch } from './support/scratch.ts'

const CHANGES = 10_000
const AT_ONCE = 250
const READS = 5

/** Reading any old version of a 1 MB configuration after 10,000 changes, against reading the newest. */
export const past: Benchmark = {
  name: 'past',
  about: `old versions of 1 MB after ${CHANGES.toLocaleString('en')} changes`,
  async run() {
    const folder = scratch()
    await using config = await seeded(folder)
    return [await viewRow(folder, config), await atRow(config)]
  },
}

async function seeded(folder: string): Promise<Config> {
  const sections = sample(LARGE)
  const config = await openSample(folder, sections)
  const step = changer(config, sections)
  for (let i = 0; i < CHANGES; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, step))
  return config
}

/** As a person reads it: `SELECT config_json FROM config_versions WHERE id = …`. */
async function viewRow(folder: string, config: Config): Promise<Row> {
  const db = new Database(join(folder, STORE), { readonly: true })
  const select = db.prepare('SELECT config_json FROM config_versions WHERE id = ?').pluck()
  const newest = config.version!.id
  const pick = picker(newest)
  const { ours, peer, ratio } = await compare(
    () => repeat(() => keep(select.get(pick()))),
    () => repeat(() => keep(select.get(newest))),
    { rounds: 31 },
  )
  db.close()
  return row('config_json in SQL, random versions', { ours, peer, ratio }, 'the newest')
}

/** The newest is in memory, so the one before it stands for reading from the store. */
async function atRow(config: Config): Promise<Row> {
  const newest = config.version!.id
  const pick = picker(newest)
  const read = async (ref: number) => keep((await config.at(ref)).toJSON())
  const { ours, peer, ratio } = await compare(
    () => repeat(() => read(pick())),
    () => repeat(() => read(newest - 1)),
    { rounds: 31 },
  )
  return row('config.at(), random versions', { ours, peer, ratio }, 'newest but one')
}

async function repeat(work: () => unknown): Promise<void> {
  for (let i = 0; i < READS; i++) await work()
}

/** The same "random" versions in every run (a linear congruential generator). */
function picker(newest: number): () => number {
  let seed = 42
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return 1 + (seed % (newest - 1))
  }
}

const row = (name: string, figures: Pick<Row, 'ours' | 'peer' | 'ratio'>, peerName: string): Row => ({
  name,
  unit: 'ms',
  ours: figures.ours / READS,
  peer: figures.peer / READS,
  peerName,
  ratio: figures.ratio,
  required: { atMost: 3 },
})
