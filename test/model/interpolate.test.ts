// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what is tested
import { describe, expect, it } from 'vitest'
import { interpolate } from '../../src/model/interpolate.ts'

const lookup = (variables: Record<string, string>, values: Record<string, string> = {}) => ({
  variable: (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
  value: (path: string) => (Object.hasOwn(values, path) ? values[path] : undefined),
})

const given = lookup(
  { HOST: 'db1', EMPTY: '', NESTED: '${HOST}' },
  { 'db.host': 'db2', 'db.url': 'pg://${db.host}/${HOST}', 'db.empty': '' },
)

describe('references', () => {
  it.each([
    ['plain', 'plain'],
    ['$HOST and $ and {HOST}', '$HOST and $ and {HOST}'],
    ['${HOST}', 'db1'],
    ['a${HOST}b${HOST}c', 'adb1bdb1c'],
    ['${NONE:-x}', 'x'],
    ['${NONE:-}', ''],
    ['${NONE:-a:-b}', 'a:-b'],
    ['${EMPTY:-x}', 'x'],
    ['${EMPTY}', ''],
    ['${HOST:-x}', 'db1'],
    ['${db.host}', 'db2'],
    ['${db.url}', 'pg://db2/db1'],
    ['${db.none:-x}', 'x'],
    ['${db.empty:-x}', ''],
    ['$${HOST}', '${HOST}'],
    ['$${', '${'],
    ['$$${HOST}', '$${HOST}'],
    ['${NESTED}', '${HOST}'],
    ['${', '${'],
    ['${a', '${a'],
  ])('in %j give %j', (text, resolved) => {
    expect(interpolate(text, given)).toBe(resolved)
  })

  it('without an answer are refused, naming what is missing', () => {
    expect(() => interpolate('${NONE}', given)).toThrow(
      expect.objectContaining({
        code: 'not-found',
        details: { what: 'NONE' },
        message: expect.stringContaining('${NONE}'),
      }),
    )
    expect(() => interpolate('${db.none}', given)).toThrow(expect.objectContaining({ code: 'not-found' }))
    expect(() => interpolate('${}', given)).toThrow(expect.objectContaining({ code: 'not-found' }))
  })

  it('in a circle are refused', () => {
    const circle = lookup({}, { 'a.a': '${a.b}', 'a.b': '${a.a}', 'a.c': 'x${a.c}' })
    expect(() => interpolate('${a.a}', circle)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(() => interpolate('${a.c}', circle)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('that double at each level are refused before they fill the memory', () => {
    const bomb = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`b.l${i + 1}`, `\${b.l${i}}`.repeat(10)]))
    expect(() => interpolate('${b.l14}', lookup({}, { ...bomb, 'b.l0': 'boom' }))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    )
  })

  it('that double at each level and say nothing are refused before they fill the time', () => {
    const bomb = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`b.l${i + 1}`, `\${b.l${i}}`.repeat(10)]))
    expect(() => interpolate('${b.l14}', lookup({}, { ...bomb, 'b.l0': '' }))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    )
  })

  it('nest as deep as people do', () => {
    const chain = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`c.l${i + 1}`, `\${c.l${i}}`]))
    expect(interpolate('${c.l10}', lookup({}, { ...chain, 'c.l0': 'end' }))).toBe('end')
  })
})
