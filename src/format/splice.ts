/** One stretch of a text and what stands there instead; an insertion has `from` equal to `to`. */
export interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** `text` with all splices made, or `undefined` where two of them overlap. Insertions at one place keep their order. */
export function splice(text: string, splices: readonly Splice[]): string | undefined {
  const ordered = splices.toSorted((a, b) => a.from - b.from || a.to - b.to)
  const parts: string[] = []
  let at = 0
  for (const { from, to, text: instead } of ordered) {
    if (from < at || to < from) return undefined
    parts.push(text.slice(at, from), instead)
    at = to
  }
  parts.push(text.slice(at))
  return parts.join('')
}

/** The line ending a text uses: its first one. */
export const lineEnding = (text: string): string => /\r\n|\r|\n/.exec(text)?.[0] ?? '\n'

const isEnd = (code: number): boolean => code === 10 || code === 13

/** Where the line that holds `offset` ends, before its line ending. */
export function endOfLine(text: string, offset: number): number {
  let at = offset
  while (at < text.length && !isEnd(text.charCodeAt(at))) at++
  return at
}

/** Where the line after the one that holds `offset` starts. */
export function nextLine(text: string, offset: number): number {
  const end = endOfLine(text, offset)
  return text.startsWith('\r\n', end) ? end + 2 : Math.min(end + 1, text.length)
}

export function startOfLine(text: string, offset: number): number {
  let at = offset
  while (at > 0 && !isEnd(text.charCodeAt(at - 1))) at--
  return at
}

/** The blanks a line starts with. */
export const indentOf = (text: string, lineStart: number): string => {
  let at = lineStart
  while (text[at] === ' ' || text[at] === '\t') at++
  return text.slice(lineStart, at)
}

/** Whole lines put in where a line starts; at the end of a text without a last line ending, that stays so. */
export function insertLines(text: string, at: number, lines: readonly string[]): Splice {
  const end = lineEnding(text)
  const body = lines.join(end)
  const isOpen = at > 0 && !isEnd(text.charCodeAt(at - 1))
  return { from: at, to: at, text: isOpen ? end + body : body + end }
}

/** Takes out the whole lines from the one that holds `from` to the one that holds `to`. */
export function removeLines(text: string, from: number, to: number): Splice {
  return { from: startOfLine(text, from), to: nextLine(text, to), text: '' }
}
