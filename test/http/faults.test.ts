import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
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

async function started(): Promise<ServerProcess> {
  const server = await ServerProcess.start(temporaryFolder())
  onTestFinished(() => server.kill())
  expect((await server.fetch(NAMESPACE, { method: 'PUT' })).status).toBe(201)
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
