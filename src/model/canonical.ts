import type { Tree, Value } from './value.ts'

/**
 * The canonical text of a value: RFC 8785 (JSON Canonicalization Scheme). Members sort by UTF-16 code units, numbers and strings are
 * written as ECMAScript writes them. Values are JSON by construction (`toValue`), so there is nothing to refuse here.
 */
export function canonical(value: Value): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const tree = value as Tree
  const keys = Object.keys(tree).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(tree[key]!)}`).join(',')}}`
}

/** The canonical text of a whole configuration, from the texts that its `documents` already have. */
export function canonicalWhole(documents: ReadonlyMap<string, { readonly text: string }>): string {
  const parts: string[] = []
  for (const name of [...documents.keys()].sort()) {
    parts.push(`${parts.length === 0 ? '{' : ','}${JSON.stringify(name)}:`, documents.get(name)!.text)
  }
  return parts.length === 0 ? '{}' : `${parts.join('')}}`
}

/** The bytes `text`, which is well-formed, takes in UTF-8: each half of a surrogate pair is two of the four. */
export function byteLength(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1
  }
  return bytes
}
