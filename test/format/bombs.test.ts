import { describe, expect, it } from 'vitest'
import type { FormatName } from '../../src/format/format.ts'
import { loadFormat } from '../../src/format/load.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { options } from './support.ts'

const N = 30_000
const many = (write: (i: number) => string, n = N): string => Array.from({ length: n }, (_, i) => write(i)).join('')
const laughs = (write: (i: number) => string): string =>
  `a0: &a0 [lol, lol]\n${Array.from({ length: 30 }, (_, i) => write(i + 1)).join('\n')}\n`

/** What each text must end in: a refusal of this code, or `read`. */
const BOMBS: readonly (readonly [FormatName, string, string, 'read' | 'syntax' | 'too-large'])[] = [
  ['json', 'brackets', `{"a":${'['.repeat(N)}`, 'too-large'],
  ['json', 'objects', '{"a":'.repeat(N), 'too-large'],
  ['json5', 'comments', `{${'/*x*/'.repeat(N)}}`, 'read'],
  ['json5', 'slashes', `{a:1}${'/'.repeat(N)}`, 'read'],
  ['jsonc', 'open comment', `{"a":1}${'/* '.repeat(N)}`, 'syntax'],
  ['json', 'digits', `{"a":${'9'.repeat(N)}}`, 'syntax'],
  ['json', 'one key many times', `{${'"a":1,'.repeat(N)}}`, 'syntax'],
  ['json', 'many keys', `{${many((i) => `"k${i}":${i},`)}"z":1}`, 'read'],
  ['toml', 'brackets', `a=${'['.repeat(N)}`, 'too-large'],
  ['toml', 'inline tables', 'a={b='.repeat(N), 'syntax'],
  ['toml', 'dotted key', `${'a.'.repeat(N)}b=1`, 'too-large'],
  ['toml', 'dotted header', `[${'a.'.repeat(N)}b]`, 'too-large'],
  ['toml', 'digits', `a=${'9'.repeat(N)}`, 'syntax'],
  ['toml', 'many tables', many((i) => `[t${i}]\nx=1\n`, 30_000), 'read'],
  ['toml', 'many elements', many((i) => `[[t]]\nx=${i}\n`, 30_000), 'read'],
  ['toml', 'long paths', `[${'kkkkkkkkkk.'.repeat(30)}z]\n${many((i) => `k${i}=1\n`)}`, 'read'],
  ['yaml', 'brackets', `a: ${'['.repeat(N)}`, 'too-large'],
  ['yaml', 'braces', `a: ${'{a: '.repeat(N)}`, 'too-large'],
  ['yaml', 'dashes', `a:\n  ${'- '.repeat(N)}`, 'too-large'],
  ['yaml', 'questions', '? '.repeat(N), 'too-large'],
  ['yaml', 'steps', many((i) => `${' '.repeat(i)}a:\n`, 1000), 'too-large'],
  ['yaml', 'laughs', laughs((i) => `a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`), 'too-large'],
  ['yaml', 'laughing maps', laughs((i) => `a${i}: &a${i} {x: *a${i - 1}, y: *a${i - 1}}`), 'too-large'],
  [
    'yaml',
    'laughing merges',
    `a: &a {${many((i) => `k${i}: 1, `, 10_000)}}\n${many((i) => `m${i}: {<<: *a}\n`, 1000)}`,
    'too-large',
  ],
  ['yaml', 'a long text repeated', `a: &a ${'x'.repeat(1_000_000)}\nb: [${'*a, '.repeat(1000)}]`, 'too-large'],
  ['yaml', 'many aliases', `a: &a 1\n${many((i) => `k${i}: *a\n`, 20_000)}`, 'read'],
  ['yaml', 'many keys', many((i) => `k${i}: v\n`, 20_000), 'read'],
  ['yaml', 'many items', `a: [${'1,'.repeat(N)}]`, 'read'],
  ['yaml', 'more items than memory', `a: [${'1,'.repeat(700_000)}]`, 'too-large'],
  ['yaml', 'tags', '!a '.repeat(N), 'syntax'],
  ['yaml', 'documents', '---\n'.repeat(N), 'syntax'],
  ['yaml', 'directives', '%YAML 1.2\n'.repeat(10_000), 'syntax'],
  ['ini', 'blank lines', '[a]\nk = v\n'.concat('\n'.repeat(1_000_000)), 'read'],
  ['ini', 'blanks', `[a]\nk${' '.repeat(1_000_000)}= v`, 'read'],
  ['ini', 'continuations', `[a]\nk =\n${' x\n'.repeat(200_000)}`, 'read'],
  ['ini', 'brackets', `${'['.repeat(N)}\n`, 'syntax'],
  ['ini', 'one long line', `[a]\nk = ${'x'.repeat(8_000_000)}`, 'read'],
  ['ini', 'many keys', `[a]\n${many((i) => `k${i} = ${i}\n`)}`, 'read'],
  ['env', 'blank lines', '\n'.repeat(1_000_000), 'read'],
  ['env', 'blanks', ' '.repeat(1_000_000), 'read'],
  ['env', 'open quotes', many((i) => `K${i}="\n`, 30_000), 'read'],
  ['env', 'escaped quotes', `A="${'\\" '.repeat(200_000)}`, 'read'],
  ['env', 'exports', 'export '.repeat(N), 'syntax'],
  ['properties', 'continuations', `a=${'\\\n'.repeat(200_000)}`, 'read'],
  ['properties', 'backslashes', `a=${'\\'.repeat(1_000_001)}`, 'read'],
  ['properties', 'dots', `${'a.'.repeat(N)}b=1`, 'too-large'],
  ['properties', 'many keys', many((i) => `a.b.k${i}=1\n`), 'read'],
]

describe('a hostile text', () => {
  it.each(BOMBS)(
    '%s: %s is read or refused, which superlinear work would not be before the time of the test is up',
    async (name, _, text, end) => {
      const format = await loadFormat(name)
      let found: string = 'read'
      try {
        format.parse(text, options)
      } catch (error) {
        expect(error).toBeInstanceOf(HoldfastError)
        found = (error as HoldfastError).code
        expect((error as HoldfastError).message.length).toBeLessThan(500)
      }
      expect(found).toBe(end)
    },
    60_000,
  )
})
