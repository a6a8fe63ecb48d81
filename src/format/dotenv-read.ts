import type { Tree } from '../model/value.ts'
import type { SourceText } from './source-text.ts'
import { endOfLine, nextLine } from './splice.ts'

export interface EnvEntry {
  readonly from: number
  /** The value as written, quotes included. */
  readonly valueFrom: number
  readonly valueTo: number
}

export type EnvOutline = ReadonlyMap<string, EnvEntry>

const HEAD = /(?:export[^\S\r\n]+(?=[\w.-]))?([\w.-]+)(?:[^\S\r\n]*=|:[^\S\r\n])/y
const BLANK = /[^\S\r\n]/

/**
 * Reads what `dotenv` reads, and refuses the lines that it passes over in silence: quotes of three kinds that may go on over lines,
 * `export`, comments after a value. Line by line, so no text takes longer than its length.
 */
export function readEnv(source: SourceText): { tree: Tree; outline: EnvOutline } {
  const { text } = source
  const outline = new Map<string, EnvEntry>()
  const entries: [string, string][] = []
  const separator = /[\u2028\u2029]/.exec(text)
  if (separator) source.refuse(separator.index, 'a Unicode line separator')
  for (let at = skipBlanks(text, 0); at < text.length; ) {
    if (/[\r\n#]/.test(text[at]!)) {
      at = skipBlanks(text, nextLine(text, at))
      continue
    }
    HEAD.lastIndex = at
    const head = HEAD.exec(text)
    if (!head) return source.refuse(at, 'not a variable: NAME=value')
    const key = head[1]!
    const first = outline.get(key)
    const keyFrom = at + head[0].indexOf(key, head[0].startsWith('export') && key !== 'export' ? 6 : 0)
    if (first) source.duplicate(keyFrom, key, first.from)
    source.mark('', key, keyFrom)

    const { value, from, to } = readValue(text, HEAD.lastIndex)
    outline.set(key, { from: keyFrom, valueFrom: from, valueTo: to })
    entries.push([key, source.string(value, from)])
    at = skipBlanks(text, nextLine(text, to))
  }
  return { tree: Object.fromEntries(entries), outline }
}

interface EnvValue {
  readonly value: string
  readonly from: number
  readonly to: number
}

function readValue(text: string, start: number): EnvValue {
  const from = skipBlanks(text, start)
  const quote = text[from]
  const isQuoted = quote === '"' || quote === "'" || quote === '`'
  const close = isQuoted ? closingQuote(text, from, quote) : undefined
  if (close !== undefined) return { value: expand(quote!, text.slice(from + 1, close)), from, to: close + 1 }

  const lineEnd = endOfLine(text, from)
  const comment = text.slice(from, lineEnd).indexOf('#')
  const raw = text.slice(from, comment < 0 ? lineEnd : from + comment).trimEnd()
  const isWrapped = isQuoted && raw.length > 1 && raw.endsWith(quote)
  return { value: isQuoted ? expand(quote, isWrapped ? raw.slice(1, -1) : raw) : raw, from, to: from + raw.length }
}

/** The first quote that no backslash precedes, or before it the last one with nothing behind it on its line but a comment. */
function closingQuote(text: string, from: number, quote: string): number | undefined {
  let found: number | undefined
  for (let at = text.indexOf(quote, from + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    const next = text[skipBlanks(text, at + 1)]
    if (next === undefined || /[\r\n#]/.test(next)) found = at
    if (text[at - 1] !== '\\') return found
  }
  return found
}

/** Line ends within quotes are LF; only double quotes know `\n` and `\r`. */
function expand(quote: string, body: string): string {
  const text = body.replace(/\r\n?/g, '\n')
  return quote === '"' ? text.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : text
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && BLANK.test(text[at]!)) at++
  return at
}
