import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromSectionKey, isWithin, parsePath, printPath, toSectionKey } from '../../src/model/path.ts'
import { HOSTILE } from './samples.ts'

const segment = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(...HOSTILE, '\ud800', '\u007f', '\n', 'a.b', "it's"),
)
const path = fc.array(segment, { minLength: 1, maxLength: 6 })

describe('a path', () => {
  it('survives printing and parsing, whatever its segments hold', () => {
    fc.assert(
      fc.property(path, (segments) => void expect(parsePath(printPath(segments))).toEqual(segments)),
      { numRuns: 2000 },
    )
  })

  it('has one printed form', () => {
    fc.assert(
      fc.property(
        path,
        path,
        (a, b) => void expect(printPath(a) === printPath(b)).toBe(JSON.stringify(a) === JSON.stringify(b)),
      ),
    )
  })

  it('survives being kept as section and key', () => {
    const kept = path.filter(([first, ...rest]) => first !== '' || rest.length === 0)
    fc.assert(fc.property(kept, (segments) => void expect(fromSectionKey(toSectionKey(segments))).toEqual(segments)))
  })

  it('is within itself and what begins it, and in nothing else', () => {
    expect(isWithin(['a', 'b'], ['a'])).toBe(true)
    expect(isWithin(['a', 'b'], ['a', 'b'])).toBe(true)
    expect(isWithin(['a'], ['a', 'b'])).toBe(false)
    expect(isWithin(['ab'], ['a'])).toBe(false)
  })

  it.each([
    ['server.port', ['server', 'port']],
    ['upstreams."api.example.com".weight', ['upstreams', 'api.example.com', 'weight']],
    [' a . \'b.c\' .\t"d\\u00e9\\n" ', ['a', 'b.c', 'dé\n']],
    ['"\\U0001F600"', ['\u{1F600}']],
    ['""', ['']],
    ["''.a", ['', 'a']],
    ['1.-2._', ['1', '-2', '_']],
  ])('reads %s as TOML does', (text, segments) => {
    expect(parsePath(text)).toEqual(segments)
  })

  it.each([
    '',
    ' ',
    '.',
    'a.',
    '.a',
    'a..b',
    'a b',
    'a."b',
    "a.'b",
    'a."\\x"',
    'a."\\u12"',
    '"\\U00110000"',
    'a.b"c"',
    'é',
    'a\n',
  ])('refuses %j and says how a path is written', (text) => {
    expect(() => parsePath(text)).toThrow(
      expect.objectContaining({ code: 'malformed', message: expect.stringContaining('quote a segment') }),
    )
  })

  it('of one segment is a key outside any section', () => {
    expect(toSectionKey(['banner'])).toEqual({ section: '', key: 'banner' })
    expect(toSectionKey(['a.b', 'c d', 'e'])).toEqual({ section: 'a.b', key: '"c d".e' })
    expect(fromSectionKey({ section: '', key: '"a.b"' })).toEqual(['a.b'])
  })
})
