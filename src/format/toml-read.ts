import { TomlError, parse as validate } from 'smol-toml'
import type { Tree, Value } from '../model/value.ts'
import type { SourceText } from './source-text.ts'
import { scanDate, scanKey, scanScalar, scanString, skipBlanks, skipVoid, type TomlSegment } from './toml-scan.ts'

/** How a part of the tree came about, which tells what may be added to it where. */
export type TomlKind = 'root' | 'table' | 'implicit' | 'dotted' | 'inline' | 'tables' | 'leaf'

export interface TomlNode {
  kind: TomlKind
  readonly children: Map<string, TomlNode>
  /** The key-values written directly under this header, in order. */
  readonly entries: TomlEntry[]
  /** A header's line, an inline table's braces or a value. */
  from: number
  to: number
  value: Value | undefined
  /** The elements of an array of tables. */
  readonly items: TomlNode[]
  /** The key-value that made it, where one did. */
  entry?: TomlEntry
  /** The printed path, `undefined` within arrays: an array is one value. */
  readonly path: string | undefined
}

export interface TomlEntry {
  readonly path: readonly string[]
  readonly from: number
  readonly keyEnd: number
  readonly node: TomlNode
  /** The table or inline table it is written in. */
  readonly owner: TomlNode
}

/** Reads TOML: `smol-toml` says whether it is valid, our own scan says what stands where. Dates and times are text as written. */
export function readToml(source: SourceText): { tree: Tree; outline: TomlNode } {
  check(source)
  const outline = new TomlReader(source).read()
  return { tree: treeOf(outline), outline }
}

/** What the library's refusals mean, in words that quote nothing of the text. */
const REFUSALS: readonly (readonly [string, string])[] = [
  ['trying to redefine', 'a key or table that is defined already'],
  ['integer value cannot be represented', 'an integer beyond 2^53 that would lose digits; write it in quotes'],
  ['unfinished string', 'a string that does not end'],
  ['unfinished array', 'an array that does not end'],
  ['unfinished table', 'an inline table that does not end'],
  ['control characters', 'a control character'],
  ['each key-value', 'more than one key-value on a line'],
  ['illegal character in key', 'a character that a bare key cannot have; put the key in quotes'],
  ['incomplete key-value', 'a key without a value'],
  ['invalid date', 'not a date'],
  ['invalid value', 'not a value; text goes in quotes'],
  ['expected comma', 'expected a comma or the closing bracket'],
]

function check(source: SourceText): void {
  try {
    validate(source.text, { maxDepth: Math.min(source.limits.depth + 1, 1000) })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const said = error.message.replace(/^Invalid TOML document: /, '')
    const at = offsetOf(source.text, error.line, error.column)
    if (said.startsWith('document contains excessively')) source.nest(source.limits.depth + 1, at)
    const message = REFUSALS.find(([start]) => said.startsWith(start))?.[1] ?? 'not TOML'
    source.refuse(at, message)
  }
}

/** The library counts only LF as a line's end. */
function offsetOf(text: string, line: number, column: number): number {
  let at = 0
  for (let n = 1; n < line; n++) at = text.indexOf('\n', at) + 1
  return Math.min(at + column - 1, text.length)
}

class TomlReader {
  #source: SourceText
  #text: string
  #root: TomlNode = node('root', '', 0, 0)

  constructor(source: SourceText) {
    this.#source = source
    this.#text = source.text
  }

