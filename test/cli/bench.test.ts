import { readdirSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Connection } from '../../src/cli/bench/connection.ts'
import { type Measured, measure } from '../../src/cli/bench/measure.ts'
import { showReport } from '../../src/cli/bench/report.ts'
import { sampleOf } from '../../src/cli/bench/sample.ts'
import type { Io } from '../../src/cli/io.ts'
import { Printer } from '../../src/cli/print.ts'
import { widthOf } from '../../src/cli/text.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { describeWithPostgres } from '../postgres/describe.ts'
import { PostgresServer } from '../postgres/server.ts'
import { finish, initialised, start, Workspace } from './harness.ts'
import { ServerProcess } from './server.ts'

const FEW = 'bench --count 12 --clients 3 --watchers 2'
const PATIENTLY = { timeout: 120_000 }
const STORE_ROWS = ['change', 'changes', 'get', 'watch', 'floor']
const SERVER_ROWS = ['change', 'changes', 'get', 'config', 'unchanged', 'key', 'watch', 'floor']

interface Row {
  readonly name: string
  readonly count: number
  readonly seconds: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly limited: number
}

let at: Workspace
beforeAll(async () => {
  at = await initialised()
})
afterAll(() => at.remove())

async function namespaces(
  workspace: Workspace,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const found = await workspace.json<{ readonly namespace: string }[]>('namespace list', { env })
  return found.map(({ namespace }) => namespace)
}

function expectSense(rows: readonly Row[]): void {
  for (const row of rows) {
    const { name, count, seconds, rate, p50, p99, max } = row
    for (const figure of [count, seconds, rate, p50, p99, max]) expect(figure, name).toBeGreaterThan(0)
    expect(rate * seconds, name).toBeCloseTo(count, 3)
    expect(p50, name).toBeLessThanOrEqual(p99)
    expect(p99, name).toBeLessThanOrEqual(max)
  }
}

describe('holdfast bench on a store', () => {
  it('measures everything, and leaves nothing behind', PATIENTLY, async () => {
    const before = await at.json('versions')
    const found = await at.json(FEW)
    expect(found.measured.map(({ name }: Row) => name)).toEqual(STORE_ROWS)
    expectSense(found.measured)
    expect(found.measured[0].count).toBe(12)
    expect(found.target).toEqual({ kind: 'store', name: at.path('data/config_overrides.db') })
    expect(await namespaces(at)).toEqual(['default'])
    expect(await at.json('versions')).toEqual(before)
    expect((await at.run('verify')).status).toBe(0)
    expect(readdirSync(at.path('data')).filter((name) => name.includes('bench'))).toEqual([])
  })

  it('prints a table that fits the page, and how far it is only where a person sees it', PATIENTLY, async () => {
    const seen = await at.run(`${FEW} --no-color`, { isTerminal: true, columns: 80 })
    for (const line of seen.out.split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(80)
    expect(seen.out).toMatch(/^MEASURED +COUNT +A SECOND +P50 +P99$/m)
    expect(seen.out).toMatch(/^changes, 3 at once +12 +[\d,.]+ +[\d.,]+ (?:ns|µs|ms|s) +[\d.,]+ (?:ns|µs|ms|s)$/m)
    const quiet = await at.run(`${FEW} -q`)
    expect(quiet.err).toBe('')
  })

  it('works in the namespace that is named, and never in one that is there', PATIENTLY, async () => {
    const found = await at.json([...FEW.split(' '), '-n', 'bench-mine'])
    expect(found.plan.namespace).toBe('bench-mine')
    const refused = await at.run([...FEW.split(' '), '-n', 'default'])
    expect(refused).toMatchObject({ status: 1, out: '', err: expect.stringContaining('default is there already') })
    expect(await namespaces(at)).toEqual(['default'])
  })

  it('has a configuration of about the size that is asked for', () => {
    for (const size of [250, 1000, 5000, 100_000, 2_000_000])
      expect(Math.abs(sampleOf(size).bytes / size - 1), String(size)).toBeLessThan(0.2)
  })

  it('sends no webhook thousands of changes that mean nothing', PATIENTLY, async () => {
    const own = await initialised()
    await own.run('webhook create chat https://hooks.example.com/x --kind change')
    const refused = await own.run(FEW)
    expect(refused).toMatchObject({ status: 6, out: '', err: expect.stringContaining('the webhook chat') })
    await own.run('webhook disable chat')
    expect((await own.run(FEW)).status).toBe(0)
    own.remove()
  })

  it.each(['--clients 0', '--seconds 0', '--count 0', '--size 10', '--store :memory:'])('refuses %s', async (flags) => {
    expect(await at.run(`bench ${flags}`)).toMatchObject({ status: 64, out: '' })
  })

  it.each(['SIGINT', 'SIGHUP'] as const)('takes its namespace away on %s', PATIENTLY, async (signal) => {
    const child = start(['bench', '--seconds', '600', '--watchers', '2', '-n', 'bench-cut'], at.root)
    const ended = finish(child)
    await expect.poll(() => namespaces(at), { timeout: 60_000 }).toContain('bench-cut')
    child.kill(signal)
    expect(await ended).toMatchObject({ status: 130, out: '', err: expect.stringContaining('bench-cut is deleted') })
    expect(await namespaces(at)).toEqual(['default'])
  })
})

describe('holdfast bench on a server', () => {
  let served: Workspace
  let server: ServerProcess
  beforeAll(async () => {
    served = await initialised()
    server = await ServerProcess.start(served.root, ['--request-bytes', '64KiB'])
  })
  afterAll(async () => {
    await server.stop()
    served.remove()
  })

  it('measures everything, and leaves nothing behind', PATIENTLY, async () => {
    const found = await served.json(FEW, { env: server.env })
    expect(found.measured.map(({ name }: Row) => name)).toEqual(SERVER_ROWS)
    expectSense(found.measured)
    expect(found.target).toEqual({ kind: 'server', name: server.url })
    expect(await namespaces(served, server.env)).toEqual(['default'])
  })

  it('refuses a token that may not make a namespace, before it has made one', async () => {
    const argv = 'token create web --scope config:read,config:write --namespace-pattern *'
    const token = (await served.run(argv, { env: server.env })).out.trim()
    const refused = await served.run(FEW, { env: { ...server.env, HOLDFAST_TOKEN: token } })
    expect(refused).toMatchObject({
      status: 6,
      out: '',
      err: expect.stringContaining('use a token with the scope admin'),
    })
    expect(await namespaces(served, server.env)).toEqual(['default'])
  })

  it('takes its namespace away after an error too', async () => {
    const refused = await served.run(`${FEW} --size 1000000`, { env: server.env })
    expect(refused).toMatchObject({ status: 1, out: '', err: expect.stringContaining('65536') })
    expect(await namespaces(served, server.env)).toEqual(['default'])
  })

  it('takes its namespace away when it is interrupted', PATIENTLY, async () => {
    const argv = ['bench', '--seconds', '600', '--count', '100000', '-n', 'bench-cut']
    const child = start(argv, served.root, server.env)
    const ended = finish(child)
    await expect.poll(() => namespaces(served, server.env), { timeout: 60_000 }).toContain('bench-cut')
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ status: 130, out: '' })
    expect(await namespaces(served, server.env)).toEqual(['default'])
  })
})

