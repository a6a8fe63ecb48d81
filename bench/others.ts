import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Config } from '../src/index.ts'
import { openSample } from './support/config.ts'
import type { Benchmark, Row } from './support/report.ts'
import { SMALL, sample } from './support/sample.ts'
import { scratch } from './support/scratch.ts'

const LIMIT_MS = 100
const CHANGES = 100

/** How long until a process hears of what another one committed to the same file. */
export const others: Benchmark = {
  name: 'others',
  about: "another process's commits",
  run: async () => [await row('idle', async () => undefined), await row('while committing', commit)],
}

async function commit(config: Config, n: number): Promise<void> {
  await config.update('mine', { n })
}

async function row(name: string, meanwhile: (config: Config, n: number) => Promise<void>): Promise<Row> {
  const folder = scratch()
  await using config = await openSample(folder, sample(SMALL))
  const delays: number[] = []
  config.on('change', ({ changes }) => {
    const [made] = changes.filter(({ section, key }) => section === 'other' && key === 'at')
    if (made) delays.push(performance.timeOrigin + performance.now() - (made.newValue as number))
  })
  const child = fork(new URL('./support/other-process.ts', import.meta.url), [folder, String(CHANGES)])
  const ended = once(child, 'exit')
  for (let n = 0; child.exitCode === null; n++) {
    await meanwhile(config, n)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  await ended
  await new Promise((resolve) => setTimeout(resolve, 500))
  if (delays.length !== CHANGES) throw new Error(`heard of ${delays.length} changes of ${CHANGES}`)
  const ours = Math.max(...delays)
  const required = { atMost: 1 }
  return {
    name: `slowest heard of, ${name}`,
    unit: 'ms',
    ours,
    peer: LIMIT_MS,
    peerName: 'limit',
    ratio: ours / LIMIT_MS,
    required,
  }
}
