import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { yaml } from '../../src/format/yaml.ts'
import { hasPython, options, python, read, refusal, tree } from './support.ts'

const edit = (text: string, path: string[], value?: unknown): string =>
  yaml.edit!(text, [value === undefined ? { path } : { path, value: value as string }], options)

describe('YAML', () => {
  it('reads the core schema of YAML 1.2: yes is text, keys are text as written', () => {
    expect(read(yaml, 'a: yes\nb: 0o17\nc: ~\nd: 2026-01-01\n1.10: x\ntrue: y\n0x10: z\n')).toEqual({
      a: 'yes',
      b: 15,
      c: null,
      d: '2026-01-01',
      '1.10': 'x',
      true: 'y',
      '0x10': 'z',
    })
  })

  it.each(['', '\n', '# only a comment\n', '---\n', '--- # nothing\n...\n'])(
    'reads %j as an empty configuration',
    (text) => {
      expect(read(yaml, text)).toEqual({})
    },
  )

  it('writes aliases out and merges what a bare << brings below the own keys', () => {
    const text =
      'base: &b {x: 1, y: {z: 2}}\nother: &o\n  x: 9\n  w: 3\na: *b\nc:\n  <<: [*b, *o]\n  y: 4\n"<<": text\n'
    expect(read(yaml, text)).toMatchObject({ a: { x: 1, y: { z: 2 } }, c: { x: 1, w: 3, y: 4 }, '<<': 'text' })
    expect(yaml.parse(text, options).positions.get('c.w')).toEqual({ line: 7, column: 3 })
  })

  it.each([
    ['a: 1\na: 2\n', '2:1: duplicate key "a" (first at line 1)'],
    ['a: 1\n---\nb: 2\n', '2:1: a second document'],
    ['- 1\n', '1:1: the top of a configuration must be a mapping'],
    ['a: .inf\n', '1:4: a number that is not finite'],
    ['a: [1, .nan]\n', '1:8: a number that is not finite'],
    ['a: 9007199254740993\n', '1:4: an integer beyond 2^53'],
    ['a: !!binary aGk=\n', '1:4: a tag that JSON has no word for'],
    ['a: !secret hunter2\n', '1:4: a tag that JSON has no word for'],
    ['? [a]\n: 1\n', '1:3: a key that is not text'],
    ['a: *gone\n', '1:4: an alias of an anchor that does not stand before it'],
    ['a: &x [*x]\n', '1:8: an alias of an anchor that does not stand before it'],
    ['a: "hunter2\n', '2:1: something is missing here'],
    ['a:\n\tb: 1\n', '2:1: a tab as indentation'],
    ['a: "\\0"\n', '1:4: a NUL character'],
    ['a: 1\rb: 2\n', '1:5: a carriage return without a line feed'],
    ['<<: 1\n', '1:1: a merge (<<) of something that is not a mapping'],
  ])('refuses %j with line and column, quoting nothing', (text, message) => {
    const error = refusal(() => read(yaml, text))
    expect(error.code).toBe('syntax')
    expect(error.message).toContain(`config/test.conf:${message}`)
    expect(error.message).not.toContain('hunter2')
    expect(error.cause).toBeUndefined()
  })

  it('quotes what an older reader would take for a boolean', () => {
    expect(yaml.render({ a: 'no', b: 'on', c: '12:30', d: 'x' })).toBe('a: "no"\nb: "on"\nc: "12:30"\nd: x\n')
  })

  it('keeps quotes, comments and layout of a value that changes', () => {
    const text = 'a: \'x\' # one\nb: "y"   # two\nc: z # three\nd: [1, 2] # four\n'
    const edits = ['a', 'b', 'c', 'd'].map((key) => ({ path: [key], value: "it's" }))
    expect(yaml.edit!(text, edits, options)).toBe(
      "a: 'it''s' # one\nb: \"it's\"   # two\nc: it's # three\nd: it's # four\n",
    )
  })

  it('writes a block for a block', () => {
    const text = 'a:\n    k: |- # why\n        one\n        two\n    l:\n    - 1 # c\n    - 2\n\n# end\n'
    expect(edit(text, ['a', 'k'], 'x\ny')).toBe(
      'a:\n    k: |-\n        x\n        y\n    l:\n    - 1 # c\n    - 2\n\n# end\n',
    )
    expect(edit(text, ['a', 'k'], 'x')).toBe('a:\n    k: x # why\n    l:\n    - 1 # c\n    - 2\n\n# end\n')
    expect(edit(text, ['a', 'l'], ['q'])).toBe(
      'a:\n    k: |- # why\n        one\n        two\n    l:\n    - q\n\n# end\n',
    )
    expect(edit(text, ['a', 'l'], [])).toBe('a:\n    k: |- # why\n        one\n        two\n    l: []\n\n# end\n')
  })

  it('leaves {} where the last key of a mapping goes, and fills it again', () => {
    const empty = edit('a:\n  b: 1 # x\nc: 2\n', ['a', 'b'])
    expect(empty).toBe('a: {}\nc: 2\n')
    expect(edit(empty, ['a', 'b'], 1)).toBe('a: {b: 1}\nc: 2\n')
  })

  it('starts a file that says nothing yet', () => {
    expect(edit('# mine\n', ['a'], { b: 'no' })).toBe('# mine\na:\n  b: "no"\n')
  })

  it('refuses to change a value that an alias repeats, and overrides a merged key in place', () => {
    const text = 'a: &x\n  k: 1\nb: *x\nc:\n  <<: *x\n  own: 1\n'
    expect(refusal(() => edit(text, ['a', 'k'], 2))).toMatchObject({ code: 'unsupported', details: { what: 'a.k' } })
    expect(refusal(() => edit(text, ['b', 'k'], 2))).toMatchObject({ code: 'unsupported' })
    expect(edit(text, ['c', 'k'], 2)).toBe(`${text}  k: 2\n`)
    expect(edit(text, ['b'], 2)).toBe(text.replace('b: *x', 'b: 2'))
  })

  it.runIf(hasPython('yaml'))('writes what PyYAML reads as the same', () => {
    const trees = fc.sample(tree, 200).filter((some) => !/\de[+-]?\d/.test(JSON.stringify(some)))
    const script = 'import sys, json, yaml\njson.dump([yaml.safe_load(t) for t in json.load(sys.stdin)], sys.stdout)'
    expect(
      python(
        script,
        trees.map((some) => yaml.render(some)),
      ),
    ).toEqual(trees)
  })
})
