import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../engine/helpers.ts'
import { whereInstalled } from '../store/processes.ts'
import { temporaryFolder } from '../store/temporary.ts'
import { ServerProcess } from './server-process.ts'

const NAMESPACE = '/api/v1/namespaces/default'

describe('a server whose disk', () => {
  for (const [name, inject] of [
    ['is full', 'pwrite64:error=ENOSPC'],
    ['fails to sync', 'fdatasync,fsync:error=EIO'],
  ] as const) {
    whereInstalled(
      'strace',
      `${name} acknowledges nothing, goes on reading, says so, and recovers without a restart`,
      async () => {
        const server = await started()
        await change(server, 1, 201)
        const fault = await Fault.begin(server, inject)
        for (let n = 2; n <= 4; n++) await change(server, n, 503)
        expect(await currentValue(server)).toBe(1)
        expect(await readiness(server)).toMatchObject({ status: 503, isReady: false, reasons: [expect.any(String)] })
        await fault.end()
        await readyAgain(server)
        expect(await currentValue(server)).toBe(1)
        await change(server, 5, 201)
        expect(await currentValue(server)).toBe(5)
        const { items } = (await (await server.fetch(`${NAMESPACE}/history`)).json()) as {
          items: { newValue: number }[]
        }
        expect(items.map(({ newValue }) => newValue)).toEqual([5, 1])
      },
    )
  }

  whereInstalled(
    'strace',
    'hangs says so within a bounded time, counts on, reads on, and ends what waited',
    async () => {
      const server = await started()
      await change(server, 1, 201)
      const fault = await Fault.begin(server, 'fdatasync,fsync:delay_enter=60000000')
      const late = change(server, 2, 201)
      await until(async () => (await readiness(server)).status === 503)
      const began = performance.now()
      expect(await readiness(server)).toEqual({ status: 503, isReady: false, reasons: ['the store does not answer'] })
      const metrics = await (await server.fetch('/metrics')).text()
      expect(performance.now() - began).toBeLessThan(15_000) // the disk hangs for a minute
      expect(metrics).toMatch(/^holdfast_ready 0$/m)
      expect(metrics).toMatch(/^holdfast_version\{namespace="default"\} 2$/m)
      expect(metrics).not.toMatch(/^holdfast_store_bytes\{/m)
      expect(await currentValue(server)).toBe(1)
      await fault.end()
      await late
      await readyAgain(server)
      expect(await (await server.fetch('/metrics')).text()).toMatch(/^holdfast_store_bytes\{part="file"\} \d+$/m)
    },
  )
})

describe('a secret', () => {
  const schema = { properties: { db: { properties: { password: { type: 'string', writeOnly: true } } } } }
  const set = { db: { password: 'hunter2', host: 'h' } }
  const read = (server: ServerProcess, key: string) => server.fetch(`${NAMESPACE}/config/db/${key}?reveal=true`)

  async function filled(): Promise<ServerProcess> {
    const server = await started({ namespaces: { default: { schema } } })
    expect((await server.post(`${NAMESPACE}/changes`, { set })).status).toBe(201)
    return server
  }

  async function reads(server: ServerProcess): Promise<readonly unknown[]> {
    const answer = await server.fetch('/api/v1/audit?event=secret-read')
    return ((await answer.json()) as { readonly items: readonly unknown[] }).items
  }

  it('that a server showed is in the audit log, however soon it is killed', async () => {
    const server = await filled()
    for (let shown = 1; shown <= 5; shown++) {
      expect(await (await read(server, 'password')).json()).toBe('hunter2')
      await server.kill()
      await server.start()
      expect(await reads(server)).toHaveLength(shown)
    }
    const [last] = await reads(server)
    expect(last).toMatchObject({
      who: 'admin',
      tokenId: expect.any(String),
      sourceIp: '127.0.0.1',
      subject: 'db.password',
    })
  })

  whereInstalled('strace', 'is not shown while the audit log cannot be written, and what is no secret is', async () => {
    const server = await filled()
    const fault = await Fault.begin(server, 'pwrite64:error=ENOSPC')
    const refused = await read(server, 'password')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    expect(await refused.json()).toMatchObject({ code: 'unavailable', detail: expect.stringContaining('audit log') })
    expect(await (await read(server, 'host')).json()).toBe('h')
    expect((await server.fetch(`${NAMESPACE}/snapshot?reveal=true`)).status).toBe(503)
    expect((await server.fetch(`${NAMESPACE}/snapshot`)).status).toBe(200)
    await until(async () => (await readiness(server)).status === 503)
    await fault.end()
    await readyAgain(server)
    expect(await (await read(server, 'password')).json()).toBe('hunter2')
    expect(await reads(server)).toHaveLength(1)
  })
})

async function started(options: { readonly namespaces?: object } = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start(temporaryFolder(), options)
  onTestFinished(() => server.kill())
  if (options.namespaces === undefined) expect((await server.fetch(NAMESPACE, { method: 'PUT' })).status).toBe(201)
  return server
}

async function change(server: ServerProcess, n: number, status: number): Promise<void> {
  const answer = await server.post(`${NAMESPACE}/changes`, { set: { a: { n } } })
  expect([answer.status, await answer.text()]).toEqual([status, expect.any(String)])
  if (status !== 503) return
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
}

async function currentValue(server: ServerProcess): Promise<unknown> {
  return (await server.fetch(`${NAMESPACE}/config/a/n`)).json()
}

async function readiness(server: ServerProcess): Promise<object & { readonly status: number }> {
  const answer = await server.fetch('/readyz')
  return { status: answer.status, ...((await answer.json()) as object) }
}

async function readyAgain(server: ServerProcess): Promise<void> {
  while ((await server.fetch('/readyz')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 100))
}

/** Lets system calls on the store's files fail in a running process, until it is ended. */
class Fault {
  readonly #strace: ChildProcess

  private constructor(strace: ChildProcess) {
    this.#strace = strace
  }

  static async begin(server: ServerProcess, inject: string): Promise<Fault> {
    const calls = inject.split(':')[0]!
    const files = ['store.db', 'store.db-wal'].flatMap((file) => ['-P', join(server.directory, file)])
    const args = ['-f', '-p', String(server.pid), '-e', `trace=${calls}`, '-e', `inject=${inject}`, ...files]
    const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    onTestFinished(() => void strace.kill())
    for await (const text of strace.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false }))
      if ((text as string).includes('attached')) break
    strace.stderr.resume()
    return new Fault(strace)
  }

  /** Lets go of the process: from here on its calls do what they say. */
  async end(): Promise<void> {
    const gone = once(this.#strace, 'exit')
    this.#strace.kill('SIGINT')
    await gone
  }
}
