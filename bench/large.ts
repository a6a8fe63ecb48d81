import { join } from 'node:path'
import Database from 'better-sqlite3'
import { changer, openSample, STORE } from './support/config.ts'
import { compare } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { LARGE, SMALL, sample, sectionBytes } from './support/sample.ts'
import { type Medium, media, scratch } from './support/scratch.ts'

const CHANGES = 1280
const AT_ONCE = 128

/** One key changed in 1 MB of 200 sections: its time against one in 5 kB, and what it adds to the file. */
export const large: Benchmark = {
  name: 'large',
  about: 'one-key changes in a configuration of 1 MB',
  async run() {
    const rows: Row[] = []
    for (const medium of media()) rows.push(await timeRow(medium))
    for (const bytes of [LARGE.bytes, 500, 2200]) rows.push(await growthRow({ sections: LARGE.sections, bytes }))
    return rows
  },
}

async function timeRow(medium: Medium): Promise<Row> {
  const [big, small] = [sample(LARGE), sample(SMALL)]
  await using bigConfig = await openSample(scratch(medium), big)
  await using smallConfig = await openSample(scratch(medium), small)
  const [changeBig, changeSmall] = [changer(bigConfig, big), changer(smallConfig, small)]
  const batch = 10
  const { ours, peer, ratio } = await compare(
    async () => {
      for (let i = 0; i < batch; i++) await changeBig()
    },
    async () => {
      for (let i = 0; i < batch; i++) await changeSmall()
    },
    { rounds: 21 },
  )
  return {
    name: `1 MB, 200 sections, ${medium}`,
    unit: 'ms',
    ours: ours / batch,
    peer: peer / batch,
    peerName: 'one in 5 kB',
    ratio,
    ...(medium === 'disk' && { required: { atMost: 4 } }),
  }
}

/** Pages, so that what SQLite leaves empty counts too; every change is a commit of its own version. */
async function growthRow(size: typeof LARGE): Promise<Row> {
  const sections = sample(size)
  const folder = scratch('memory')
  const config = await openSample(folder, sections)
  const step = changer(config, sections)
  await step()
  const before = fileBytes(folder)
  for (let i = 0; i < CHANGES; i += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, step))
  const after = fileBytes(folder)
  await config.close()
  const growth = (after - before) / CHANGES / 1000
  const allowed = sectionBytes(sections) / 1000 + 2
  return {
    name: `file grows, section of ${(sectionBytes(sections) / 1000).toFixed(1)} kB`,
    unit: 'kB',
    ours: growth,
    peer: allowed,
    peerName: 'section + 2 kB',
    ratio: growth / allowed,
    ...(size.bytes === LARGE.bytes && { required: { atMost: 1 } }),
  }
}

function fileBytes(folder: string): number {
  const db = new Database(join(folder, STORE), { readonly: true })
  const [pages, size] = [db.pragma('page_count', { simple: true }), db.pragma('page_size', { simple: true })]
  db.close()
  return (pages as number) * (size as number)
}
