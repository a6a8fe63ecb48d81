import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** A certificate for localhost and its key, in a folder of their own. */
export function makePair(directory: string, name: string): { readonly certFile: string; readonly keyFile: string } {
  mkdirSync(directory, { recursive: true })
  const [certFile, keyFile] = [join(directory, 'tls.crt'), join(directory, 'tls.key')]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', keyFile, '-out', certFile, ...subject],
  ])
  expect(made.status, made.stderr.toString()).toBe(0)
  return { certFile, keyFile }
}
