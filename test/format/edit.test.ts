import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Format, FormatName } from '../../src/format/format.ts'
import { patched, valueAt, withValue } from '../../src/model/layer.ts'
import { printPath } from '../../src/model/path.ts'
import type { Value } from '../../src/model/value.ts'
import { all, joined, options, type Part, plainKey, read, shared } from './support.ts'

const sections = fc.uniqueArray(fc.tuple(plainKey, fc.uniqueArray(plainKey, { minLength: 1, maxLength: 4 })), {
  minLength: 1,
  maxLength: 4,
  selector: ([name]) => name,
})

type Sections = readonly (readonly [string, readonly string[]])[]
type Layout = (sections: Sections, pick: (among: readonly string[]) => string) => Part[]

const INI = [
  ' = v\n',
  '=v\n',
  ': v  \n',
  ' =\n\tone\n\n\ttwo\n',
  ' = a\n  b\n',
  '\n',
  ' =\n',
  ' = %(x)s ; not a comment\n',
]
const TOML = [
  ' = 1\n',
  '=1 # why\n',
  ' = "a # b"  # why\n',
  " = 'lit'\n",
  ' = [\n  1, # one\n  2,\n]\n',
  ' = 1.50\n',
  ' = 2026-01-01\n',
  ' = """\nlong\n"""\n',
  '.sub = true\n',
]
const YAML = [
  ': 1\n',
  ': v # why\n',
  ': "q"   # why\n',
  ": 'it''s'\n",
  ':\n',
  ': [1, 2] # why\n',
  ': |\n    long\n    text\n',
  ':\n    - 1\n    - 2\n',
  ': {a: 1}\n',
  ': >- # why\n    folded\n    text\n',
]
const JSONC = ['1', '"s"', '[1,\n  2]', '{"a": 1}', '{}', '  true ', 'null']

const LAYOUTS: Partial<Record<FormatName, Layout>> = {
  ini: (all, pick) =>
    all.flatMap(([name, keys]) => [
      { text: `[${name}]\n` },
      ...keys.flatMap((key) => [
        { text: pick(['', '\n', '# c\n', '; c\n\n']) },
        { path: [name, key], text: key + pick(INI) },
      ]),
    ]),
  toml: (all, pick) =>
    all.flatMap(([name, keys]) => [
      { text: `${pick(['', '\n', '# c\n'])}[${name}] # head\n` },
      ...keys.flatMap((key) => [
        { text: pick(['', '\n', '# c\n']) },
        tomlPart(name, key, pick(['', '  ']), pick(TOML)),
      ]),
    ]),
  yaml: (all, pick) =>
    all.flatMap(([name, keys]) => [
      { text: `${name}:${pick(['', ' # head'])}\n` },
      ...keys.flatMap((key) => [
        { text: pick(['', '\n', '  # c\n', '# c\n']) },
        { path: [name, key], text: `  ${key}${pick(YAML)}` },
      ]),
    ]),
  jsonc: (all, pick) => [
    { text: '{' },
    ...all.flatMap(([name, keys], i) => jsonParts(name, keys, pick, i === all.length - 1)),
    { text: '}\n' },
  ],
  properties: (all, pick) =>
    all.flatMap(([name, keys]) =>
      keys.flatMap((key) => [
        { text: pick(['', '\n', '# c\n', '! c\n']) },
        {
          path: [name, key],
          text: `${name}.${key}${pick(['=v\n', ' = v\n', ' v\n', ':a\\\n   b\n', '\n', '=\\u0041\n'])}`,
        },
      ]),
    ),
  env: (all, pick) =>
    all.flatMap(([name]) => [
      { text: pick(['', '\n', '# c\n']) },
      {
        path: [name],
        text: `${pick(['', 'export '])}${name}${pick(['=v\n', ' = v # why\n', "='a\nb'\n", '="q" # why\n', '=\n', ': v\n'])}`,
      },
    ]),
}

const tomlPart = (name: string, key: string, indent: string, rest: string): Part => ({
  path: rest.startsWith('.sub') ? [name, key, 'sub'] : [name, key],
  text: `${indent}${key}${rest}`,
})

function jsonParts(
  name: string,
  keys: readonly string[],
  pick: (among: readonly string[]) => string,
  isLast: boolean,
): Part[] {
  const gap = pick(['\n    ', '\n  // c\n    ', ' '])
  const inner = keys.flatMap((key, i): Part[] => [
    { text: gap },
    { path: [name, key], text: `"${key}":${pick(['', ' '])}${pick(JSONC)}` },
    { text: i < keys.length - 1 ? ',' : pick(['', ' /* end */']) },
  ])
  return [{ text: `\n  "${name}": {` }, ...inner, { text: `${pick(['\n  ', ' '])}}${isLast ? '\n' : ','}` }]
}

const style = fc.record({ crlf: fc.boolean(), open: fc.boolean() })

const documents = (layout: Layout) =>
  fc.tuple(sections, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), style).map(([all, picks, how]) => {
    let at = 0
    const pick = (among: readonly string[]): string => among[picks[at++ % picks.length]! % among.length]!
    const parts = joined(layout(all, pick), how)
    return { parts, text: parts.map((part) => part.text).join('') }
  })

