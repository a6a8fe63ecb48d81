import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ini } from '../../src/format/ini.ts'
import { hasPython, options, python, read, refusal } from './support.ts'

describe('INI', () => {
  it('reads sections with dots and colons as one segment, and empty ones as empty', () => {
    expect(read(ini, '[a.b]\nc.d = 1\n[rpc:x]\n[DEFAULT]\nz = 2\n')).toEqual({
      'a.b': { 'c.d': '1' },
      'rpc:x': {},
      DEFAULT: { z: '2' },
    })
  })

  it('keeps #, ; and % in values and takes a key without = as null', () => {
    expect(read(ini, '[s]\na = x # y ; z\nb: %(c)s\nbare key\ne =\n')).toEqual({
      s: { a: 'x # y ; z', b: '%(c)s', 'bare key': null, e: '' },
    })
  })

  it('goes on over indented lines, past comments, and keeps empty lines only between', () => {
    expect(read(ini, '[s]\na =\n  one\n  # no\n\n  two = 2\n\n\nb = 1\n')).toEqual({
      s: { a: '\none\n\ntwo = 2', b: '1' },
    })
  })

  it('says where a second key stands and where the first one does', () => {
    const error = refusal(() => read(ini, '[server]\n\nport = 1\nhost = a\n  port = in the value\nport = 2\n'))
    expect(error.message).toBe('config/test.conf:6:1: duplicate key "port" in [server] (first at line 3)')
    expect(error).toMatchObject({ code: 'syntax', details: { file: 'config/test.conf', line: 6, column: 1 } })
  })

  it.each([
    ['a = 1\n', '1:1: a key before the first [section]'],
    ['[a]\n[b]\n[a]\n', '3:1: duplicate section [a] (first at line 1)'],
    ['[a]\n  = 1\n', '2:3: a value without a key'],
    ['[a]\nbare\n  more\n', '3:3: an indented line goes on a key that has no value'],
  ])('refuses %j with line and column', (text, message) => {
    expect(refusal(() => read(ini, text)).message).toContain(`config/test.conf:${message}`)
  })

  it('counts lines as editors do, whatever ends them', () => {
    expect(ini.parse('[a]\r\nb = 1\rc = 2\n  d\n e=3', options).positions).toEqual(
      new Map([
        ['a', { line: 1, column: 1 }],
        ['a.b', { line: 2, column: 1 }],
        ['a.c', { line: 3, column: 1 }],
      ]),
    )
  })

  it.each([
    [{ a: '1' }, 'a'],
    [{ a: { b: { c: '1' } } }, 'a.b'],
    [{ a: { b: ' padded' } }, 'a.b'],
    [{ a: { b: 'x\n# y' } }, 'a.b'],
    [{ a: { b: 'x\n' } }, 'a.b'],
    [{ a: { 'k=': 'x' } }, 'a."k="'],
    [{ a: { '[k]': 'x' } }, ''],
  ])('refuses to write %j, naming the path', (tree, path) => {
    const error = refusal(() => ini.render(tree))
    expect(error.code).toBe('unsupported')
    expect(error.message).toContain(path)
  })

  it('writes types as text and lists as JSON', () => {
    expect(ini.render({ a: { port: 1, on: true, list: [1, 'x'], none: null, long: '\none\n\ntwo' }, empty: {} })).toBe(
      '[a]\nport = 1\non = true\nlist = [1,"x"]\nnone\nlong =\n\tone\n\n\ttwo\n\n[empty]\n',
    )
  })

  it('keeps the comments between the lines of a value that changes', () => {
    const text = '[s]\naction = a\n         # first\n         b\n         ; second\n         c\n'
    expect(ini.edit!(text, [{ path: ['s', 'action'], value: 'a\nb\nd\ne' }], options)).toBe(
      '[s]\naction = a\n         # first\n         b\n         ; second\n         d\n         e\n',
    )
  })

  it('refuses an edit that INI cannot say, and names it', () => {
    const edit = (path: string[], value: string) => refusal(() => ini.edit!('[s]\na = 1\n', [{ path, value }], options))
    expect(edit(['s', 'a'], 'x\n# y')).toMatchObject({ code: 'unsupported', details: { what: 's.a' } })
    expect(edit(['s', 'a', 'b'], 'x')).toMatchObject({ code: 'unsupported' })
    expect(edit(['top'], 'x')).toMatchObject({ code: 'unsupported', details: { what: 'top' } })
  })
})

