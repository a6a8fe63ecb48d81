import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ConnectOptions, connect, type RemoteConfig } from '../../src/client.ts'

export const TOKEN = 'hf_token-of-the-test'

/** A folder of its own for the test that asks, gone afterwards. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-client-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

export interface Log {
  readonly lines: readonly string[]
  warn(details: object, message: string): void
}

/** A log that remembers all that was written, details too. */
export function log(): Log {
  const lines: string[] = []
  const plain = (_: string, value: unknown): unknown =>
    value instanceof Error ? { ...value, message: value.message, cause: value.cause } : value
  return { lines, warn: (details, message) => void lines.push(`${message} ${JSON.stringify(details, plain)}`) }
}

/** Connects and closes after the test; nothing is reported unless asked for. */
export async function connected<T = unknown>(
  options: Omit<ConnectOptions<T>, 'token'> & { readonly token?: ConnectOptions['token'] },
): Promise<RemoteConfig<T>> {
  const config = await connect<T>({ token: TOKEN, instance: false, ...options })
  onTestFinished(() => config.close())
  return config
}
