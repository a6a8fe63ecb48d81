import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteLength, canonical, canonicalWhole } from '../../src/model/canonical.ts'
import { Doc } from '../../src/model/document.ts'
import { sha3, sha256 } from '../../src/model/hash.ts'
import { LIMITS } from '../../src/model/limits.ts'
import { equal, isTree, type Tree, toValue, type Value } from '../../src/model/value.ts'
import { anyValue } from './samples.ts'

/** The same value with the keys of each object in the opposite order. */
const reversed = (value: Value): Value =>
  isTree(value)
    ? Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, child]) => [key, reversed(child)]),
      )
    : value

describe('the canonical text', () => {
  it('is that of RFC 8785, 3.2.2 and 3.2.3', () => {
    const input = {
      // biome-ignore lint/correctness/noPrecisionLoss: the example of the RFC
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    }
    expect(canonical(input)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it('sorts keys by UTF-16 code units as RFC 8785, 3.2.3 shows', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\u{1F600}', '\u0080', '\u00f6']
    const sorted = Object.keys(JSON.parse(canonical(Object.fromEntries(keys.map((key) => [`k${key}`, 1])))))
    expect(sorted.map((key) => key.slice(1))).toEqual(['\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1F600}', '\ufb33'])
  })

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s as RFC 8785, appendix B does', (bits, text) => {
    expect(canonical(toValue(Buffer.from(bits, 'hex').readDoubleBE(), LIMITS))).toBe(text)
  })

  it('is what the canonicalize package writes, for any value', () => {
    fc.assert(
      fc.property(anyValue, (value) => void expect(canonical(value)).toBe(canonicalize(value))),
      { numRuns: 1000 },
    )
  })

  it('is read back as the same value', () => {
    fc.assert(fc.property(anyValue, (value) => void expect(equal(JSON.parse(canonical(value)), value)).toBe(true)))
  })

  it('and with it the hash is the same for equal trees and only for these', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        expect(sha256(canonical(reversed(a)))).toBe(sha256(canonical(a)))
        expect(sha256(canonical(a)) === sha256(canonical(b))).toBe(equal(a, b))
      }),
    )
  })

  it('of a whole configuration is put together from its documents', () => {
    const tree = fc.dictionary(fc.string({ unit: 'grapheme' }), anyValue)
    fc.assert(
      fc.property(tree, (input) => {
        const documents = new Map(Object.entries(input).map(([name, value]) => [name, Doc.of(value)]))
        expect(canonicalWhole(documents)).toBe(canonical(input as Tree))
      }),
    )
  })
})

describe('hashes', () => {
  it('are the standard ones', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(sha3('abc')).toBe('3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532')
  })

  it('are taken of UTF-8', () => {
    expect(byteLength('é\u{1F600}')).toBe(6)
    expect(sha256('é')).toBe('4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c')
  })
})
