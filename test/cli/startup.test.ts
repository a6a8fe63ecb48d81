import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finish, initialised, start, Workspace } from './harness.ts'

/** Tells, when the program ends, which files and which of Node's own modules it loaded. */
const TRACE = `
const files = []
const { registerHooks } = process.getBuiltinModule('node:module')
registerHooks({ load: (url, context, next) => (files.push(url), next(url, context)) })
const before = process.moduleLoadList.length
process.on('exit', () => process._rawDebug(JSON.stringify({ files, node: process.moduleLoadList.slice(before) })))`

interface Loaded {
  /** Below `src/`, or the package's name. */
  readonly files: readonly string[]
  readonly node: readonly string[]
}

async function loadedBy(argv: readonly string[], folder: string): Promise<Loaded & { readonly out: string }> {
  const trace = `--import=data:text/javascript,${encodeURIComponent(TRACE)}`
  const ran = await finish(start(argv, folder, { NODE_OPTIONS: trace }))
  expect(ran).toMatchObject({ status: 0 })
  const { files, node } = JSON.parse(ran.err.trim().split('\n').at(-1)!) as Loaded
  return { out: ran.out, files: files.map(nameOf), node: node.map((name) => name.replace(/^\w+ /, '')) }
}

const nameOf = (url: string): string =>
  /\/node_modules\/((?:@[^/]+\/)?[^/]+)|\/src\/(.+)$/.exec(url)?.slice(1).join('') ?? url

/** What changes, checks or parses, and what Node takes milliseconds to load. */
const NOT_FOR_READING = [
  ...['ajv', 'ajv-formats', 're2js', 'yaml', 'smol-toml', 'rfc6902', 'ipaddr.js'],
  ...[
    'writer',
    'operations',
    'changes',
    'restore',
    'versions',
    'validate',
    'schema-check',
    'base',
    'loading',
    'admin',
  ].map((name) => `engine/${name}.ts`),
  ...['store/write.ts', 'store/chain.ts', 'store/migrate.ts', 'model/schema.ts'],
]
const SLOW_IN_NODE = ['fs/promises', 'stream', 'perf_hooks', 'crypto', 'worker_threads', 'net', 'http', 'readline']

let project: Workspace
let plain: Workspace
let elsewhere: Workspace
beforeAll(async () => {
  project = await initialised()
  plain = new Workspace({ 'app.ini': '[server]\nport = 4949\n' })
  await plain.run('init --source app.ini')
  elsewhere = new Workspace()
})
afterAll(() => {
  for (const workspace of [project, plain, elsewhere]) workspace.remove()
})

const readFrom = (workspace: Workspace) =>
  loadedBy(['get', 'server.port', '--store', workspace.path('data/config_overrides.db')], elsewhere.root)

describe('starting', () => {
  it('to read a key loads nothing that changes, checks or parses', async () => {
    const { out, files, node } = await readFrom(project)
    expect(out).toBe('4949\n')
    expect(files.filter((file) => NOT_FOR_READING.includes(file))).toEqual([])
    expect(node.filter((name) => SLOW_IN_NODE.includes(name))).toEqual([])
  })

  it('to read a key of a store loads nothing that speaks HTTP', async () => {
    const { files, node } = await readFrom(project)
    expect(files.filter((file) => /^(?:client|http|wire)\//.test(file) || /^(?:fastify|pino)/.test(file))).toEqual([])
    expect(node.filter((name) => /undici|^https?$|^tls$/.test(name))).toEqual([])
  })

  it('to read a key needs no more files than it did', async () => {
    const { files } = await readFrom(project)
    const own = files.filter((file) => file.endsWith('.ts'))
    expect(own.length).toBeLessThanOrEqual(72)
  })

  it('to read a configuration without secrets and references loads nothing to decrypt or to resolve with', async () => {
    const { files } = await readFrom(plain)
    expect(files).not.toContain('engine/reveal.ts')
    expect(files).not.toContain('engine/keyring.ts')
  })

  it('in a project whose files have not changed parses none of them', async () => {
    const parsing = async () => {
      const { files } = await loadedBy(['get', 'server.port'], plain.root)
      return files.filter((file) => NOT_FOR_READING.includes(file) || /^format\/(?:ini|json|yaml|toml)/.test(file))
    }
    // A file that was just written is read once more when its times have settled.
    await expect.poll(parsing, { timeout: 15_000 }).toEqual([])
  })

  it.each(['--help', '--version', 'help set', 'set --help'])(
    'for %s loads neither the database nor the engine',
    async (typed) => {
      const { files, node } = await loadedBy(typed.split(' '), elsewhere.root)
      expect(files.filter((file) => /^(?:engine|store|source|format)\/|^better-sqlite3/.test(file))).toEqual([])
      expect(node.filter((name) => SLOW_IN_NODE.includes(name))).toEqual([])
    },
  )
})
