import type { Tree, Value } from '../model/value.ts'
import type { SourceText } from './source-text.ts'

/** One line of a value: `from` and `to` hold its text without blanks around it; equal where the line is empty. */
export interface IniLine {
  readonly from: number
  readonly to: number
}

export interface IniEntry {
  readonly key: string
  readonly from: number
  readonly keyEnd: number
  /** Where `=` or `:` stands; `undefined` for a key without a value. */
  readonly delimiter: number | undefined
  /** The value's lines, first the one beside the key, without the empty ones at its end. */
  readonly lines: IniLine[]
}

export interface IniSection {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly entries: Map<string, IniEntry>
}

export type IniOutline = ReadonlyMap<string, IniSection>

/**
 * Reads what Python's `configparser` reads with `RawConfigParser(strict=True, allow_no_value=True)`, names kept as written and
 * `[DEFAULT]` an ordinary section: `=` or `:`, whole-line comments, and values that go on over deeper indented lines.
 */
export function readIni(source: SourceText): { tree: Tree; outline: IniOutline } {
  const reader = new IniReader(source)
  for (const { from, to } of linesOf(source.text)) reader.take(from, to)
  return { tree: reader.tree(), outline: reader.sections }
}

class IniReader {
  readonly sections = new Map<string, IniSection>()
  #source: SourceText
  #section: IniSection | undefined
  #sectionPath = ''
  #entry: IniEntry | undefined
  #indent = 0

  constructor(source: SourceText) {
    this.#source = source
  }

  /** One line. Its order of questions is what decides between comment, continuation, header and key. */
  take(from: number, to: number): void {
    const { text } = this.#source
    const start = skipBlanks(text, from, to)
    const end = backOverBlanks(text, start, to)
    if (start === end) this.#entry?.lines.push({ from, to: from })
    else if (isComment(text, start)) return
    else if (this.#entry && start - from > this.#indent) this.#goOn(start, end)
    else this.#begin(from, start, end)
  }

  #goOn(start: number, end: number): void {
    if (this.#entry!.delimiter === undefined) {
      this.#source.refuse(
        start,
        'an indented line goes on a key that has no value; add "=" to the key or take the indentation away',
      )
    }
    this.#entry!.lines.push({ from: start, to: end })
  }

  #begin(from: number, start: number, end: number): void {
    this.#indent = start - from
    const close = headerEnd(this.#source.text, start, end)
    if (close !== undefined) this.#beginSection(start, close, end)
    else if (this.#section) this.#beginEntry(this.#section, start, end)
    else this.#source.refuse(start, 'a key before the first [section]')
  }

  #beginSection(start: number, close: number, end: number): void {
    const name = this.#source.text.slice(start + 1, close)
    const first = this.sections.get(name)
    if (first)
      this.#source.refuse(start, `duplicate section [${name}] (first at line ${this.#source.at(first.from).line})`)
    this.#sectionPath = this.#source.mark('', name, start)
    this.#section = { name, from: start, to: end, entries: new Map() }
    this.#entry = undefined
    this.sections.set(name, this.#section)
  }

  #beginEntry(section: IniSection, start: number, end: number): void {
    const { text } = this.#source
    const delimiter = findDelimiter(text, start, end)
    const keyEnd = backOverBlanks(text, start, delimiter ?? end)
    const key = text.slice(start, keyEnd)
    if (key === '') this.#source.refuse(start, 'a value without a key')
    const first = section.entries.get(key)
    if (first) this.#source.duplicate(start, key, first.from, ` in [${section.name}]`)

    this.#source.mark(this.#sectionPath, key, start)
    const value = delimiter === undefined ? end : skipBlanks(text, delimiter + 1, end)
    this.#entry = { key, from: start, keyEnd, delimiter, lines: [{ from: value, to: end }] }
    section.entries.set(key, this.#entry)
  }

  tree(): Tree {
    const sections = [...this.sections.values()].map(({ name, entries }) => {
      const values = [...entries.values()].map((entry) => [entry.key, this.#valueOf(entry)] as const)
      return [name, Object.fromEntries(values)] as const
    })
    return Object.fromEntries(sections)
  }

  #valueOf({ delimiter, lines }: IniEntry): Value {
    while (lines.length > 1 && lines.at(-1)!.from === lines.at(-1)!.to) lines.pop()
    if (delimiter === undefined) return null
    const value = lines.map(({ from, to }) => this.#source.text.slice(from, to)).join('\n')
    return this.#source.string(value, lines[0]!.from)
  }
}

/** Lines as Python's text files have them: ended by LF, CRLF or a lone CR, which `to` leaves out. */
function* linesOf(text: string): Generator<{ from: number; to: number }> {
  let from = 0
  for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) {
    yield { from, to: index }
    from = index + end.length
  }
  if (from < text.length) yield { from, to: text.length }
}

export const isComment = (text: string, at: number): boolean => text[at] === '#' || text[at] === ';'

/** Where the `]` of a section's header stands: the last one on the line, with a name before it. */
export function headerEnd(text: string, start: number, end: number): number | undefined {
  if (text[start] !== '[') return undefined
  const close = text.lastIndexOf(']', end - 1)
  return close > start + 1 ? close : undefined
}

function findDelimiter(text: string, start: number, end: number): number | undefined {
  for (let at = start; at < end; at++) if (text[at] === '=' || text[at] === ':') return at
  return undefined
}

/** What Python's `str.isspace` calls a blank, which is not quite what JavaScript does. */
const BLANK = /[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

export const isBlank = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code === 32 || ((code < 32 || code > 126) && BLANK.test(text[at]!))
}

function skipBlanks(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isBlank(text, at)) at++
  return at
}

function backOverBlanks(text: string, from: number, to: number): number {
  let at = to
  while (at > from && isBlank(text, at - 1)) at--
  return at
}
