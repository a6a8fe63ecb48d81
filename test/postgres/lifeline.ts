import { type ChildProcess, spawn } from 'node:child_process'

/**
 * A shell that waits until this process is gone, however it went, and then runs `script` with `values` as `$1`, `$2` …: what tests started
 * outlives no test run.
 */
export function lifeline(script: string, ...values: readonly string[]): ChildProcess {
  const shell = spawn('/bin/sh', ['-c', `cat >/dev/null; ${script}`, 'lifeline', ...values], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  shell.unref()
  ;(shell.stdin as unknown as { unref(): void }).unref()
  return shell
}
