import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { freePort } from '../ports.ts'
import { whereInstalled } from '../store/processes.ts'
import { until } from './helpers.ts'
import { type Rig, rig } from './webhook-helpers.ts'

const DOCUMENT = readFileSync(new URL('../../docs/WEBHOOKS.md', import.meta.url), 'utf8')

/** The program of the document whose first line names it. */
function program(name: string): string {
  const block = Array.from(DOCUMENT.matchAll(/^```\w+\n([\s\S]*?)^```$/gm), ([, text]) => text!).find((text) =>
    text.split('\n', 1)[0]!.endsWith(` ${name}`),
  )
  if (block === undefined) throw new Error(`docs/WEBHOOKS.md has no program ${name}`)
  return block
}

/** Starts a program of the document on a free port, and waits until it listens. */
async function started(name: string, command: readonly string[], { secret, port }: { secret: string; port: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-receiver-'))
  writeFileSync(join(folder, name), program(name))
  const env = { ...process.env, NODE_OPTIONS: '', WEBHOOK_SECRET: secret, PORT: String(port), GOFLAGS: '-mod=mod' }
  const child = spawn(command[0]!, [...command.slice(1), name], { cwd: folder, env, detached: true })
  const output: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.on('close', resolve))
    process.kill(-child.pid!, 'SIGKILL') // `go run` has a child of its own
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const isUp = () =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' }).then(
      ({ status }) => status === 400,
      () => false,
    )
  await until(isUp, 90_000)
  return { text: () => output.join('') }
}

async function hears({ hooks, config }: Rig, name: string, command: readonly string[]): Promise<void> {
  const port = await freePort()
  const { secret, webhook } = await hooks.create({ name: 'pager', url: `http://localhost:${port}/` })
  await hooks.rotateSecret(webhook.id) // the receiver has not been told yet, and hears all the same
  const output = await started(name, command, { secret, port })
  await config.update('server', { host: 'ü"\\n' })
  const { id } = await hooks.test(webhook.id)
  await until(
    async () => (await hooks.deliveries(webhook.id)).items.filter(({ state }) => state === 'delivered').length === 2,
  )
  expect(output.text().split('\n').filter(Boolean).toSorted()).toEqual(['holdfast.change', 'holdfast.test'])

  const now = String(Math.floor(Date.now() / 1000))
  const forged = { 'webhook-id': id, 'webhook-timestamp': now, 'webhook-signature': 'v1,AAAA' }
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body: '{"type":"forged"}',
    headers: forged,
  })
  expect(answer.status).toBe(400)
  expect(output.text()).not.toContain('forged')
}

describe('the receivers that docs/WEBHOOKS.md shows', () => {
  whereInstalled('node', 'verify a message in Node', async () => hears(await rig(), 'receiver.mjs', [process.execPath]))
  whereInstalled('python3', 'verify a message in Python', async () => hears(await rig(), 'receiver.py', ['python3']))
  whereInstalled('go', 'verify a message in Go', async () => hears(await rig(), 'receiver.go', ['go', 'run']), 120_000)
})
