import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { table } from '../../src/cli/table.ts'
import { ellipsise, visible, widthOf } from '../../src/cli/text.ts'

const plain = { paintTitle: (text: string) => text }

describe('what is printed for people', () => {
  it('shows control characters, direction overrides and invisible ones as escapes', () => {
    expect(visible('\u001b[2J\r\n\u202egnp.exe\u200b\u009b')).toBe('\\e[2J\\r\\n\\u202egnp.exe\\u200b\\x9b')
    expect(visible('grüße 日本 🙂')).toBe('grüße 日本 🙂')
  })

  it('cuts in the middle and never exceeds the width, wide characters counted double', () => {
    expect(ellipsise('abcdefghij', 7)).toBe('abc…hij')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(widthOf(ellipsise(visible(text), width))).toBeLessThanOrEqual(width)
      }),
    )
  })

  it('keeps a table within its width and its columns aligned, whatever the cells hold', () => {
    const columns = [
      { title: 'A', least: 4 },
      { title: 'B', least: 4 },
      { title: 'C', isRight: true },
      { title: 'D', least: 4 },
    ]
    const row = fc.tuple(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.integer({ min: 0, max: 9999 }).map(String),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
        const lines = table(columns, rows, { ...plain, room: 40 })
        expect(lines).toHaveLength(rows.length + 1)
        for (const line of lines) {
          expect(widthOf(line)).toBeLessThanOrEqual(40)
          expect(line).toBe(visible(line))
        }
      }),
    )
  })

  it('squeezes the widest column first', () => {
    const lines = table(
      [
        { title: 'KEY', least: 3 },
        { title: 'VALUE', least: 5 },
      ],
      [['port', 'x'.repeat(60)]],
      { ...plain, room: 20 },
    )
    expect(lines).toEqual(['KEY   VALUE', `port  ${'x'.repeat(7)}…${'x'.repeat(6)}`])
  })
})
