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

/** The canonical text of a whole configuration, in the pieces that `documents` already have, so that hashing it joins nothing. */
export function canonicalParts(documents: ReadonlyMap<string, { readonly text: string }>): readonly string[] {
  const names = [...documents.keys()].sort()
  const parts = names.map((name, i) => `${i === 0 ? '' : ','}${JSON.stringify(name)}:${documents.get(name)!.text}`)
  return ['{', ...parts, '}']
}

const encoder = new TextEncoder()

/** The bytes `text` takes in UTF-8. */
export const byteLength = (text: string): number => encoder.encode(text).length
