import fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { toml } from '../../src/format/toml.ts'
import { hasPython, options, python, read, refusal, tree } from './support.ts'

describe('TOML', () => {
  it('reads all that TOML has, dates as written', () => {
    const text = `
a.b = 'lit\\'
"q.k".c = "\\u0041\\t\\U0001F600"
int = [1_000, 0xff, 0o17, 0b11, +5, -0]
float = [1.5, 1e3, -0.5E-2]
date = [1979-05-27, 07:32:00, 1979-05-27 07:32:00.5, 1979-05-27t07:32:00+01:00] # when
long = """
one \\
   two"""
raw = '''
x\\y'''''
in = { x = 1, y.z = [true, { w = false }] }
[t.u]
[[t.arr]]
n = 1
[t.arr.sub]
s = 1
[[t.arr]]
[t]
k = 2
`
    expect(read(toml, text)).toEqual({
      a: { b: 'lit\\' },
      'q.k': { c: 'A\t😀' },
      int: [1000, 255, 15, 3, 5, 0],
      float: [1.5, 1000, -0.005],
      date: ['1979-05-27', '07:32:00', '1979-05-27 07:32:00.5', '1979-05-27t07:32:00+01:00'],
      long: 'one two',
      raw: "x\\y''",
      in: { x: 1, y: { z: [true, { w: false }] } },
      t: { u: {}, arr: [{ n: 1, sub: { s: 1 } }, {}], k: 2 },
    })
  })

  it('reads line ends in long strings as LF whatever the file has', () => {
    expect(read(toml, 'a = """\r\nx\r\ny"""\r\n')).toEqual({ a: 'x\ny' })
  })

  it.each([
    ['a = 1\na = 2\n', '2:1: a key or table that is defined already'],
    ['[a]\n[a]\n', '2:2: a key or table that is defined already'],
    ['a = 9007199254740993\n', '1:5: an integer beyond 2^53'],
    ['a = [1, inf]\n', '1:9: a number that is not finite'],
    ['\n  a = nan\n', '2:7: a number that is not finite'],
    ['a = "secret\n', '1:12: a control character'],
    ['a = secret\n', '1:5: not a value'],
    ['a = "\\u0000"\n', '1:5: a NUL character'],
  ])('refuses %j with line and column, quoting nothing', (text, message) => {
    const error = refusal(() => read(toml, text))
    expect(error.message).toContain(`config/test.conf:${message}`)
    expect(error.message).not.toContain('secret')
    expect(error.cause).toBeUndefined()
  })

  it('refuses null, naming the path', () => {
    expect(refusal(() => toml.render({ a: { b: null } }))).toMatchObject({
      code: 'unsupported',
      details: { what: 'a.b' },
    })
  })

  it('keeps a date a date, a float a float, literal quotes and the layout of an array', () => {
    const text = "d = 2026-01-01 # when\nf = 1.0\nq = 'a' # why\nl = [\n    1, # one\n]\n"
    const edits = [
      { path: ['d'], value: '2026-02-02' },
      { path: ['f'], value: 2 },
      { path: ['q'], value: 'C:\\x' },
      { path: ['l'], value: [3, 4] },
    ]
    expect(toml.edit!(text, edits, options)).toBe(
      "d = 2026-02-02 # when\nf = 2.0\nq = 'C:\\x' # why\nl = [\n    3,\n    4,\n]\n",
    )
  })

  it('adds to tables that dotted keys, inline tables and headers made', () => {
    const text = '# top\na.b = 1\ni = { x = 1 }\ne = {}\n\n# about t\n[t.u]\n'
    const edits = [['a', 'c'], ['i', 'y'], ['e', 'z'], ['t', 'k'], ['t', 'u', 'v'], ['n']].map((path) => ({
      path,
      value: 7,
    }))
    expect(toml.edit!(text, edits, options)).toBe(
      '# top\na.b = 1\na.c = 7\ni = { x = 1, y = 7 }\ne = { z = 7 }\nn = 7\n\n# about t\n[t.u]\nv = 7\n\n[t]\nk = 7\n',
    )
  })

  it('puts the first key outside any table above the first table and its comment', () => {
    expect(toml.edit!('# top\n\n# about t\n[t]\n', [{ path: ['n'], value: 1 }], options)).toBe(
      '# top\n\nn = 1\n\n# about t\n[t]\n',
    )
  })

  it('takes a table out with all that is below it', () => {
    const text = '[a]\nx = 1\n[b]\ny = 2\n[a.c]\nz = 3\n[[a.d]]\n# keep\n[e]\n'
    expect(toml.edit!(text, [{ path: ['a'] }], options)).toBe('[b]\ny = 2\n# keep\n[e]\n')
  })

  it('refuses to edit within an array of tables', () => {
    const edit = () => toml.edit!('[[a]]\nx = 1\n', [{ path: ['a'], value: [1] }], options)
    expect(refusal(edit)).toMatchObject({ code: 'unsupported', details: { what: 'a' } })
  })

  it('agrees with smol-toml on every tree it writes', () => {
    fc.assert(
      fc.property(tree, (some) => {
        expect(plain(parse(toml.render(some)))).toEqual(some)
      }),
      { numRuns: 300 },
    )
  })
})

