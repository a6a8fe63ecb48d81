const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

/** Control characters, bidirectional overrides, invisible characters and line separators: what could forge a line on a terminal. */
const HOSTILE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
const HOSTILE_IN_LINES =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** `text` on one line, with everything that could steer a terminal or hide on it shown as an escape. */
export const visible = (text: string): string => text.replace(HOSTILE, escapeOf)

/** The same for a text of several lines: line ends and tabs stay. */
export const visibleLines = (text: string): string => text.replace(HOSTILE_IN_LINES, escapeOf)

/** JSON that says the same, with what could steer a terminal as JSON's own escapes. */
export const visibleJson = (json: string): string =>
  json.replace(HOSTILE_IN_LINES, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )

function escapeOf(char: string): string {
  const code = char.codePointAt(0)!
  const named = NAMED[char]
  if (named !== undefined) return named
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}

const NARROW = /^[\u0020-\u007e]*$/
const NO_WIDTH = /^(?:\p{M}|\u200d|\ufe0f)$/u
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u

/** The columns `text` takes on a terminal. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length
  let width = 0
  for (const char of text) width += charWidth(char)
  return width
}

const charWidth = (char: string): number => (NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1)

/** `text` in at most `width` columns: what does not fit is left out in the middle, because both ends of a value tell it apart. */
export function ellipsise(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  if (width <= 1) return '…'.slice(0, width)
  const chars = [...text]
  const room = width - 1
  return `${take(chars, Math.ceil(room / 2))}…${take(chars.reverse(), Math.floor(room / 2), { isReversed: true })}`
}

function take(chars: readonly string[], width: number, { isReversed = false } = {}): string {
  const taken: string[] = []
  let used = 0
  for (const char of chars) {
    used += charWidth(char)
    if (used > width) break
    taken.push(char)
  }
  return (isReversed ? taken.reverse() : taken).join('')
}

export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** `text` broken at spaces into lines of at most `width` columns; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** `1 version`, `2 versions`. */
export const count = (n: number, noun: string, plural = `${noun}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? noun : plural}`

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`
  const unit = n < 1024 ** 2 ? 1 : n < 1024 ** 3 ? 2 : 3
  const amount = n / 1024 ** unit
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${['', 'KiB', 'MiB', 'GiB'][unit]}`
}

/** Milliseconds as a person reads them: `12 ms`, `3.4 s`, `2 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  return seconds < 100 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`
}
