import { describe, expect, it } from 'vitest'
import { CONCEALED } from '../../src/model/config.ts'
import { concealed, isSealed, mapStrings, SEAL } from '../../src/model/secret.ts'
import { freeze } from '../../src/model/value.ts'

describe('a secret', () => {
  it('is known by what its ciphertext begins with', () => {
    expect([`${SEAL}k:x`, 'holdfast:secret', `x${SEAL}`, 1, null, undefined].map((value) => isSealed(value))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })

  it('is concealed wherever it stands in a tree', () => {
    const tree = freeze({ a: { b: `${SEAL}k:x`, c: 'plain' }, d: `${SEAL}k:y` })
    expect(concealed(tree)).toEqual({ a: { b: CONCEALED, c: 'plain' }, d: CONCEALED })
    expect(concealed(`${SEAL}k:x`)).toBe(CONCEALED)
    expect(concealed(undefined)).toBeUndefined()
  })

  it('leaves the rest of a tree as it is, the very same object where nothing is secret', () => {
    const tree = freeze({ a: { b: 'x' }, s: { t: `${SEAL}k:x` } })
    expect((concealed(tree) as typeof tree).a).toBe(tree.a)
    expect(concealed(tree.a)).toBe(tree.a)
  })

  it('is told by its path when strings are mapped', () => {
    const seen: string[] = []
    mapStrings({ a: { b: 'x' }, c: ['y'] }, (text, path) => {
      seen.push([...path, text].join('/'))
      return text
    })
    expect(seen).toEqual(['a/b/x'])
  })
})
