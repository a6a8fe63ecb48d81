import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { STORE, until } from './helpers.ts'
import { receiver, rig } from './webhook-helpers.ts'

const CHILD = fileURLToPath(new URL('./webhook-child.ts', import.meta.url))

/** A process that makes changes in a store with webhooks at work. */
function start(directory: string, changes: number, end = ''): ChildProcess & { readonly ended: Promise<unknown> } {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' }
  const child = spawn(process.execPath, [CHILD, directory, STORE, String(changes), end], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return Object.assign(child, { ended: new Promise((resolve) => child.on('close', resolve)) })
}

describe('a crash', () => {
  it('between commit and send loses no change', async () => {
    const first = await rig()
    const to = await receiver()
    await first.hooks.create({ name: 'pager', url: to.url })
    await first.close()
    for (let round = 0; round < 3; round++) await start(first.directory, 4, 'die').ended
    const { config, store } = await rig({ directory: first.directory })
    await until(() => new Set(to.messages().map(({ data }) => data.version.id)).size === 12)
    expect(config.version!.id).toBe(12)
    await until(async () => (await store.webhooks.waiting()) === 0)
    expectOneIdEach(to.received)
  })

  it('between send and the note of it sends the same message again, under its id', async () => {
    const first = await rig()
    let child: ChildProcess | undefined
    const to = await receiver((response, _, count) => {
      if (count % 3 === 0)
        child?.kill('SIGKILL') // it has been received, and the sender never hears so
      else response.writeHead(204).end()
    })
    await first.hooks.create({ name: 'pager', url: to.url })
    await first.close()
    for (let round = 0; round < 4; round++) {
      const running = start(first.directory, 4)
      child = running
      await running.ended
    }
    child = undefined
    const { config, store } = await rig({ directory: first.directory, delivery: { timeoutMs: 500 } })
    const versions = (): number => new Set(to.messages().map(({ data }) => data.version.id)).size
    await until(async () => versions() === config.version!.id)
    await until(async () => (await store.webhooks.waiting()) <= 3)
    expectOneIdEach(to.received)
    expect(to.received.length).toBeGreaterThan(versions())
  })
})

/** One id for a version and one version for an id, however often it came, always with the same bytes. */
function expectOneIdEach(
  received: readonly { readonly headers: Record<string, string>; readonly body: string }[],
): void {
  const pairs = new Set(received.map(({ headers, body }) => `${headers['webhook-id']} ${body}`))
  const ids = new Set(received.map(({ headers }) => headers['webhook-id']))
  const versions = new Set(received.map(({ body }) => JSON.parse(body).data.version.id as number))
  expect(pairs.size).toBe(versions.size)
  expect(ids.size).toBe(versions.size)
}
