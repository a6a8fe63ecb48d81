import { parseArgs } from 'node:util'
import { type Benchmark, isOk, printTable, type Row } from './support/report.ts'
import { removeScratch } from './support/scratch.ts'

/** What is measured, in the order of the table; `node bench/run.ts get change` runs these two. */
const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  get: async () => (await import('./get.ts')).get,
  change: async () => (await import('./change.ts')).change,
  concurrent: async () => (await import('./concurrent.ts')).concurrent,
  large: async () => (await import('./large.ts')).large,
  past: async () => (await import('./past.ts')).past,
  drift: async () => (await import('./drift.ts')).drift,
  history: async () => (await import('./history.ts')).history,
  others: async () => (await import('./others.ts')).others,
  http: async () => (await import('./http.ts')).http,
  etcd: async () => (await import('./etcd.ts')).etcd,
  watchers: async () => (await import('./watchers.ts')).watchers,
  postgres: async () => (await import('./postgres.ts')).postgres,
  loop: async () => (await import('./loop.ts')).loop,
  console: async () => (await import('./console.ts')).pages,
  startup: async () => (await import('./startup.ts')).startup,
}

/** What takes minutes and much room on the disk: run only where it is named. */
const ASKED_FOR: Readonly<Record<string, () => Promise<Benchmark>>> = {
  scale: async () => (await import('./scale.ts')).scale,
}

interface Result {
  readonly benchmark: Benchmark
  readonly rows: readonly Row[]
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, check: { type: 'boolean' } },
})
process.on('exit', removeScratch)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const results: Result[] = []
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)) {
  const all = { ...BENCHMARKS, ...ASKED_FOR }
  const load = all[name]
  if (load === undefined) throw new Error(`no benchmark ${name}; there are ${Object.keys(all).join(', ')}`)
  results.push(await runOne(await load()))
}
console.log(options.json ? toJson(results) : printTable(results))
const hasMissed = results.some(({ rows }) => rows.some((row) => isOk(row) === false))
process.exit(options.check && hasMissed ? 1 : 0)

async function runOne(benchmark: Benchmark): Promise<Result> {
  const start = performance.now()
  process.stderr.write(`${benchmark.name}: ${benchmark.about} ... `)
  const rows = await benchmark.run()
  process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`)
  return { benchmark, rows }
}

function toJson(results: readonly Result[]): string {
  const machine = { node: process.version, platform: `${process.platform} ${process.arch}` }
  const rows = results.flatMap(({ benchmark, rows }) =>
    rows.map((row) => ({ benchmark: benchmark.name, ...row, ok: isOk(row) ?? null })),
  )
  return JSON.stringify({ machine, rows }, null, 2)
}
