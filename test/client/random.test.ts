import { expect, it } from 'vitest'
import type { ChangeEvent, Config } from '../../src/client.ts'
import { BASE, SCHEMA } from '../contract/config-contract.ts'
import { open, ticking, until, write } from '../engine/helpers.ts'
import { folder } from './helpers.ts'
import { served } from './served.ts'

/** The same sequence for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % sides
  }
}

type Step = (config: Config) => Promise<unknown>

/** One operation, told by dice alone: two configurations get the same ones. */
function step(roll: (sides: number) => number, versions: number): Step {
  const section = ['server', 'auth', 'upstreams', ''][roll(4)]!
  const value = roll(5)
  const set = { server: { port: value }, auth: { cache_ttl: value }, upstreams: { [`u${roll(3)}`]: { weight: value } } }
  const steps: readonly Step[] = [
    (config) => config.update(section || 'server', set[(section || 'server') as keyof typeof set]),
    (config) => config.change({ set, unset: ['server.log_level'] }),
    (config) => config.change({ unset: [section || 'auth'] }),
    (config) => config.change({ mask: [['auth.backends', 'server.log_level', 'auth'][value % 3]!] }),
    (config) => config.change({ set: { '': { banner: `b${value}` } } }),
    (config) => config.change({ set: { server: { port: value } }, ifVersion: versions }),
    (config) => config.update('auth', { secret: `secret-${value}` }),
    (config) => config.versions.restore(1 + (value % Math.max(1, versions))),
    (config) => config.versions.revert('latest'),
    (config) => config.versions.create({ description: `s${value}` }),
  ]
  return steps[roll(steps.length)]!
}

const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (result) => strip(result),
    (error) => ({ code: error.code, details: error.details }),
  )

/** Without what no two stores have in common: ciphertext is under another key, and so are the hashes over it. */
const strip = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, one) => (/^(hash|chainHash|createdAt)$/.test(key) ? undefined : one)))

const seen = (config: Config): unknown => ({
  all: config.toJSON(),
  shown: config.toJSON({ reveal: false }),
  sections: config.sections(),
  drift: config.detectDrift(),
  version: config.version?.id,
  overridden: ['port', 'log_level'].map((key) => config.isOverridden('server', key)),
})

it('500 operations over HTTP and in this process come to the same, after each of them', async () => {
  const directory = folder()
  const sources = [write(directory, 'base.ini', BASE)]
  const model = await open(directory, { sources, schema: SCHEMA, follow: false, now: ticking() })
  const server = await served()
  const [config, reader] = [await server.as('alice'), await server.as('bob')]
  const events: ChangeEvent[] = []
  reader.on('change', (event) => events.push(event))
  const roll = dice(20_261_101)
  for (let i = 0; i < 500; i++) {
    const next = step(roll, model.version!.id)
    const meant = await outcome(next(model))
    expect(await outcome(next(config)), `operation ${i}`).toEqual(meant)
    expect(seen(config), `after operation ${i}`).toEqual(seen(model))
  }
  await until(() => reader.version?.id === model.version?.id)
  expect(seen(reader)).toEqual(seen(model))
  await until(() => events.at(-1)?.version.id === model.version?.id)
  expect(events.map(({ version }) => version.id)).toEqual(
    Array.from({ length: model.version!.id - 1 }, (_, i) => i + 2),
  )
}, 60_000)
