import { HoldfastError } from './errors.ts'

/** The segments of a path, first the section. Never empty. */
export type Path = readonly string[]

const BARE = /^[A-Za-z0-9_-]+$/

/**
 * A path in its one printed form: a TOML dotted key (TOML 1.0, "Keys"). Segments of letters, digits, `_` and `-` stand bare, others in
 * double quotes.
 */
export function printPath(path: Path): string {
  if (path.length === 1) return printSegment(path[0]!)
  return path.map(printSegment).join('.')
}

export const printSegment = (segment: string): string => (BARE.test(segment) ? segment : JSON.stringify(segment))

/** Reads a TOML dotted key: bare, `"basic"` and `'literal'` segments, with spaces allowed around dots. */
export function parsePath(text: string): Path {
  if (BARE.test(text)) return [text]
  const segments: string[] = []
  let at = skipSpace(text, 0)
  for (;;) {
    const [segment, end] = readSegment(text, at)
    segments.push(segment)
    at = skipSpace(text, end)
    if (at === text.length) return segments
    if (text[at] !== '.') refuse(text, at)
    at = skipSpace(text, at + 1)
  }
}

function readSegment(text: string, at: number): readonly [string, number] {
  const quote = text[at]
  if (quote === '"') return readBasic(text, at)
  if (quote === "'") {
    const end = text.indexOf("'", at + 1)
    if (end < 0) refuse(text, at)
    return [text.slice(at + 1, end), end + 1]
  }
  let end = at
  while (end < text.length && BARE.test(text[end]!)) end++
  if (end === at) refuse(text, at)
  return [text.slice(at, end), end]
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\' }

function readBasic(text: string, start: number): readonly [string, number] {
  let segment = ''
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') return [segment, at + 1]
    if (char !== '\\') {
      segment += char
      continue
    }
    const kind = text[++at] ?? ''
    if (kind === 'u' || kind === 'U') {
      const digits = text.slice(at + 1, at + (kind === 'u' ? 5 : 9))
      const code = /^[0-9a-fA-F]+$/.test(digits) && digits.length >= 4 ? Number.parseInt(digits, 16) : -1
      if (code < 0 || code > 0x10ffff) refuse(text, at)
      segment += String.fromCodePoint(code)
      at += digits.length
    } else {
      segment += ESCAPES[kind] ?? refuse(text, at)
    }
  }
  return refuse(text, start)
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

function refuse(text: string, at: number): never {
  const where = at < text.length ? `at character ${at + 1} (${JSON.stringify(text[at])})` : 'at its end'
  throw new HoldfastError(
    'malformed',
    `not a path: ${JSON.stringify(text)} ${where}. Join segments with dots and quote a segment that has other characters than letters, digits, _ and -: upstreams."api.example.com".weight`,
    { what: text },
  )
}

/** A path as the store and the tables show it: the section is the first segment as it is, the key the rest in printed form. */
export interface SectionKey {
  readonly section: string
  readonly key: string
}

/** A path of one segment is a key outside any section: section `""`. */
export function toSectionKey(path: Path): SectionKey {
  const [first, ...rest] = path
  return rest.length === 0 ? { section: '', key: printSegment(first!) } : { section: first!, key: printPath(rest) }
}

export function fromSectionKey({ section, key }: SectionKey): Path {
  return section === '' ? parsePath(key) : [section, ...parsePath(key)]
}

/** True where `path` is `prefix` or below it. */
export const isWithin = (path: Path, prefix: Path): boolean =>
  prefix.length <= path.length && prefix.every((segment, i) => segment === path[i])
