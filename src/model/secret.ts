import { CONCEALED } from './config.ts'
import { isTree, type Tree, type Value } from './value.ts'

/** What ciphertext begins with. Plain values may not: `holdfast:secret:1:<key id>:<base64url of nonce, ciphertext and tag>`. */
export const SEAL = 'holdfast:secret:1:'

export const isSealed = (value: Value | undefined): value is string =>
  typeof value === 'string' && value.startsWith(SEAL)

/** The id of the key that a ciphertext is under, and what follows it. */
export function readSeal(text: string): { readonly id: string; readonly sealed: string } {
  const [id = '', sealed = ''] = text.slice(SEAL.length).split(':')
  return { id, sealed }
}

/** A ciphertext as it is stored. */
export const printSeal = ({ id, sealed }: { readonly id: string; readonly sealed: string }): string =>
  `${SEAL}${id}:${sealed}`

/** `value` with every ciphertext in it replaced by what stands for a secret. */
export function concealed<V extends Value | undefined>(value: V): V {
  if (isSealed(value)) return CONCEALED as V
  return isTree(value) ? (mapStrings(value, (text) => (isSealed(text) ? CONCEALED : text)) as V) : value
}

/** `value` with each string that stands at a leaf, not inside an array, changed by `change`. Shares what stays. */
export function mapStrings(
  value: Value,
  change: (text: string, path: readonly string[]) => Value,
  at: readonly string[] = [],
): Value {
  if (typeof value === 'string') return change(value, at)
  if (!isTree(value)) return value
  let isChanged = false
  const entries = Object.entries(value as Tree).map(([key, child]): [string, Value] => {
    const next = mapStrings(child, change, [...at, key])
    isChanged ||= next !== child
    return [key, next]
  })
  return isChanged ? Object.freeze(Object.fromEntries(entries)) : value
}
