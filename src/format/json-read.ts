import type { Tree, Value } from '../model/value.ts'
import { losesDigits } from './digits.ts'
import type { SourceText } from './source-text.ts'

/** What a dialect of JSON allows beyond JSON. */
export interface JsonDialect {
  readonly comments: boolean
  readonly trailingCommas: boolean
  /** Single quotes, bare keys, hexadecimal numbers, `+1`, `.5`, escaped line ends: JSON5. */
  readonly json5: boolean
}

export interface JsonNode {
  readonly from: number
  readonly to: number
  /** Only of objects that a path reaches: an array is one value. */
  readonly members?: ReadonlyMap<string, JsonMember>
  /** Where the comma after the last member stands, if there is one. */
  readonly trailingComma?: number | undefined
}

export interface JsonMember {
  readonly from: number
  readonly keyEnd: number
  readonly node: JsonNode
}

/** Reads JSON, JSONC or JSON5: exact positions, no key twice, no number that would lose digits, nesting within the limit. */
export function readJson(source: SourceText, dialect: JsonDialect): { tree: Tree; outline: JsonNode } {
  const reader = new JsonReader(source, dialect)
  const start = reader.skip(0)
  if (source.text[start] !== '{') source.refuse(start, 'the top of a configuration must be an object: {')
  const [tree, outline] = reader.object(start, 1, '')
  const end = reader.skip(outline.to)
  if (end < source.text.length) source.refuse(end, 'something follows the end of the object')
  return { tree, outline }
}

const DIGITS = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const DIGITS5 = /[+-]?(?:0[xX][0-9a-fA-F]+|(?:(?:0|[1-9]\d*)(\.\d*)?|(\.\d+))([eE][+-]?\d+)?)/y
const NAME5 = /[\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$_\u200c\u200d]*/uy
const BLANKS = /[ \t\n\r]+/y
const BLANKS5 = /[\s\ufeff]+/y
const PLAIN = { '"': /[^"\\\u0000-\u001f]+/y, "'": /[^'\\\u0000-\u001f]+/y } as const
const PLAIN5 = { '"': /[^"\\\n\r]+/y, "'": /[^'\\\n\r]+/y } as const
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
}
const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const

class JsonReader {
  #source: SourceText
  #text: string
  #dialect: JsonDialect
  /** Where the last string or value ended. */
  #end = 0

  constructor(source: SourceText, dialect: JsonDialect) {
    this.#source = source
    this.#text = source.text
    this.#dialect = dialect
  }

  object(start: number, depth: number, path: string | undefined): readonly [Tree, JsonNode] {
    this.#source.nest(depth, start)
    const members = new Map<string, JsonMember>()
    const entries: [string, Value][] = []
    let trailingComma: number | undefined
    let at = this.skip(start + 1)
    while (this.#text[at] !== '}') {
      const from = at
      const key = this.#key(at)
      const keyEnd = this.#end
      const first = members.get(key)
      if (first) this.#source.duplicate(from, key, first.from)
      const below = path === undefined ? undefined : this.#source.mark(path, key, from)
      at = this.skip(keyEnd)
      if (this.#text[at] !== ':') this.#source.refuse(at, 'expected ":" after a key')
      const [value, node] = this.#value(this.skip(at + 1), depth + 1, below)
      members.set(key, { from, keyEnd, node })
      entries.push([key, value])
      at = this.#comma(node.to, '}')
      trailingComma = this.#text[at] === '}' && this.#text[this.#end] === ',' ? this.#end : undefined
    }
    return [Object.fromEntries(entries), { from: start, to: at + 1, members, trailingComma }]
  }

  #array(start: number, depth: number): readonly [Value, JsonNode] {
    this.#source.nest(depth, start)
    const items: Value[] = []
    let at = this.skip(start + 1)
    while (this.#text[at] !== ']') {
      const [item, node] = this.#value(at, depth + 1, undefined)
      items.push(item)
      at = this.#comma(node.to, ']')
    }
    return [items, { from: start, to: at + 1 }]
  }

