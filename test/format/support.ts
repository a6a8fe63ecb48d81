import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import type { Format, FormatName } from '../../src/format/format.ts'
import { loadFormat } from '../../src/format/load.ts'
import { HoldfastError } from '../../src/model/errors.ts'
import { LIMITS } from '../../src/model/limits.ts'
import type { Tree, Value } from '../../src/model/value.ts'

export const options = { file: 'config/test.conf', limits: LIMITS }

export const read = (format: Format, text: string): Tree => format.parse(text, options).tree

/** The refusal that `run` ends in; anything else is a failure of the test. */
export function refusal(run: () => unknown): HoldfastError {
  try {
    run()
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

export const all = async (names: readonly FormatName[]): Promise<Format[]> => Promise.all(names.map(loadFormat))

/** `python3` that has `modules`; tests that compare with it say so when it is not there. */
export const hasPython = (...modules: string[]): boolean =>
  spawnSync('python3', ['-c', `import json, ${['sys', ...modules].join(', ')}`]).status === 0

/** Runs one Python process over all cases: JSON in, JSON out. */
export function python<Out>(script: string, cases: unknown): Out {
  const out = execFileSync('python3', ['-X', 'utf8', '-c', script], {
    input: JSON.stringify(cases),
    maxBuffer: 2 ** 28,
  })
  return JSON.parse(out.toString('utf8')) as Out
}

const FORBIDDEN = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '<<',
  'null',
  'true',
  '1.10',
  '10',
  '2',
  'é',
  '日本',
]

/** Keys that a careless parser stumbles over. */
export const key = fc.oneof(
  fc.constantFrom(...FORBIDDEN),
  fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/),
  fc.stringMatching(/^[a-z][a-z .:/=#;'"-]{0,8}[a-z]$/),
)

export const plainKey = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype'),
  fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/),
)

/** Text without NUL and without halves of surrogate pairs. */
export const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((value) => value.replaceAll('\0', '').toWellFormed()),
  fc.constantFrom(
    '',
    ' ',
    'yes',
    'no',
    'null',
    '~',
    '1',
    '1.0',
    '0x10',
    '1e3',
    '2026-01-01',
    '- a',
    'a: b',
    'a #b',
    '#',
    "it's",
    '"q"',
    '`',
    '\\',
    'a\\',
    '\\n',
    'a\nb',
    'a\n',
    '\na',
    'a\r\nb',
    '\t',
    '%(x)s',
    '[a]',
    '{a}',
    '<<',
    '---',
    '...',
    '!x',
    '&x',
    '*x',
    '|',
    '>',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\x7f',
    '=',
    ' = ',
  ),
)

const scalar: fc.Arbitrary<Value> = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.boolean(),
)

const { value } = fc.letrec<{ value: Value; tree: Tree }>((tie) => ({
  tree: fc.dictionary(key, tie('value'), { maxKeys: 4 }) as fc.Arbitrary<Tree>,
  value: fc.oneof({ maxDepth: 3, depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 3 }), tie('tree')),
}))

export const leaf: fc.Arbitrary<Value> = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }))

/** A tree of anything JSON has but `null`. */
export const tree: fc.Arbitrary<Tree> = fc.dictionary(key, value, { maxKeys: 5 }) as fc.Arbitrary<Tree>

/** A part of a text and the path it belongs to; a part of no path is a comment or a header. */
export interface Part {
  readonly path?: readonly string[]
  readonly text: string
}

/** The parts as one text, in either line ending, with or without the last one. */
export const joined = (parts: readonly Part[], style: { crlf: boolean; open: boolean }): Part[] => {
  const ended = parts.map((part) => ({ ...part, text: style.crlf ? part.text.replaceAll('\n', '\r\n') : part.text }))
  const last = ended.at(-1)
  return style.open && last ? [...ended.slice(0, -1), { ...last, text: last.text.replace(/\r?\n$/, '') }] : ended
}

/** How many characters two texts share at both ends. */
export function shared(before: string, after: string): number {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail++
  return head + tail
}