const CONFIGPARSER = `
import sys, json, io, configparser
def read(text):
    parser = configparser.RawConfigParser(strict=True, allow_no_value=True, default_section='\\0')
    parser.optionxform = str
    try:
        parser.read_file(io.StringIO(text, newline=None))
        return {'tree': {s: dict(parser.items(s)) for s in parser.sections()}}
    except Exception as error:
        return {'error': type(error).__name__}
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`

/** The one thing that `configparser` takes and Holdfast does not: a tab or worse within a name. */
const hasControlInKey = (tree: unknown): boolean =>
  typeof tree === 'object' &&
  tree !== null &&
  Object.entries(tree).some(([key, child]) => /[\u0001-\u001f\u007f-\u009f]/.test(key) || hasControlInKey(child))

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[a]\n',
        '[b.c]\n',
        '[d]x]\n',
        ' [e]\n',
        '[]\n',
        '[\n',
        'k = v\n',
        'l=1\n',
        'm: 2\n',
        'n\n',
        '  on\n',
        '\tmore = 1\n',
        '# c\n',
        '  ; c\n',
        '\n',
        '   \n',
        ' = x\n',
        'o =\n',
        'p = # y\n',
        '    deep\n',
        '[DEFAULT]\n',
      ),
      fc
        .array(
          fc.constantFrom(
            '[',
            ']',
            '=',
            ':',
            ' ',
            '\t',
            '#',
            ';',
            '%',
            'a',
            'key',
            'é',
            '\n',
            '\r\n',
            '\r',
            '\n  ',
            '\v',
            '\x1c',
            '\x85',
            '\xa0',
            '\u2028',
            '\ufeff',
            '\u3000',
            '-',
          ),
          { maxLength: 10 },
        )
        .map((some) => some.join('')),
    ),
    { maxLength: 14 },
  )
  .map((lines) => lines.join(''))
  .chain((text) => fc.constantFrom(text, `[s]\n${text}`, text.replaceAll('\n', '\r\n')))

describe('INI beside Python', () => {
  it.runIf(hasPython('configparser'))('reads what configparser reads and refuses what it refuses', () => {
    const texts = fc.sample(hostile, 6000).filter((text) => !text.startsWith('\ufeff'))
    const theirs = python<{ tree?: unknown; error?: string }[]>(CONFIGPARSER, texts)
    let agreed = 0
    for (const [i, text] of texts.entries()) {
      const ours = outcome(text)
      if (ours === undefined && hasControlInKey(theirs[i]!.tree)) continue
      expect({ text, tree: ours }).toEqual({ text, tree: theirs[i]!.tree })
      if (ours !== undefined) agreed++
    }
    expect(agreed).toBeGreaterThan(500)
  })

  it.runIf(hasPython('configparser'))('writes what configparser reads as the same', () => {
    const value = fc.oneof(fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/), fc.constant(''), fc.constant('\na\n\nb'))
    const trees = fc.sample(
      fc.dictionary(fc.stringMatching(/^[a-z.:_-]{1,8}$/), fc.dictionary(fc.stringMatching(/^[a-z._-]{1,8}$/), value)),
      500,
    )
    const theirs = python<{ tree?: unknown }[]>(
      CONFIGPARSER,
      trees.map((tree) => ini.render(tree)),
    )
    expect(theirs.map(({ tree }) => tree)).toEqual(trees)
  })
})

function outcome(text: string): unknown {
  try {
    return JSON.parse(JSON.stringify(read(ini, text)))
  } catch {
    return undefined
  }
}
