import fc from 'fast-check'
import JSON5 from 'json5'
import { type ParseError, parse as parseJsonc } from 'jsonc-parser'
import { describe, expect, it } from 'vitest'
import type { Format } from '../../src/format/format.ts'
import { json, json5, jsonc } from '../../src/format/json.ts'
import { options, read, refusal } from './support.ts'

const pieces = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"a"',
  '"b"',
  '"\\u0041\\n"',
  "'c'",
  'd',
  '1',
  '-0',
  '0.5e1',
  '.5',
  '5.',
  '+1',
  '0x1F',
  '01',
  'true',
  'null',
  'tru',
  '//x\n',
  '/*y*/',
  '/',
  ' ',
  '\n',
  '"',
  '\\',
  'NaN',
  '\u00a0',
  '$_',
  '\\u0061',
)
const member = fc
  .tuple(
    fc.constantFrom('"a"', '"b"', "'c'", 'd', '"__proto__"', '$e', '\\u0061', '"a\\x41"'),
    fc.constantFrom(':', ' : ', '/*c*/:'),
    fc.oneof(
      pieces,
      fc.constantFrom('[1,2]', '[1,]', '{}', '{"x":{}}', "'it\\'s'", "'a\\\nb'", '"\\v"', '-.5E-3', '1e3'),
    ),
  )
  .map((some) => some.join(''))
const text = fc.oneof(
  fc.array(pieces, { maxLength: 8 }).map((some) => `{${some.join('')}}`),
  fc
    .tuple(fc.uniqueArray(member, { maxLength: 4 }), fc.constantFrom('', ',', '//end\n', ' '))
    .map(([some, end]) => `{${some.join(',')}${end}}`),
)

const strict = (some: string): unknown => JSON.parse(some)
const withComments = (some: string): unknown => {
  const errors: ParseError[] = []
  const value: unknown = parseJsonc(some, errors, { allowTrailingComma: true, disallowComments: false })
  if (errors.length > 0) throw errors
  return value
}
const five = (some: string): unknown => JSON5.parse(some)

describe.each([
  ['json', json, strict],
  ['jsonc', jsonc, withComments],
  ['json5', json5, five],
] as const)('%s', (_, format: Format, reference) => {
  it('reads what the reference reads and refuses what it refuses', () => {
    let agreed = 0
    fc.assert(
      fc.property(text, (some) => {
        const ours = outcome(() => read(format, some))
        const theirs = outcome(() => reference(some))
        if (ours.message?.includes('duplicate key') || (format === jsonc && some.includes('__proto__'))) return
        if (ours.message?.includes('not finite') || /NUL|control character: /.test(ours.message ?? '')) return
        if (theirs.tree !== undefined) agreed++
        expect({ some, tree: ours.tree }).toEqual({ some, tree: theirs.tree })
      }),
      { numRuns: 4000 },
    )
    expect(agreed).toBeGreaterThan(300)
  })

  it.each([
    ['{"a": 1, "b": 2,\n "a": 3}', '2:2: duplicate key "a" (first at line 1)'],
    ['{"a": {"b": 1, "b": 2}}', '1:16: duplicate key "b"'],
    ['{"a": [{"b": 1, "b": 2}]}', '1:17: duplicate key "b"'],
    ['[1]', '1:1: the top of a configuration must be an object'],
    ['{"a": 12345678901234567890}', '1:7: an integer beyond 2^53'],
    ['{"a": -1e999}', '1:7: a number too large'],
    ['{"a": "\\ud800"}', '1:7: half of a surrogate pair'],
    ['{"a": "\\u0000"}', '1:7: a NUL character'],
    ['{"a": "secret}', '1:15: a string that does not end'],
    ['{"a": secret}', '1:7: expected a value'],
    ['{"a": 1} x', '1:10: something follows'],
    ['{"a": 1', '1:8: expected "," or "}"'],
    ['', '1:1: the top of a configuration must be an object'],
  ])('refuses %j with line and column, quoting nothing', (some, message) => {
    const error = refusal(() => read(format, some))
    expect(error.message).toContain(`config/test.conf:${message}`)
    expect(error.message).not.toContain('secret')
  })

  it('keeps a large number that a double gives back', () => {
    expect(read(format, `{"a": ${2 ** 60}, "b": 1e21, "c": 9007199254740992}`)).toEqual({
      a: 2 ** 60,
      b: 1e21,
      c: 2 ** 53,
    })
  })

  it('knows where each key stands', () => {
    expect(format.parse('{"a": 1,\n  "b.c": {"d": [1]}}', options).positions).toEqual(
      new Map([
        ['a', { line: 1, column: 2 }],
        ['"b.c"', { line: 2, column: 3 }],
        ['"b.c".d', { line: 2, column: 11 }],
      ]),
    )
  })
})

describe('editing JSON', () => {
  it('follows the layout that is there', () => {
    const one = '{"a":1,"b":{}}'
    expect(
      json.edit!(
        one,
        [
          { path: ['b', 'c'], value: 2 },
          { path: ['d'], value: [1] },
        ],
        options,
      ),
    ).toBe('{"a":1,"b":{"c": 2}, "d":[1]}')
    const many = '{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n'
    expect(json.edit!(many, [{ path: ['a', 'c'], value: { d: 1 } }], options)).toBe(
      '{\n\t"a": {\n\t\t"b": 1,\n\t\t"c": {\n\t\t\t"d": 1\n\t\t}\n\t}\n}\n',
    )
  })

  it('keeps comments beside and after what it adds and takes out', () => {
    const text = '{\n  "a": 1, // one\n  "b": 2 // two\n}\n'
    expect(jsonc.edit!(text, [{ path: ['c'], value: 3 }], options)).toBe(
      '{\n  "a": 1, // one\n  "b": 2, // two\n  "c": 3\n}\n',
    )
    expect(jsonc.edit!(text, [{ path: ['b'] }], options)).toBe('{\n  "a": 1 // one\n}\n')
    expect(jsonc.edit!(text, [{ path: ['a'] }, { path: ['b'] }], options)).toBe('{\n}\n')
  })

  it('keeps single quotes, bare keys and the last comma of JSON5', () => {
    const text = "{\n  a: 'x',\n}\n"
    const edits = [
      { path: ['a'], value: 'it\'s "q"' },
      { path: ['b'], value: 'y' },
      { path: ['c d'], value: 1 },
    ]
    expect(json5.edit!(text, edits, options)).toBe('{\n  a: \'it\\\'s "q"\',\n  b: "y",\n  "c d": 1,\n}\n')
  })
})

function outcome(run: () => unknown): { tree?: unknown; message?: string } {
  try {
    const tree = run()
    if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return {}
    return { tree: JSON.parse(JSON.stringify(tree)) }
  } catch (error) {
    return { message: String(error) }
  }
}
