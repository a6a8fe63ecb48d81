import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BASE, openSample, STORE } from './support/config.ts'
import { compare } from './support/measure.ts'
import type { Benchmark, Row } from './support/report.ts'
import { SMALL, sample } from './support/sample.ts'
import { scratch } from './support/scratch.ts'

const MAIN = new URL('../dist/cli/main.js', import.meta.url).pathname
const WATCHER = new URL('./support/loaded.mjs', import.meta.url).href

/** What a command costs before it does anything, against Node doing nothing; and that it loads nothing it does not use. */
export const startup: Benchmark = {
  name: 'startup',
  about: 'commands of the built program',
  async run() {
    if (!existsSync(MAIN)) throw new Error('there is no dist/cli/main.js: npm run build')
    const { plain, project } = await folders()
    const rows: Row[] = []
    for (const [name, args, cwd, limit] of [
      ['--help', ['--help'], plain, 1.7],
      ['get KEY', ['get', 'server.port', '--store', STORE], plain, 2],
      ['get KEY, holdfast.yaml and a source', ['get', 'server.port'], project, 2],
    ] as const) {
      rows.push(await timeRow(name, args, { cwd, limit }), ...loadedRow(name, args, cwd))
    }
    return rows
  },
}

async function folders(): Promise<{ readonly plain: string; readonly project: string }> {
  const [plain, project] = [scratch(), scratch()]
  for (const folder of [plain, project]) await (await openSample(folder, sample(SMALL))).close()
  writeFileSync(join(project, 'holdfast.yaml'), `store: ${STORE}\nnamespaces:\n  default:\n    sources: [${BASE}]\n`)
  return { plain, project }
}

interface Where {
  readonly cwd: string
  readonly limit: number
}

async function timeRow(name: string, args: readonly string[], { cwd, limit }: Where): Promise<Row> {
  const { ours, peer, ratio } = await compare(
    () => run([MAIN, ...args], cwd),
    () => run(['-e', '0'], cwd),
    { rounds: 31 },
  )
  return { name, unit: 'ms', ours, peer, peerName: 'node -e 0', ratio, required: { atMost: limit } }
}

function run(args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, env: environment() })
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
}

/** Nothing of the caller's that would make Node load more. */
function environment() {
  const { NODE_OPTIONS: _, ...rest } = process.env
  return { ...rest, NO_COLOR: '1' }
}

/** What no plain read has a use for: these take longer to load than the rest takes to run. */
const UNUSED =
  /^(ajv|ajv-formats|chokidar|cli-table3|commander|diff|dotenv|json5|jsonc-parser|re2js|rfc6902|smol-toml|yaml)$/
const UNUSED_BUILTINS = ['child_process', 'crypto', 'http', 'https', 'net', 'tls', 'worker_threads']

function loadedRow(name: string, args: readonly string[], cwd: string): readonly Row[] {
  const { output, stderr } = spawnSync(process.execPath, ['--import', WATCHER, MAIN, ...args], {
    cwd,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const text = output[3]?.toString() ?? ''
  if (text === '') throw new Error(`${name}: ${stderr}`)
  const { files, builtins } = JSON.parse(text) as { files: readonly string[]; builtins: readonly string[] }
  const packages = new Set(files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))
  const unused = [
    ...[...packages].filter((one) => UNUSED.test(one)),
    ...builtins.filter((one) => UNUSED_BUILTINS.includes(one)),
  ]
  process.stderr.write(
    `\n  ${name}: ${files.length} files, packages ${[...packages].join(' ') || '(none)'}, needlessly ${unused.join(' ') || '(none)'} `,
  )
  const figures = {
    unit: '',
    ours: unused.length,
    peer: files.length,
    peerName: 'modules in all',
    ratio: unused.length,
  } as const
  return [{ name: `${name}, loaded without use`, ...figures, required: { atMost: 0 } }]
}
