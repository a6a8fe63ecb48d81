import type { Position } from '../model/errors.ts'
import { printPath } from '../model/path.ts'
import type { Value } from '../model/value.ts'

export interface PlainDocument {
  readonly tree: Readonly<Record<string, Value>>
  /** Where each key stands, by printed path. */
  readonly positions: ReadonlyMap<string, Position>
}

const LARGEST = 64 * 1024

/**
 * Reads the plain part of YAML that `holdfast init` writes: comments, nested maps, lists of one line or of dashes, plain and quoted
 * scalars. `undefined` for anything else, which is then left to the real parser: loading that would double the time of a `get`.
 */
export function readPlainYaml(text: string): PlainDocument | undefined {
  if (text.length > LARGEST || /[^\n\u0020-\u007e\u00a1-\ud7ff]/.test(text)) return undefined
  try {
    return new PlainReader(text).document()
  } catch (error) {
    if (error === NOT_PLAIN) return undefined
    throw error
  }
}

const NOT_PLAIN = Symbol('not plain')

function giveUp(): never {
  throw NOT_PLAIN
}

interface Line {
  readonly number: number
  readonly indent: number
  readonly text: string
}

const KEY = /^([A-Za-z][A-Za-z0-9_.-]*|"[A-Za-z0-9_. /-]*"|'[A-Za-z0-9_. /-]*')\s*:(?: +(.*))?$/

class PlainReader {
  readonly #lines: readonly Line[]
  readonly #positions = new Map<string, Position>()
  #at = 0

  constructor(text: string) {
    this.#lines = text.split('\n').flatMap((line, i) => {
      const content = line.trimStart()
      if (content === '' || content.startsWith('#')) return []
      return [{ number: i + 1, indent: line.length - content.length, text: content.trimEnd() }]
    })
  }

  document(): PlainDocument {
    if (this.#lines.length === 0 || this.#lines[0]!.indent !== 0) giveUp()
    const tree = this.#map(0, [])
    if (this.#at < this.#lines.length) giveUp()
    return { tree, positions: this.#positions }
  }

  #map(indent: number, path: readonly string[]): Readonly<Record<string, Value>> {
    const entries = new Map<string, Value>()
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const [, name, rest = ''] = KEY.exec(line.text) ?? giveUp()
      const key = keyOf(name!)
      if (entries.has(key)) giveUp()
      const inner = [...path, key]
      this.#positions.set(printPath(inner), { line: line.number, column: indent + 1 })
      this.#at++
      entries.set(key, rest === '' || rest.startsWith('#') ? this.#nested(indent, inner) : readInline(rest))
    }
    if ((this.#lines[this.#at]?.indent ?? 0) > indent) giveUp()
    return Object.fromEntries(entries)
  }

  #nested(indent: number, path: readonly string[]): Value {
    const next = this.#lines[this.#at]
    if (next === undefined) return giveUp()
    const isList = next.text.startsWith('- ')
    if (isList && next.indent >= indent) return this.#list(next.indent)
    return next.indent > indent ? this.#map(next.indent, path) : giveUp()
  }

  #list(indent: number): Value {
    const items: Value[] = []
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      if (!line.text.startsWith('- ')) break
      items.push(readInline(line.text.slice(2).trimStart()))
      this.#at++
    }
    if ((this.#lines[this.#at]?.indent ?? 0) > indent) giveUp()
    return items
  }
}

/** A value that ends with its line, a comment after it apart. */
function readInline(text: string): Value {
  const cursor: Cursor = { text, at: 0 }
  const value = readValue(cursor, false)
  if (!/^(?: +#.*| *)$/.test(text.slice(cursor.at))) giveUp()
  return value
}

interface Cursor {
  readonly text: string
  at: number
}

function readValue(cursor: Cursor, isFlow: boolean): Value {
  const first = cursor.text[cursor.at]
  if (first === '[') return readFlow(cursor, ']', (items) => items.map(([, value]) => value))
  if (first === '{') return readFlow(cursor, '}', (items) => Object.fromEntries(items))
  return readScalar(cursor, isFlow)
}

function readFlow(cursor: Cursor, end: ']' | '}', build: (items: [string, Value][]) => Value): Value {
  const items = new Map<string, Value>()
  cursor.at++
  skipSpaces(cursor)
  while (cursor.text[cursor.at] !== end) {
    const key = end === '}' ? readFlowKey(cursor) : String(items.size)
    if (items.has(key)) giveUp()
    items.set(key, readValue(cursor, true))
    skipSpaces(cursor)
    if (cursor.text[cursor.at] === end) break
    if (cursor.text[cursor.at] !== ',') giveUp()
    cursor.at++
    skipSpaces(cursor)
    if (cursor.text[cursor.at] === end) giveUp()
  }
  cursor.at++
  return build([...items])
}

function readFlowKey(cursor: Cursor): string {
  const [whole] = /^[A-Za-z][A-Za-z0-9_-]*: +/.exec(cursor.text.slice(cursor.at)) ?? giveUp()
  cursor.at += whole.length
  return keyOf(whole.trimEnd().slice(0, -1))
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text[cursor.at] === ' ') cursor.at++
}

const QUOTED = /^(?:"([^"\\]*)"|'([^']*)')/
const PLAIN = /^(?:[A-Za-z_/]|\.{1,2}\/)[A-Za-z0-9_./:@+-]*/
/** A number with its unit, as in `15s` and `4MiB`. */
const MEASURE = /^[1-9][0-9]{0,14}(?:s|min|m|h|d|w|y|KiB|MiB|GiB)(?=$| |[,\]}])/
/** Words that YAML 1.1 or 1.2 reads as something else than text. */
const SPECIAL = /^(?:null|true|false|yes|no|on|off|y|n)$/i

function readScalar(cursor: Cursor, isFlow: boolean): Value {
  const rest = cursor.text.slice(cursor.at)
  const quoted = QUOTED.exec(rest)
  if (quoted) return advance(cursor, quoted[0], quoted[1] ?? quoted[2]!)
  const number = /^(?:0|-?[1-9][0-9]{0,14})(?=$| |[,\]}])/.exec(rest)?.[0]
  if (number !== undefined) return endScalar(cursor, number, Number(number), isFlow)
  const word = (PLAIN.exec(rest) ?? MEASURE.exec(rest))?.[0] ?? giveUp()
  if (word === 'true' || word === 'false') return endScalar(cursor, word, word === 'true', isFlow)
  if (SPECIAL.test(word) || word.endsWith(':')) giveUp()
  return endScalar(cursor, word, word, isFlow)
}

/** A plain scalar ends where a comment, the line or, in a flow, the next item begins; words after a space would belong to it. */
function endScalar<V>(cursor: Cursor, raw: string, value: V, isFlow: boolean): V {
  const after = cursor.text.slice(cursor.at + raw.length)
  if (!(isFlow ? /^ *(?:$|[,\]}])/ : /^(?: +#| *$)/).test(after)) giveUp()
  return advance(cursor, raw, value)
}

function advance<V>(cursor: Cursor, raw: string, value: V): V {
  cursor.at += raw.length
  return value
}

function keyOf(name: string): string {
  const key = /^["']/.test(name) ? name.slice(1, -1) : name
  return key === '__proto__' || (key === name && SPECIAL.test(key)) ? giveUp() : key
}
