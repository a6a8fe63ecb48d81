import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/*
 * The text of a token: 63 characters, none of which a URL or a shell takes for its own.
 *
 *     hf_ 11 of the id, 43 of the secret, 6 of the checksum
 *
 * Each part after `hf_` is a number in base 62, its digits being `0-9`, `A-Z`, `a-z`, the highest first: the id 8 random bytes, the secret 32,
 * the checksum the CRC-32 of all before it. So a mistyped or cut text is told from a wrong one without the store, and a scanner that found
 * 63 fitting characters knows whether it found a token.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID = { bytes: 8, digits: 11 }
const SECRET = { bytes: 32, digits: 43 }
const CHECKSUM = { digits: 6 }
const PREFIX = 'hf_'
const LENGTH = PREFIX.length + ID.digits + SECRET.digits + CHECKSUM.digits
const FORM = /^hf_[0-9A-Za-z]{60}$/

/** A new token's id, which is no secret. */
export const newTokenId = (): string => inBase62(randomBytes(ID.bytes), ID.digits)

/** A text with a new secret for the token of this id. */
export function newTokenText(id: string): string {
  const body = PREFIX + id + inBase62(randomBytes(SECRET.bytes), SECRET.digits)
  return body + checksumOf(body)
}

/** The id in a token's text; `undefined` for what is no token, whatever it is. */
export function parseTokenText(text: string): string | undefined {
  if (typeof text !== 'string' || text.length !== LENGTH || !FORM.test(text)) return undefined
  const body = text.slice(0, -CHECKSUM.digits)
  return text === body + checksumOf(body) ? text.slice(PREFIX.length, PREFIX.length + ID.digits) : undefined
}

/** The SHA-256 of a secret text, all that is kept of it. A text of 32 random bytes needs no slow hash. */
export const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer')

/** True for equal texts, in a time that does not tell where they differ. */
export const isSameText = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b))

/** The text with what looks like a token in it cut off after the id, also where it is stuck to something else. */
export const withoutTokens = (text: string): string =>
  text.replace(/hf_[0-9A-Za-z]{60}/g, (found) => `${found.slice(0, PREFIX.length + ID.digits)}…`)

function checksumOf(body: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return inBase62(bytes, CHECKSUM.digits)
}

/** The bytes as one number in base 62, with as many digits as the highest number needs. */
function inBase62(bytes: Buffer, digits: number): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (let i = 0; i < digits; i++) {
    text = DIGITS[Number(rest % 62n)] + text
    rest /= 62n
  }
  return text
}