  read(): TomlNode {
    let table = this.#root
    let at = skipVoid(this.#text, 0)
    while (at < this.#text.length) {
      if (this.#text[at] === '[') {
        table = this.#header(at)
        at = table.to
      } else {
        at = this.#entry(table, at, this.#depth).node.to
      }
      if (!this.#isLineEnd(at)) this.#source.refuse(at, 'not a value')
      at = skipVoid(this.#text, at)
    }
    return this.#root
  }

  #isLineEnd(from: number): boolean {
    const at = skipBlanks(this.#text, from)
    return (
      at === this.#text.length || this.#text[at] === '#' || this.#text[at] === '\n' || this.#text.startsWith('\r\n', at)
    )
  }

  /** How many segments the current header has. */
  #depth = 0

  #header(from: number): TomlNode {
    const isArray = this.#text.startsWith('[[', from)
    const { value: segments, to } = scanKey(this.#text, from + (isArray ? 2 : 1))
    this.#source.nest(segments.length + 1, from)
    this.#depth = segments.length
    const end = this.#text.indexOf(']', to) + (isArray ? 2 : 1)
    const last = segments.at(-1)!
    const parent = segments.slice(0, -1).reduce((above, segment) => this.#below(above, segment, 'implicit'), this.#root)
    if (!isArray) return Object.assign(this.#below(parent, last, 'implicit'), { kind: 'table', from, to: end })

    const tables = this.#child(parent, last, 'tables', from, end)
    const item = node('table', undefined, from, end)
    tables.items.push(item)
    return item
  }

  /** The table `segment` of `above`; of an array of tables, its newest element. */
  #below(above: TomlNode, segment: TomlSegment, kind: TomlKind): TomlNode {
    const child = this.#child(above, segment, kind, segment.from, segment.from)
    return child.kind === 'tables' ? child.items.at(-1)! : child
  }

  #child(above: TomlNode, { key, from: keyFrom }: TomlSegment, kind: TomlKind, from: number, to: number): TomlNode {
    const known = above.children.get(key)
    if (known) return known
    const path = above.path === undefined ? undefined : this.#source.mark(above.path, key, keyFrom)
    const child = node(kind, path, from, to)
    above.children.set(key, child)
    return child
  }

  #entry(owner: TomlNode, from: number, depth: number): TomlEntry {
    const { value: segments, to: keyEnd } = scanKey(this.#text, from)
    this.#source.nest(depth + segments.length, from)
    const parent = segments.slice(0, -1).reduce((above, segment) => this.#below(above, segment, 'dotted'), owner)
    const at = skipVoid(this.#text, this.#text.indexOf('=', keyEnd) + 1)
    const target = this.#child(parent, segments.at(-1)!, 'leaf', at, at)
    this.#value(target, at, depth + segments.length)
    const entry = { path: segments.map(({ key }) => key), from, keyEnd, node: target, owner }
    target.entry = entry
    owner.entries.push(entry)
    return entry
  }

  #value(target: TomlNode, at: number, depth: number): void {
    target.from = at
    if (this.#text[at] === '{') this.#inline(target, at, depth)
    else [target.value, target.to] = this.#plain(at, depth)
  }

  #inline(target: TomlNode, from: number, depth: number): void {
    this.#source.nest(depth + 1, from)
    target.kind = 'inline'
    let at = skipVoid(this.#text, from + 1)
    while (this.#text[at] !== '}') {
      const entry = this.#entry(target, at, depth)
      at = this.#comma(entry.node.to, '}')
    }
    target.to = at + 1
  }

  #plain(at: number, depth: number): readonly [Value, number] {
    const char = this.#text[at]
    if (char === '[') return this.#array(at, depth + 1)
    if (char === '{') {
      const table = node('inline', undefined, at, at)
      this.#inline(table, at, depth)
      return [treeOf(table), table.to]
    }
    if (char === '"' || char === "'") {
      const { value, to } = scanString(this.#text, at)
      return [this.#source.string(value, at), to]
    }
    const date = scanDate(this.#text, at)
    if (date !== undefined) return [date, at + date.length]
    const word = scanScalar(this.#text, at)
    return [this.#scalar(word, at), at + word.length]
  }

  #array(from: number, depth: number): readonly [Value, number] {
    this.#source.nest(depth, from)
    const items: Value[] = []
    let at = skipVoid(this.#text, from + 1)
    while (this.#text[at] !== ']') {
      const [item, to] = this.#plain(at, depth)
      items.push(item)
      at = this.#comma(to, ']')
    }
    return [items, at + 1]
  }

  #comma(from: number, close: string): number {
    const at = skipVoid(this.#text, from)
    if (this.#text[at] === ',') return skipVoid(this.#text, at + 1)
    return this.#text[at] === close ? at : this.#source.refuse(at, 'not a value')
  }

  #scalar(word: string, at: number): Value {
    if (word === 'true' || word === 'false') return word === 'true'
    const sign = word.startsWith('-') ? -1 : 1
    const value = sign * Number(word.replace(/^[+-]/, '').replaceAll('_', ''))
    if (word === '' || !Number.isFinite(value))
      this.#source.refuse(at, 'a number that is not finite, which JSON has no word for')
    return value
  }
}

const node = (kind: TomlKind, path: string | undefined, from: number, to: number): TomlNode => ({
  kind,
  children: new Map(),
  entries: [],
  from,
  to,
  value: undefined,
  items: [],
  path,
})

function treeOf(table: TomlNode): Tree {
  return Object.fromEntries([...table.children].map(([key, child]) => [key, partOf(child)] as const))
}

function partOf(part: TomlNode): Value {
  if (part.kind === 'tables') return part.items.map(treeOf)
  return part.kind === 'leaf' ? part.value! : treeOf(part)
}