const newValue: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom('new', '', 'yes', "it's", '"q"', 'a # b', 'x: y', '[z]', '1', '{a}', 'two words'),
  fc.integer(),
  fc.boolean(),
)

const asText = (format: Format, value: Value): Value => (format.isText ? String(value) : value)
const known = (parts: readonly Part[]): Part[] => parts.filter(({ path }) => path)
const formats = await all(Object.keys(LAYOUTS) as FormatName[])

describe.each(formats.map((format) => [format.name, format] as const))('editing %s', (name, format) => {
  const documentOf = documents(LAYOUTS[name]!)
  const runs = { numRuns: name === 'yaml' ? 150 : 300 }

  it('changes one value and no byte outside that key', () => {
    fc.assert(
      fc.property(documentOf, fc.nat(), newValue, ({ parts, text }, n, value) => {
        const target = known(parts)[n % known(parts).length]!
        const after = format.edit!(text, [{ path: target.path!, value }], options)
        expect(read(format, after)).toEqual(withValue(read(format, text), target.path!, asText(format, value)))
        const at = parts
          .slice(0, parts.indexOf(target))
          .map((part) => part.text)
          .join('').length
        expect(after.slice(0, at)).toBe(text.slice(0, at))
        const rest = text.slice(at + target.text.length)
        expect(after.slice(after.length - rest.length)).toBe(rest)
      }),
      runs,
    )
  })

  it('takes one key out and leaves every line of the others', () => {
    fc.assert(
      fc.property(documentOf, fc.nat(), ({ parts, text }, n) => {
        const target = known(parts)[n % known(parts).length]!
        const after = format.edit!(text, [{ path: target.path! }], options)
        const without = patched(read(format, text), [{ path: target.path! }])
        expect(prune(read(format, after))).toEqual(prune(without!))
        for (const line of linesOf(text)) if (/^\s*(#|;|!|\/\/)/.test(line)) expect(after).toContain(line.trim())
        if (name === 'jsonc' || name === 'yaml') return
        const others = parts
          .filter((part) => part !== target)
          .map((part) => part.text)
          .join('')
        expect(after).toBe(others)
      }),
      runs,
    )
  })

  it('adds one key beside its neighbours and changes no byte that was there', () => {
    fc.assert(
      fc.property(documentOf, fc.nat(), newValue, ({ parts, text }, n, value) => {
        const target = known(parts)[n % known(parts).length]!
        const path = [...target.path!.slice(0, -1), 'zz-new']
        const after = format.edit!(text, [{ path, value }], options)
        expect(read(format, after)).toEqual(withValue(read(format, text), path, asText(format, value)))
        expect(shared(text, name === 'jsonc' ? withoutComma(after) : after)).toBe(text.length)
      }),
      runs,
    )
  })

  it.skipIf(name === 'env')('adds a whole section and changes no byte that was there', () => {
    fc.assert(
      fc.property(documentOf, newValue, ({ text }, value) => {
        const section = { 'zz-a': value, 'zz-b': 'x' }
        const after = format.edit!(text, [{ path: ['zz-section'], value: section }], options)
        const wanted = { 'zz-a': asText(format, value), 'zz-b': 'x' }
        expect(read(format, after)).toEqual(withValue(read(format, text), ['zz-section'], wanted))
        expect(shared(text, name === 'jsonc' ? withoutComma(after) : after)).toBe(text.length)
      }),
      runs,
    )
  })

  it('makes many edits at once as it makes them one by one', () => {
    fc.assert(
      fc.property(
        documentOf,
        fc.array(fc.tuple(fc.nat(), fc.option(newValue, { nil: undefined })), { maxLength: 5 }),
        ({ parts, text }, some) => {
          const edits = some.map(([n, value]) => {
            const path = known(parts)[n % known(parts).length]!.path!
            return value === undefined ? { path } : { path, value }
          })
          const atOnce = format.edit!(text, edits, options)
          const oneByOne = edits.reduce((now, edit) => format.edit!(now, [edit], options), text)
          expect(prune(read(format, atOnce))).toEqual(prune(read(format, oneByOne)))
        },
      ),
      { numRuns: name === 'yaml' ? 60 : 150 },
    )
  })

  it('gives the same text back for an edit that changes nothing', () => {
    fc.assert(
      fc.property(documentOf, ({ parts, text }) => {
        const before = read(format, text)
        const edits = known(parts).map(({ path }) => ({ path: path!, value: valueAt(before, path!)! }))
        expect(format.edit!(text, edits, options), edits.map(({ path }) => printPath(path)).join()).toBe(text)
      }),
      { numRuns: 50 },
    )
  })
})

const linesOf = (text: string): string[] => text.split(/\r?\n/)
/** JSON needs a comma after what was the last member. */
const withoutComma = (text: string): string => {
  const added = text.lastIndexOf('"zz-')
  const comma = text.slice(0, added).search(/,(?=[^,]*$)/)
  return text.slice(0, comma) + text.slice(comma + 1)
}

/** Without the objects that lost their last key. */
function prune(value: Value): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const kept = Object.entries(value).map(([key, child]) => [key, prune(child)] as const)
  return Object.fromEntries(kept.filter(([, child]) => JSON.stringify(child) !== '{}'))
}