  /** Past the comma after a member, or at the closing bracket. Leaves in `#end` where the comma or the bracket is. */
  #comma(from: number, close: string): number {
    const at = this.skip(from)
    this.#end = at
    if (this.#text[at] === close) return at
    if (this.#text[at] !== ',') this.#source.refuse(at, `expected "," or "${close}"`)
    const next = this.skip(at + 1)
    if (this.#text[next] === close && !this.#dialect.trailingCommas) {
      this.#source.refuse(at, `a comma before "${close}", which JSON does not allow`)
    }
    this.#end = at
    return next
  }

  #value(at: number, depth: number, path: string | undefined): readonly [Value, JsonNode] {
    const char = this.#text[at]
    if (char === '{') return this.object(at, depth, path)
    if (char === '[') return this.#array(at, depth)
    const value = this.#isQuote(char) ? this.#string(at) : this.#word(at)
    return [value, { from: at, to: this.#end }]
  }

  #isQuote(char: string | undefined): char is '"' | "'" {
    return char === '"' || (char === "'" && this.#dialect.json5)
  }

  #key(at: number): string {
    if (this.#isQuote(this.#text[at])) return this.#string(at)
    if (!this.#dialect.json5) return this.#source.refuse(at, 'expected a key in double quotes')
    return this.#name(at)
  }

  #name(start: number): string {
    let name = ''
    let at = start
    for (;;) {
      NAME5.lastIndex = at
      const run =
        /[\p{Mn}\p{Mc}\p{Nd}\p{Pc}\u200c\u200d]/u.test(this.#text[at] ?? '') && name !== ''
          ? this.#text[at]
          : NAME5.exec(this.#text)?.[0]
      if (run) {
        name += run
        at += run.length
      } else if (this.#text.startsWith('\\u', at)) {
        name += this.#hex(at, at + 2, 4)
        at += 6
      } else break
    }
    if (!/^[\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$_\u200c\u200d]*$/u.test(name))
      this.#source.refuse(start, 'expected a key')
    this.#end = at
    return name
  }

  #word(at: number): Value {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, at)) continue
      this.#end = at + word.length
      return value
    }
    const digits = this.#dialect.json5 ? DIGITS5 : DIGITS
    digits.lastIndex = at
    const match = digits.exec(this.#text)
    if (!match)
      return this.#source.refuse(
        at,
        /^[+-]?(?:NaN|Infinity)/.test(this.#text.slice(at, at + 10))
          ? 'a number that is not finite'
          : 'expected a value',
      )
    this.#end = at + match[0].length
    return this.#number(at, match[0])
  }

  #number(at: number, text: string): number {
    const sign = text.startsWith('-') ? -1 : 1
    const value = sign * Number(text.replace(/^[+-]/, ''))
    if (!Number.isFinite(value)) this.#source.refuse(at, 'a number too large for a double')
    if (!Number.isSafeInteger(value) && losesDigits(text, value)) {
      this.#source.refuse(at, 'an integer beyond 2^53 that would lose digits; write it in quotes')
    }
    return value
  }

  #string(start: number): string {
    const quote = this.#text[start] as '"' | "'"
    const plain = (this.#dialect.json5 ? PLAIN5 : PLAIN)[quote]
    const parts: string[] = []
    let at = start + 1
    for (;;) {
      plain.lastIndex = at
      const run = plain.exec(this.#text)?.[0] ?? ''
      parts.push(run)
      at += run.length
      if (this.#text[at] === quote) break
      if (this.#text[at] !== '\\')
        this.#source.refuse(
          at,
          at < this.#text.length ? 'a line end or control character in a string' : 'a string that does not end',
        )
      at = this.#escape(at, parts)
    }
    this.#end = at + 1
    return this.#source.string(parts.join(''), start)
  }

  #escape(at: number, parts: string[]): number {
    const char = this.#text[at + 1] ?? ''
    if (char === 'u') {
      parts.push(this.#hex(at, at + 2, 4))
      return at + 6
    }
    if (Object.hasOwn(ESCAPES, char)) {
      parts.push(ESCAPES[char]!)
      return at + 2
    }
    return this.#dialect.json5
      ? this.#escape5(at, char, parts)
      : this.#source.refuse(at, 'an escape that JSON does not know')
  }

  #escape5(at: number, char: string, parts: string[]): number {
    if (char === '\r') return this.#text[at + 2] === '\n' ? at + 3 : at + 2
    if (char === '\n' || char === '\u2028' || char === '\u2029') return at + 2
    if (char === 'x') {
      parts.push(this.#hex(at, at + 2, 2))
      return at + 4
    }
    if (char === '' || /[1-9]/.test(char) || (char === '0' && /\d/.test(this.#text[at + 2] ?? ''))) {
      this.#source.refuse(at, 'an escape that JSON5 does not know')
    }
    parts.push(char === '0' ? '\0' : char === 'v' ? '\v' : char)
    return at + 2
  }

  #hex(at: number, from: number, length: number): string {
    const digits = this.#text.slice(from, from + length)
    if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits))
      this.#source.refuse(at, `expected ${length} hexadecimal digits in an escape`)
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  /** Past blanks and, where the dialect has them, comments. */
  skip(from: number): number {
    let at = this.#blanks(from)
    while (this.#dialect.comments && this.#text[at] === '/') {
      const end = commentEnd(this.#text, at)
      if (end === undefined) return at
      if (end < 0) this.#source.refuse(at, 'a comment that does not end')
      at = this.#blanks(end)
    }
    return at
  }

  #blanks(from: number): number {
    const blanks = this.#dialect.json5 ? BLANKS5 : BLANKS
    blanks.lastIndex = from
    return blanks.test(this.#text) ? blanks.lastIndex : from
  }
}

/** Where the comment at `at` ends: `-1` where it does not, `undefined` where there is none. */
export function commentEnd(text: string, at: number): number | undefined {
  if (text.startsWith('//', at)) {
    const line = /[\n\r\u2028\u2029]/g
    line.lastIndex = at
    return line.exec(text)?.index ?? text.length
  }
  if (!text.startsWith('/*', at)) return undefined
  const end = text.indexOf('*/', at + 2)
  return end < 0 ? -1 : end + 2
}
