import { parse } from 'dotenv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dotenv } from '../../src/format/dotenv.ts'
import { options, read, refusal, text } from './support.ts'

const line = fc
  .array(
    fc.constantFrom(
      'A',
      'B',
      'C_1',
      'd.e',
      '=',
      ' = ',
      ': ',
      ':',
      "'",
      '"',
      '`',
      '\\',
      '\\n',
      '#',
      ' # c',
      ' ',
      '\t',
      'x',
      'export ',
      '$',
      '\\"',
      "\\'",
      '\r\n',
      '\n',
    ),
    { maxLength: 9 },
  )
  .map((some) => some.join(''))
const file = fc
  .array(
    fc.oneof(
      line,
      fc
        .tuple(fc.constantFrom('A', 'B', 'export C', 'D'), fc.constantFrom('=', ' = ', ': '), line)
        .map((some) => some.join('')),
    ),
    { maxLength: 5 },
  )
  .map((lines) => lines.join('\n'))

describe('dotenv', () => {
  it('reads what the npm package dotenv reads, or refuses', () => {
    let agreed = 0
    fc.assert(
      fc.property(file, (some) => {
        let ours: unknown
        try {
          ours = read(dotenv, some)
        } catch {
          return
        }
        expect({ some, tree: ours }).toEqual({ some, tree: parse(some) })
        agreed++
      }),
      { numRuns: 10_000 },
    )
    expect(agreed).toBeGreaterThan(500)
  })

  it('reads quotes over several lines, export and comments', () => {
    const some = '# top\nexport A=1 # one\nB="x # y\\nz"\nC=\'line\n\'\nD: e\nF=\n'
    expect(read(dotenv, some)).toEqual({ A: '1', B: 'x # y\nz', C: 'line\n', D: 'e', F: '' })
    expect(dotenv.parse(some, options).positions.get('A')).toEqual({ line: 2, column: 8 })
  })

  it.each([
    ['A=1\nB=2\nA=3\n', '3:1: duplicate key "A" (first at line 1)'],
    ['A=1\n  secret\n', '2:3: not a variable: NAME=value'],
    ['A B=1\n', '1:1: not a variable'],
  ])('refuses %j with line and column', (some, message) => {
    const error = refusal(() => read(dotenv, some))
    expect(error.message).toContain(`config/test.conf:${message}`)
    expect(error.message).not.toContain('secret')
  })

  it('reads back a flat tree of any text that some quotes can hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[\w.-]{1,6}$/), text), (some) => {
        let written: string
        try {
          written = dotenv.render(some)
        } catch (error) {
          expect(error).toMatchObject({ code: 'unsupported' })
          return
        }
        expect(read(dotenv, written)).toEqual(some)
        expect(parse(written)).toEqual(some)
      }),
    )
  })

  it('writes sections as SECTION_KEY, and refuses two keys of one name', () => {
    expect(
      dotenv.render({ server: { port: 1, 'log-level': 'a b' }, 'rpc:x': { on: true }, empty: {}, list: [1] }),
    ).toBe("SERVER_PORT=1\nSERVER_LOG_LEVEL='a b'\nRPC_X_ON=true\nlist='[1]'\n")
    const error = refusal(() => dotenv.render({ a: { 'b-c': 1, b: { c: 2 } } }))
    expect(error).toMatchObject({ code: 'unsupported', message: expect.stringContaining('A_B_C') })
    expect(refusal(() => dotenv.render({ a: { b: null } }))).toMatchObject({
      code: 'unsupported',
      details: { what: 'a.b' },
    })
  })
})
