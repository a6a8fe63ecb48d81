import type { ChangeResult, Config } from '../src/index.ts'
import { changer, openSample } from './support/config.ts'
import { compare } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { SMALL, sample } from './support/sample.ts'
import { type Medium, media, scratch } from './support/scratch.ts'

const AT_ONCE = 64
const sections = sample(SMALL)

/** Changes that many callers ask for at once share a commit, and yet each is a version of its own. */
export const concurrent: Benchmark = {
  name: 'concurrent',
  about: `${AT_ONCE} changes at once`,
  async run() {
    const rows: Row[] = []
    for (const medium of media()) rows.push(await row(medium))
    return rows
  },
}

async function row(medium: Medium): Promise<Row> {
  await using config: Config = await openSample(scratch(medium), sections)
  const step = changer(config, sections)
  const together = async () => {
    const results = await Promise.all(Array.from({ length: AT_ONCE }, step))
    requireEach(results)
  }
  const oneByOne = async () => {
    for (let i = 0; i < AT_ONCE; i++) await step()
  }
  const { ours, peer, ratio } = await compare(together, oneByOne, { rounds: 11, warmUp: 2 })
  return {
    name: `${AT_ONCE} at once, ${medium}`,
    unit: '/s',
    ours: (AT_ONCE / ours) * 1000,
    peer: (AT_ONCE / peer) * 1000,
    peerName: 'one by one',
    ratio: 1 / ratio,
    ...(medium === 'disk' && { required: { atLeast: 3.5 } }),
  }
}

function requireEach(results: readonly ChangeResult[]): void {
  const versions = new Set(results.map((result) => result.version?.id))
  if (versions.size !== AT_ONCE || versions.has(undefined)) throw new Error('a change has no version of its own')
}
