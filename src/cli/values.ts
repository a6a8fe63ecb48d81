import { CONCEALED, type KeyChange, type VersionDifference } from '../model/config.ts'
import { fromSectionKey, printPath, type SectionKey } from '../model/path.ts'
import { equal, type Value } from '../model/value.ts'
import type { Printer } from './print.ts'
import { ellipsise, visible, widthOf } from './text.ts'

/** Texts that a reader could take for another type, or not see the ends of. */
const isAmbiguous = (text: string): boolean =>
  /^$|^\s|\s$|^["'[{–]|^(?:true|false|null)$/.test(text) || !Number.isNaN(Number(text))

/** A value on one line, as a person reads it: texts bare unless they could be taken for something else. */
export function showValue(value: Value | undefined): string {
  if (value === undefined) return '–'
  if (typeof value !== 'string') return visible(JSON.stringify(value))
  return visible(isAmbiguous(value) ? JSON.stringify(value) : value)
}

/** The printed path of a section and key. */
export const pathOf = (key: SectionKey): string => printPath(fromSectionKey(key))

/** A list of differences in the form `--json` gives: an absent side is null, the operation tells it from a null. */
export const changeDocument = ({ operation, section, key, oldValue, newValue }: KeyChange) => ({
  operation,
  section,
  key,
  oldValue: oldValue ?? null,
  newValue: newValue ?? null,
})

/** A change in effect, by what was there before and after. */
export interface Difference {
  readonly path: string
  readonly before?: Value | undefined
  readonly after?: Value | undefined
}

export const toDifference = (change: KeyChange): Difference => ({
  path: pathOf(change),
  before: change.oldValue,
  after: change.newValue,
})

/** `~ server.port  4949 → 5050`, cut to the width of the page. */
export function differenceLine(
  { path, before, after }: Difference | VersionDifference,
  print: Pick<Printer, 'room' | 'paint'>,
  indent = '  ',
): string {
  const sign = signOf(before, after)
  const room = print.room - indent.length - 2
  const shownPath = ellipsise(visible(path), Math.max(20, Math.floor(room * 0.6)))
  const shown = valuesLine(before, after, Math.max(20, room - widthOf(shownPath) - 2))
  return `${indent}${print.paint(STYLE[sign], `${sign} ${shownPath}`)}  ${shown}`
}

const STYLE = { '+': 'green', '−': 'red', '~': 'yellow', '=': 'dim' } as const

/** `=` where only the override came or went and the value in effect stayed; of secrets nobody is told whether it did. */
function signOf(before: Value | undefined, after: Value | undefined): keyof typeof STYLE {
  if (before === undefined) return after === undefined ? '=' : '+'
  if (after === undefined) return '−'
  return equal(before, after) && before !== CONCEALED ? '=' : '~'
}

function valuesLine(before: Value | undefined, after: Value | undefined, width: number): string {
  if (signOf(before, after) === '=') return ellipsise(`${showValue(after)} (as before)`, width)
  if (before === undefined || after === undefined)
    return ellipsise(showValue(before === undefined ? after : before), width)
  const [from, to] = [showValue(before), showValue(after)]
  if (widthOf(from) + widthOf(to) + 3 <= width) return `${from} → ${to}`
  const half = Math.floor((width - 3) / 2)
  const left = Math.max(half, width - 3 - widthOf(to))
  const cut = ellipsise(from, left)
  return `${cut} → ${ellipsise(to, width - 3 - widthOf(cut))}`
}
