import { createHash } from 'node:crypto'

/** True where `If-None-Match` names the tag: in a list, weak or strong, or by `*`. */
export function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header === etag) return true
  return tagsOf(header).some((tag) => tag === '*' || tag === etag)
}

/** The tags of an `If-Match` or `If-None-Match`, without what makes them weak. */
export const tagsOf = (header: string): readonly string[] =>
  Array.from(header.matchAll(/\*|(?:W\/)?("[^"]*")/g), ([whole, tag]) => tag ?? whole)

/** A tag of an answer that no version's hash stands for. */
export const tagOf = (body: Buffer): string => `"${createHash('sha256').update(body).digest('hex')}"`

export type Coding = 'br' | 'gzip'

/** The coding a client takes best, of those that are spoken here; `undefined` where it takes none. */
export function codingFor(header: string | undefined): Coding | undefined {
  if (header === undefined) return undefined
  const accepted = new Set(
    header
      .split(',')
      .map((one) => one.trim().toLowerCase())
      .filter((one) => !/;\s*q=0(?:\.0*)?$/.test(one))
      .map((one) => one.split(';')[0]!.trim()),
  )
  if (accepted.has('br')) return 'br'
  return accepted.has('gzip') ? 'gzip' : undefined
}
