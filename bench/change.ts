import { join } from 'node:path'
import { openAdmin } from '../src/index.ts'
import { BY_HAND, byHand } from './support/by-hand.ts'
import { changer, openSample, STORE } from './support/config.ts'
import { compare } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { SMALL, sample, schemaOf } from './support/sample.ts'
import { type Medium, media, scratch } from './support/scratch.ts'

const sections = sample(SMALL)

/** One durable change of one key in a 5 kB configuration, against the same rows written by hand. */
export const change: Benchmark = {
  name: 'change',
  about: 'durable changes, one after another',
  async run() {
    const rows: Row[] = []
    for (const medium of media()) {
      rows.push(await row(medium))
      rows.push(await row(medium, schemaOf(sections)))
    }
    return rows
  },
}

/** Also has `verify` look at what was written by hand: both sides did the same work, or the comparison is void. */
async function row(medium: Medium, schema?: ReturnType<typeof schemaOf>): Promise<Row> {
  const folder = scratch(medium)
  await (await openSample(folder, sections, { ...(schema && { schema }) })).close()
  const beside = scratch(medium)
  const hand = byHand(beside, join(folder, STORE), sections)
  const config = await openSample(folder, sections)
  const step = changer(config, sections)
  const batch = 50
  const { ours, peer, ratio } = await compare(
    async () => {
      for (let i = 0; i < batch; i++) await step()
    },
    () => {
      for (let i = 0; i < batch; i++) hand.change()
    },
    { rounds: 25, warmUp: 10 },
  )
  await config.close()
  hand.close()
  await requireWhole(join(folder, STORE))
  await requireWhole(join(beside, BY_HAND))
  return {
    name: `5 kB, ${medium}${schema ? ', with a schema' : ''}`,
    unit: '/s',
    ours: (batch / ours) * 1000,
    peer: (batch / peer) * 1000,
    peerName: 'rows by hand',
    ratio: 1 / ratio,
    ...(medium === 'disk' && schema === undefined && { required: { atLeast: 0.85 } }),
  }
}

async function requireWhole(store: string): Promise<void> {
  await using admin = await openAdmin({ store })
  const { ok, problems } = await admin.verify()
  if (!ok) throw new Error(`${store}: ${problems[0]?.message}`)
}
