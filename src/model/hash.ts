import { hash } from 'node:crypto'

/** SHA-256 in lower-case hex of the UTF-8 of `text`. The one file of the model that needs a platform: load it where you hash. */
export const sha256 = (text: string): string => hash('sha256', text)

/** SHA3-256 (FIPS 202), the hash of the chain: stock `sqlite3` and PostgreSQL's pgcrypto both compute it. */
export const sha3 = (text: string): string => hash('sha3-256', text)
