import { freeze, type Value } from '../model/value.ts'

/** More than any answer of a server within its limits, and few enough to hold: a small text can name many objects. */
const MOST_PARTS = 4_000_000
const DEPTH = 100

/** Parses JSON of a stranger, frozen; `undefined` where it is none, or is nested too deep or of too many parts to be held. */
export function parseJson(text: string): Value | undefined {
  if (!isHoldable(text)) return undefined
  try {
    return freeze(JSON.parse(text) as Value)
  } catch {
    return undefined
  }
}

/** Looks only at brackets and commas outside of strings: what is not JSON fails later. */
function isHoldable(text: string): boolean {
  let depth = 0
  let parts = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) {
      at = endOfString(text, at)
    } else if (unit === COMMA) {
      if (++parts > MOST_PARTS) return false
    } else if (unit === OPEN_LIST || unit === OPEN_TREE) {
      if (++depth > DEPTH || ++parts > MOST_PARTS) return false
    } else if (unit === CLOSE_LIST || unit === CLOSE_TREE) {
      depth--
    }
  }
  return true
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_TREE = 0x7b
const CLOSE_TREE = 0x7d

/** Where the string that begins at `start` has its closing quote: one that an even number of backslashes precedes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let from = end
    while (text.charCodeAt(from - 1) === BACKSLASH) from--
    if ((end - from) % 2 === 0) return end
  }
  return text.length
}
