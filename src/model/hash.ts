import { createHash } from 'node:crypto'

/** SHA-256 in lower-case hex of the UTF-8 of `parts`, one after another. The one file of the model that needs a platform: load it where you hash. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** SHA3-256 (FIPS 202), the hash of the chain: stock `sqlite3` and PostgreSQL's pgcrypto both compute it. */
export const sha3 = (text: string): string => createHash('sha3-256').update(text).digest('hex')
