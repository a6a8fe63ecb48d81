import { execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { it } from 'vitest'

export const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1e9 })

const isInstalled = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

/** A test that needs a program of the system. */
export function whereInstalled(
  program: string,
  name: string,
  test: () => Promise<void> | void,
  timeout = 60_000,
): void {
  it.skipIf(!isInstalled(program))(name, test, timeout)
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

const child = (script: string) => fileURLToPath(new URL(`./children/${script}`, import.meta.url))

/** Runs one of `children/` in a process of its own. */
export function start(script: string, args: readonly string[], options: SpawnOptions = {}) {
  return spawned(process.execPath, [child(script), ...args], options)
}

function spawned(command: string, args: readonly string[], options: SpawnOptions) {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' }
  const process_ = spawn(command, args, { env, ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  process_.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  process_.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const finished = new Promise<Finished>((resolve, reject) => {
    process_.on('error', reject)
    process_.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { process: process_, finished }
}

/** Runs a child under strace and gives what it traced. */
export async function straced(options: readonly string[], script: string, args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-trace-'))
  try {
    const file = join(folder, 'trace')
    const command = ['-f', '-qq', '-s', '200', '-o', file, ...options, process.execPath, child(script), ...args]
    const finished = await spawned('strace', command, {}).finished
    return { ...finished, trace: readFileSync(file, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