describeWithPostgres('holdfast bench on PostgreSQL', () => {
  let database: PostgresServer
  let own: Workspace
  let env: Readonly<Record<string, string>>
  beforeAll(async () => {
    database = await PostgresServer.start()
    own = new Workspace({ 'base.ini': '[server]\nport = 4949\n' })
    env = { HOLDFAST_STORE: await database.freshDatabase() }
    expect(await own.run('init --source base.ini', { env })).toMatchObject({ status: 0 })
  })
  afterAll(async () => {
    own?.remove()
    await database?.[Symbol.asyncDispose]()
  })

  it('measures everything, tells no password, and leaves nothing behind', PATIENTLY, async () => {
    const found = await own.json(FEW, { env })
    expect(found.measured.map(({ name }: Row) => name)).toEqual(STORE_ROWS)
    expectSense(found.measured)
    expect(found.target).toEqual({ kind: 'store', name: env['HOLDFAST_STORE']!.replace(/:[^:@]*@/, '@') })
    expect(await namespaces(own, env)).toEqual(['default'])
    expect((await own.run('verify', { env })).status).toBe(0)
  })
})

describe('a measure', () => {
  const bounds = { seconds: 60, count: 5, signal: new AbortController().signal, onProgress: () => undefined }
  const refusal = new HoldfastError('rate-limited', 'too many', { retryAfter: 0.01 })

  it('comes later where it is asked to, and tells how often that was', async () => {
    let asked = 0
    const run = async (): Promise<void> => {
      if (++asked % 2 === 0) throw refusal
    }
    const measured = await measure({ name: 'key', what: 'one key', lanes: 1, run }, bounds)
    expectSense([measured])
    expect(measured).toMatchObject({ count: 5, limited: 5 })
    expect(shown(measured)).toContain(
      "The server's limit for a token (--token-rate) is what these figures show: one key.",
    )
  })

  it('ends with what is refused for another reason', async () => {
    const run = (): Promise<void> => Promise.reject(new HoldfastError('closed', 'closed', { what: 'store' }))
    await expect(measure({ name: 'x', what: 'x', lanes: 3, run }, bounds)).rejects.toMatchObject({ code: 'closed' })
  })
})

/** The report of one measure on a server, as people see it. */
function shown(measured: Measured): string {
  const lines: string[] = []
  const io = { stdout: { write: (text: string) => lines.push(text) }, env: {} } as unknown as Io
  const print = new Printer(io, { json: false, quiet: false, verbose: false, color: false })
  const plan = { namespace: 'bench', clients: 1, watchers: 1, seconds: 1, count: 1, size: 250 }
  const target = { kind: 'server', name: 'https://config.example.com' } as const
  showReport(
    { target, plan, configuration: { bytes: 1, sections: 1, keys: 1 }, measured: [measured], versions: 1 },
    print,
  )
  return lines.join('').replaceAll('\n', ' ')
}

describe('a connection that measures', () => {
  it('reads answers in pieces, with a length and without', async () => {
    const server = createHttpServer((request, response) => {
      if (request.url === '/none') return response.writeHead(304, { etag: '"x"' }).end()
      if (request.url === '/length') response.setHeader('content-length', 6)
      response.write('abc')
      setImmediate(() => response.end('def'))
      return response
    })
    const connection = await connected(server)
    const ask = (path: string) => connection.ask(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
    expect(await ask('/length')).toMatchObject({ status: 200, text: 'abcdef' })
    expect((await ask('/chunked')).text).toContain('def')
    expect(await ask('/none')).toEqual({ status: 304, etag: '"x"', text: '' })
    connection.close()
    server.close()
  })

  it('opens anew what the server has closed, and tells when it gets no answer', async () => {
    let asked = 0
    const server = createServer((socket) => {
      socket.on('data', () => {
        asked++
        socket.end(asked === 2 ? '' : 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      })
    })
    const connection = await connected(server)
    const ask = () => connection.ask('GET / HTTP/1.1\r\n\r\n')
    expect((await ask()).text).toBe('ok')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' })
    expect((await ask()).text).toBe('ok')
    connection.close()
    server.close()
  })
})

async function connected(server: ReturnType<typeof createServer>): Promise<Connection> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return new Connection(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
}
