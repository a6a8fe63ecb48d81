import { describe, expect, it } from 'vitest'
import { checkNamespace, checkTag, parseRef } from '../../src/model/version.ts'

const malformed = expect.objectContaining({ code: 'malformed' })

describe('a version reference', () => {
  it.each([
    [42, { base: { kind: 'id', id: 42 }, back: 0 }],
    ['42', { base: { kind: 'id', id: 42 }, back: 0 }],
    ['42~1', { base: { kind: 'id', id: 42 }, back: 1 }],
    ['latest', { base: { kind: 'latest' }, back: 0 }],
    ['latest~3', { base: { kind: 'latest' }, back: 3 }],
    ['baseline', { base: { kind: 'baseline' }, back: 0 }],
    ['release-7', { base: { kind: 'name', name: 'release-7' }, back: 0 }],
    ['pre/x.1~12', { base: { kind: 'name', name: 'pre/x.1' }, back: 12 }],
    ['3f9a01bc', { base: { kind: 'name', name: '3f9a01bc' }, back: 0 }],
    ['@2026-11-01T12:00:00Z', { base: { kind: 'time', time: '2026-11-01T12:00:00.000Z' }, back: 0 }],
    ['@2026-11-01T12:00:00+02:00~1', { base: { kind: 'time', time: '2026-11-01T10:00:00.000Z' }, back: 1 }],
    ['@2026-11-01', { base: { kind: 'time', time: '2026-11-01T00:00:00.000Z' }, back: 0 }],
  ])('reads %s', (text, ref) => {
    expect(parseRef(text)).toEqual(ref)
  })

  it.each(['', '~1', 'a b', '-1', '1.5~', '@', '@yesterday', '@2026-13-45', 'a~b', '../x', 'x'.repeat(200), -1])(
    'is not %j',
    (text) => {
      expect(() => parseRef(text)).toThrow(malformed)
    },
  )
})

describe('a tag', () => {
  it('is what can be typed at a shell and is no other reference', () => {
    for (const tag of ['release-7', 'v1.2', 'a', 'team/x_1', 'deadbee']) expect(checkTag(tag)).toBe(tag)
    for (const tag of [
      '',
      '-x',
      'a b',
      'a~1',
      'é',
      'x'.repeat(129),
      'latest',
      'baseline',
      '42',
      'deadbeef',
      '@x',
      'a\n',
    ])
      expect(() => checkTag(tag)).toThrow(malformed)
  })

  it('may be a number with a letter before it, as releases are', () => {
    expect(checkTag('v42')).toBe('v42')
    expect(parseRef('v42')).toEqual({ base: { kind: 'name', name: 'v42' }, back: 0 })
  })
})

describe('a namespace', () => {
  it('is a name of lower-case letters, digits, dots, hyphens and underscores', () => {
    for (const name of ['default', 'tacacs-prod', '0', 'a.b_c']) expect(checkNamespace(name)).toBe(name)
    for (const name of ['', '-a', '.a', 'A', 'a b', 'é', 'x'.repeat(64), '__proto__', 'a/b', 'a\n'])
      expect(() => checkNamespace(name)).toThrow(malformed)
  })
})
