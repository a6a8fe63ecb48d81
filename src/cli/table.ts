import { ellipsise, pad, visible, widthOf, wrap } from './text.ts'

export interface Column {
  readonly title: string
  /** The fewest columns it may be squeezed to; a column without it is never cut. */
  readonly least?: number
  readonly isRight?: boolean
}

/** Colours a cell's text, which is already cut and padded. */
export type Paint = (text: string) => string

export interface Cell {
  readonly text: string
  readonly paint?: Paint
}

/**
 * Rows in aligned columns of at most `room` together. Where they do not fit, the widest squeezable columns give way first and their
 * cells are cut in the middle, so that a table never breaks.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | Cell)[])[],
  options: { readonly room: number; readonly paintTitle: Paint },
): string[] {
  const cells = rows.map((row) => row.map((cell) => clean(typeof cell === 'string' ? { text: cell } : cell)))
  const natural = columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[i]?.text ?? ''))),
  )
  const widths = squeeze(natural, columns, options.room)
  const titles = columns.map(({ title }) => ({ text: title, paint: options.paintTitle }))
  return [titles, ...cells].map((row) => line(row, columns, widths))
}

const clean = (cell: Cell): Cell => ({ ...cell, text: visible(cell.text) })

const NARROWEST = 4

function squeeze(natural: readonly number[], columns: readonly Column[], width: number): number[] {
  const widths = [...natural]
  const gentle = columns.map(({ least, title }) => (least === undefined ? undefined : Math.max(least, widthOf(title))))
  const hard = columns.map(({ least }) => (least === undefined ? undefined : NARROWEST))
  let excess = widths.reduce((sum, each) => sum + each, 0) + 2 * (columns.length - 1) - width
  for (const floors of [gentle, hard]) {
    for (let widest = widestOf(widths, floors); excess > 0 && widest >= 0; widest = widestOf(widths, floors)) {
      widths[widest]!--
      excess--
    }
  }
  return widths
}

/** The widest column above its floor, -1 where all are down to theirs. */
function widestOf(widths: readonly number[], floors: readonly (number | undefined)[]): number {
  let widest = -1
  for (const [i, floor] of floors.entries()) {
    const mayShrink = floor !== undefined && widths[i]! > floor
    if (mayShrink && (widest < 0 || widths[i]! > widths[widest]!)) widest = i
  }
  return widest
}

function line(row: readonly Cell[], columns: readonly Column[], widths: readonly number[]): string {
  const parts = row.map(({ text, paint }, i) => {
    const cut = ellipsise(text, widths[i]!)
    const isLast = i === row.length - 1
    const painted = paint ? paint(cut) : cut
    const gap = ' '.repeat(Math.max(0, widths[i]! - widthOf(cut)))
    if (columns[i]!.isRight) return gap + painted
    return isLast ? painted : painted + gap
  })
  return parts.join('  ').trimEnd()
}

/** `name  text` pairs in two columns, the second wrapped to what is left of `width`. */
export function pairs(
  rows: readonly (readonly [string, string])[],
  options: { readonly width: number; readonly paintTitle: Paint },
): string[] {
  const left = Math.max(...rows.map(([name]) => widthOf(name)))
  const room = Math.max(20, options.width - left - 2)
  return rows.flatMap(([name, text]) => {
    const lines = wrap(visible(text), room).map((line) => ellipsise(line, room))
    return lines.map((line, i) =>
      i === 0 ? `${options.paintTitle(pad(name, left))}  ${line}` : `${pad('', left)}  ${line}`,
    )
  })
}