const TOMLLIB = `
import sys, json, tomllib, math, datetime
def plain(value):
    if isinstance(value, dict): return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list): return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value): raise OverflowError()
    if isinstance(value, int) and abs(value) > 2**53: raise OverflowError()
    if isinstance(value, (datetime.date, datetime.time, datetime.datetime)): return value.isoformat()
    return value
def read(text):
    try:
        return {'tree': plain(tomllib.loads(text))}
    except Exception as error:
        return {'error': type(error).__name__}
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`

const tomlKey = fc.constantFrom('a', 'b', 'a.b', 'a . "c d"', "'l'.x", '"\\u0061"', '1', 'c', '__proto__', '"".x')
const tomlValue = fc.constantFrom(
  '1',
  '"s"',
  "'l'",
  '"""x\ny"""',
  "'''\nz'''",
  '"""a""""',
  '[1, 2,]',
  '[[], {}]',
  '{ x = 1 }',
  '{ a.b = 1, a.c = "}" }',
  '1.5',
  'true',
  '0x1F',
  '1_0',
  '2026-01-01',
  '07:32:00',
  '"\\\\ \\" # \\t"',
  '"""\\\n   q"""',
  '[ # c\n 1, # d\n]',
  '01',
  '1__0',
  '"',
  '[1',
  '+1',
  '-0.0',
  '1e6',
  '1.',
  '.5',
  'tru',
)
const tomlText = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(tomlKey, fc.constantFrom('=', ' = ', '\t= '), tomlValue, fc.constantFrom('', ' # c', '  '))
          .map((some) => some.join('')),
      },
      { weight: 2, arbitrary: fc.tuple(tomlKey, fc.constantFrom('', ' # c')).map(([key, end]) => `[${key}]${end}`) },
      { weight: 1, arbitrary: tomlKey.map((key) => `[[ ${key} ]]`) },
      fc.constantFrom('', '# comment', '  \t', '[', 'a', '= 1'),
    ),
    { maxLength: 7 },
  )
  .chain((lines) => fc.constantFrom(lines.join('\n'), `${lines.join('\r\n')}\r\n`))

describe('TOML beside Python', () => {
  it.runIf(hasPython('tomllib'))('reads what tomllib reads and refuses what it refuses', () => {
    const texts = fc.sample(tomlText, 5000)
    const theirs = python<{ tree?: unknown; error?: string }[]>(TOMLLIB, texts)
    let agreed = 0
    for (const [i, text] of texts.entries()) {
      const ours = outcome(text)
      expect({ text, tree: ours }).toEqual({ text, tree: theirs[i]!.tree && plain(theirs[i]!.tree) })
      if (ours !== undefined) agreed++
    }
    expect(agreed).toBeGreaterThan(500)
  })

  it.runIf(hasPython('tomllib'))('writes what tomllib reads as the same', () => {
    const trees = fc.sample(tree, 300)
    const theirs = python<{ tree?: unknown }[]>(
      TOMLLIB.replace('abs(value) > 2**53', 'False'),
      trees.map((some) => toml.render(some)),
    )
    expect(theirs.map(({ tree }) => tree)).toEqual(trees)
  })
})

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

function outcome(text: string): unknown {
  try {
    return plain(read(toml, text))
  } catch {
    return undefined
  }
}
