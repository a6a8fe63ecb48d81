/** Reads the pieces of a TOML text that is known to be valid: no piece is checked twice, only found. */
export interface TomlToken<T> {
  readonly value: T
  readonly to: number
}

export interface TomlSegment {
  readonly key: string
  readonly from: number
}

const BARE = /[A-Za-z0-9_-]+/y
const SCALAR = /[^\s,\]}#]+/y
const DATE =
  /\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?|\d\d:\d\d(?::\d\d(?:\.\d+)?)?/y

/** A dotted key and where each of its segments stands. */
export function scanKey(text: string, from: number): TomlToken<TomlSegment[]> {
  const segments: TomlSegment[] = []
  for (let at = from; ; ) {
    at = skipBlanks(text, at)
    const { value, to } = scanSegment(text, at)
    segments.push({ key: value, from: at })
    const next = skipBlanks(text, to)
    if (text[next] !== '.') return { value: segments, to }
    at = next + 1
  }
}

function scanSegment(text: string, at: number): TomlToken<string> {
  if (text[at] === '"' || text[at] === "'") return scanString(text, at)
  const value = match(BARE, text, at) ?? ''
  return { value, to: at + value.length }
}

/** A string in any of the four kinds of quotes; line ends within it become LF, whatever the file has. */
export function scanString(text: string, from: number): TomlToken<string> {
  const quote = text[from]!
  const isLong = text.startsWith(quote.repeat(3), from)
  const close = isLong ? quote.repeat(3) : quote
  let end = from + close.length
  while (end < text.length && !text.startsWith(close, end)) end += quote === '"' && text[end] === '\\' ? 2 : 1
  if (isLong) for (let more = 0; more < 2 && text[end + 3] === quote; more++) end++
  const raw = text.slice(from + close.length, end)
  const body = isLong ? raw.replace(/^\r?\n/, '').replaceAll('\r\n', '\n') : raw
  return { value: quote === '"' && body.includes('\\') ? expand(body) : body, to: end + close.length }
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\x1b',
  '"': '"',
  '\\': '\\',
}

const expand = (body: string): string =>
  body.replace(
    /\\(?:([ \t]*\n\s*)|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
    (_, fold, x, u, long, char) => {
      if (fold !== undefined) return ''
      if (char !== undefined) return ESCAPES[char] ?? ''
      return String.fromCodePoint(Number.parseInt(x ?? u ?? long, 16))
    },
  )

/** A date or time as it is written, or `undefined` where none stands. */
export const scanDate = (text: string, at: number): string | undefined => match(DATE, text, at)

/** A number or a word, as written. */
export const scanScalar = (text: string, at: number): string => match(SCALAR, text, at) ?? ''

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

export function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

/** Past blanks, line ends and comments. */
export function skipVoid(text: string, from: number): number {
  for (let at = from; ; ) {
    while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++
    if (text[at] !== '#') return at
    const end = text.indexOf('\n', at)
    at = end < 0 ? text.length : end
  }
}
