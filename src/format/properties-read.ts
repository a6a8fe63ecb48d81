import { type Path, printPath } from '../model/path.ts'
import type { Tree, Value } from '../model/value.ts'
import type { SourceText } from './source-text.ts'

export interface PropertyEntry {
  readonly path: Path
  readonly from: number
  readonly keyEnd: number
  readonly valueFrom: number
  /** The end of its last line, before the line ending. */
  readonly to: number
}

/** Entries by printed path, in the order of the text. */
export type PropertiesOutline = ReadonlyMap<string, PropertyEntry>

/** A key while the tree grows: its value, or the keys below it; `from` is where it was first named. */
interface Twig {
  readonly from: number
  value?: string
  readonly children: Map<string, Twig>
}

/**
 * Reads `.properties` as `java.util.Properties.load` does, in UTF-8, and splits keys at dots that no backslash precedes into a tree.
 * A key twice, or a key that is both a value and a branch, is refused.
 */
export function readProperties(source: SourceText): { tree: Tree; outline: PropertiesOutline } {
  const { text } = source
  const root: Twig = { from: 0, children: new Map() }
  const outline = new Map<string, PropertyEntry>()
  for (let at = 0; at < text.length; ) {
    const from = skipBlanks(text, at)
    const end = isIgnored(text, from) ? lineEndAt(text, from) : logicalEnd(text, from)
    if (!isIgnored(text, from)) take(source, root, outline, from, end)
    at = text.startsWith('\r\n', end) ? end + 2 : end + 1
  }
  return { tree: treeOf(root), outline }
}

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t' || char === '\f'
const isLineEnd = (char: string | undefined): boolean => char === '\n' || char === '\r' || char === undefined
const isIgnored = (text: string, at: number): boolean => isLineEnd(text[at]) || text[at] === '#' || text[at] === '!'

function skipBlanks(text: string, from: number): number {
  let at = from
  while (isBlank(text[at])) at++
  return at
}

function lineEndAt(text: string, from: number): number {
  let at = from
  while (!isLineEnd(text[at])) at++
  return at
}

/** The end of a line that goes on wherever a backslash stands before its line ending. */
function logicalEnd(text: string, from: number): number {
  let at = from
  while (!isLineEnd(text[at])) at = text[at] === '\\' ? afterEscape(text, at) : at + 1
  return Math.min(at, text.length)
}

/** Past a backslash and what it escapes; past a line ending also the blanks that the next line starts with. */
function afterEscape(text: string, at: number): number {
  if (!isLineEnd(text[at + 1])) return at + 2
  if (at + 1 >= text.length) return at + 1
  return skipBlanks(text, text.startsWith('\r\n', at + 1) ? at + 3 : at + 2)
}

function take(source: SourceText, root: Twig, outline: Map<string, PropertyEntry>, from: number, end: number): void {
  const { path, at: keyEnd } = readKey(source, from, end)
  const valueFrom = afterDelimiter(source.text, keyEnd, end)
  source.nest(path.length, from)
  const printed = graft(source, root, path, from, readText(source, valueFrom, end))
  outline.set(printed, { path, from, keyEnd, valueFrom, to: end })
}

function readKey(source: SourceText, from: number, end: number): { path: string[]; at: number } {
  const { text } = source
  const path: string[] = []
  let segment = ''
  let at = from
  while (at < end && !isBlank(text[at]) && text[at] !== '=' && text[at] !== ':') {
    if (text[at] === '.') {
      path.push(segment)
      segment = ''
      at++
    } else {
      const next = text[at] === '\\' ? afterSequence(text, at) : at + 1
      segment += text[at] === '\\' ? escaped(source, at) : text[at]
      at = next
    }
  }
  return { path: [...path, segment], at }
}

const afterSequence = (text: string, at: number): number => (text[at + 1] === 'u' ? at + 6 : afterEscape(text, at))

function afterDelimiter(text: string, from: number, end: number): number {
  let at = skipSpread(text, from, end)
  if (text[at] === '=' || text[at] === ':') at = skipSpread(text, at + 1, end)
  return Math.min(at, end)
}

/** Past blanks, also where the line goes on below. */
function skipSpread(text: string, from: number, end: number): number {
  let at = from
  while (at < end && (isBlank(text[at]) || (text[at] === '\\' && isLineEnd(text[at + 1]))))
    at = text[at] === '\\' ? afterEscape(text, at) : at + 1
  return at
}

function readText(source: SourceText, from: number, end: number): string {
  const raw = source.text.slice(from, end)
  const parts: string[] = []
  for (let at = 0; at < raw.length; ) {
    const slash = raw.indexOf('\\', at)
    if (slash < 0) {
      parts.push(raw.slice(at))
      break
    }
    parts.push(raw.slice(at, slash), escaped(source, from + slash))
    at = afterSequence(source.text, from + slash) - from
  }
  return source.string(parts.join(''), from)
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function escaped(source: SourceText, at: number): string {
  const char = source.text[at + 1]
  if (char === undefined || isLineEnd(char)) return ''
  if (char !== 'u') return ESCAPES[char] ?? char
  const digits = source.text.slice(at + 2, at + 6)
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) source.refuse(at, 'expected 4 hexadecimal digits after \\u')
  return String.fromCharCode(Number.parseInt(digits, 16))
}

function graft(source: SourceText, root: Twig, path: Path, from: number, value: string): string {
  let twig = root
  let printed = ''
  for (const segment of path) {
    if (twig.value !== undefined) refuseBoth(source, path, from, twig)
    printed = source.mark(printed, segment, from)
    const next = twig.children.get(segment) ?? { from, children: new Map() }
    twig.children.set(segment, next)
    twig = next
  }
  if (twig.value !== undefined) source.duplicate(from, printPath(path), twig.from)
  if (twig.children.size > 0) refuseBoth(source, path, from, twig)
  twig.value = value
  return printed
}

function refuseBoth(source: SourceText, path: Path, from: number, other: Twig): never {
  const { line } = source.at(other.from)
  return source.refuse(
    from,
    `${printPath(path)} and the key at line ${line} cannot both be: one is a value where the other has keys below it`,
  )
}

const treeOf = ({ children }: Twig): Tree =>
  Object.fromEntries([...children].map(([key, twig]): [string, Value] => [key, twig.value ?? treeOf(twig)]))
