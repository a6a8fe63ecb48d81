import { describe, expect, it } from 'vitest'
import { CONCEALED } from '../../src/model/config.ts'
import { authorise, localPrincipal, type Principal } from '../../src/model/principal.ts'
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

describe('a principal', () => {
  const reader: Principal = {
    name: 'r',
    actions: new Set(['config:read']),
    namespaces: new Set(['prod']),
    sourceIp: null,
  }

  it('may do what it was given, where it was given', () => {
    expect(() => authorise(reader, 'config:read', 'prod')).not.toThrow()
    expect(() => authorise(reader, 'config:write', 'prod')).toThrow(
      expect.objectContaining({ code: 'forbidden', details: { action: 'config:write', namespace: 'prod' } }),
    )
    expect(() => authorise(reader, 'config:read', 'test')).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })

  it('may do everything as administrator, but only where it is one', () => {
    const admin: Principal = { ...reader, actions: new Set(['admin']) }
    expect(() => authorise(admin, 'secrets:read', 'prod')).not.toThrow()
    expect(() => authorise(admin, 'secrets:read', 'test')).toThrow(expect.objectContaining({ code: 'forbidden' }))
    expect(() => authorise(localPrincipal('me'), 'admin', 'anything')).not.toThrow()
  })
})
