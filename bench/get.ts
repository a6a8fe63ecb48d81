import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { openSample, pathsOf } from './support/config.ts'
import { compare, keep } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { type Sections, SMALL, sample } from './support/sample.ts'
import { scratch } from './support/scratch.ts'

type Get = (path: string) => unknown

interface Reads {
  readonly get: Get
  readonly paths: readonly string[]
}

interface Rival extends Reads {
  readonly name: string
}

const require = createRequire(import.meta.url)
const REPEAT = 200

/** Reading a value by its path, against a plain `Map` and against what Node services use today. */
export const get: Benchmark = {
  name: 'get',
  about: 'reads of single values',
  async run() {
    const sections = sample(SMALL)
    const folder = scratch()
    await using config = await openSample(folder, sections)
    const paths = pathsOf(sections)
    const ours: Get = (path) => config.get(path)
    const map = new Map(paths.map((path) => [path, ours(path)]))

    const rows = [await row({ get: ours, paths }, { name: 'Map.get', get: (path) => map.get(path), paths })]
    for (const load of RIVALS) {
      const rival = await load(sections, folder)
      requireSame({ get: ours, paths }, rival)
      rows.push(await row({ get: ours, paths }, rival))
    }
    return rows
  },
}

/** Against a rival the ratio is how many times faster we are. */
async function row(ours: Reads, peer: Rival): Promise<Row> {
  const { ours: time, peer: peerTime, ratio } = await compare(reading(ours), reading(peer))
  const perRead = 1e6 / (REPEAT * ours.paths.length)
  const figures = { unit: 'ns', ours: time * perRead, peer: peerTime * perRead, peerName: peer.name } as const
  if (peer.name === 'Map.get') return { name: 'one value', ...figures, ratio, required: { atMost: 2 } }
  return { name: 'one value, times faster', ...figures, ratio: 1 / ratio, required: { atLeast: 10 } }
}

/** A loop of its own for each side: one loop for all would be optimised for the side that came first. */
function reading({ get, paths }: Reads): () => void {
  const make = new Function('get', 'paths', 'repeat', 'keep', LOOP)
  return make(get, paths, REPEAT, keep)
}

const LOOP = `return () => {
  let last
  for (let i = 0; i < repeat; i++) for (const path of paths) last = get(path)
  keep(last)
}`

function requireSame(ours: Reads, rival: Rival): void {
  const other = ours.paths.find((path, i) => ours.get(path) !== rival.get(rival.paths[i]!))
  if (other !== undefined) throw new Error(`${rival.name} has another value of ${other}`)
}

/** Each is set up as its own documentation says, with the same values, and asked by its own form of a path. */
const RIVALS: readonly ((sections: Sections, folder: string) => Promise<Rival>)[] = [
  async function nodeConfig(sections, folder) {
    const directory = join(folder, 'node-config')
    mkdirSync(directory)
    writeFileSync(join(directory, 'default.json'), JSON.stringify(sections))
    process.env['NODE_CONFIG_DIR'] = directory
    const { default: config } = await import('config')
    return { name: 'node-config', get: (path) => config.get(path), paths: pathsOf(sections) }
  },

  async function convict(sections) {
    const make = require('convict') as (schema: object) => ConvictConfig
    const config = make(mapValues(sections, (keys) => mapValues(keys, (value) => ({ format: '*', default: value }))))
    config.load(sections).validate({ allowed: 'strict' })
    return { name: 'convict', get: (path) => config.get(path), paths: pathsOf(sections) }
  },

  async function nconf(sections, folder) {
    const file = join(folder, 'nconf.json')
    writeFileSync(file, JSON.stringify(sections))
    const store = require('nconf') as Nconf
    store.file({ file })
    const paths = pathsOf(sections).map((path) => path.replace('.', ':'))
    return { name: 'nconf', get: (path) => store.get(path), paths }
  },
]

interface ConvictConfig {
  load(values: object): ConvictConfig
  validate(options: object): ConvictConfig
  get(path: string): unknown
}

interface Nconf {
  file(options: { readonly file: string }): void
  get(key: string): unknown
}

const mapValues = <V, R>(tree: Readonly<Record<string, V>>, map: (value: V) => R): Readonly<Record<string, R>> =>
  Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, map(value)]))
