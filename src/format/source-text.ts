import { HoldfastError, type Position } from '../model/errors.ts'
import { type Limits, withinLimit } from '../model/limits.ts'
import { printSegment } from '../model/path.ts'
import { checkKey } from '../model/value.ts'
import type { ParseOptions } from './format.ts'

/** How much longer than the largest source all its printed paths together may be: dotted keys must not multiply a text. */
const PATHS_PER_SOURCE = 8

/** A text being read: knows its lines, collects the positions of its keys, and refuses with file, line and column. */
export class SourceText {
  readonly text: string
  readonly file: string
  readonly limits: Limits
  readonly positions = new Map<string, Position>()
  #lineStarts: number[] | undefined
  #pathLength = 0

  constructor(text: string, options: ParseOptions) {
    this.text = text
    this.file = options.file
    this.limits = options.limits
  }

  /** Line and column of an offset; lines end as editors end them. */
  at(offset: number): Position {
    this.#lineStarts ??= lineStarts(this.text)
    const starts = this.#lineStarts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }

  /** Notes where the key `key` below the printed path `parent` stands, and returns its own printed path. */
  mark(parent: string, key: string, offset: number): string {
    this.check(offset, () => checkKey(key, this.limits, this.file))
    const path = parent === '' ? printSegment(key) : `${parent}.${printSegment(key)}`
    this.#pathLength += path.length
    this.check(offset, () =>
      withinLimit(
        this.limits,
        'sourceBytes',
        Math.ceil(this.#pathLength / PATHS_PER_SOURCE),
        'the text with its keys written out',
      ),
    )
    if (!this.positions.has(path)) this.positions.set(path, this.at(offset))
    return path
  }

  /** Refuses a value that a store cannot keep: NUL, half of a surrogate pair. */
  string(value: string, offset: number): string {
    if (value.includes('\0')) this.refuse(offset, 'a NUL character, which a store cannot keep')
    if (!value.isWellFormed()) this.refuse(offset, 'half of a surrogate pair; text must be well-formed Unicode')
    return value
  }

  /** Refuses nesting beyond the limit before any recursion goes there. */
  nest(depth: number, offset: number): void {
    if (depth > this.limits.depth) this.check(offset, () => withinLimit(this.limits, 'depth', depth, 'the nesting'))
  }

  /** The first key wins the right to its name; a second one is refused, naming both. */
  duplicate(offset: number, key: string, first: number, where = ''): never {
    return this.refuse(offset, `duplicate key ${JSON.stringify(key)}${where} (first at line ${this.at(first).line})`)
  }

  refuse(offset: number, message: string): never {
    const { line, column } = this.at(offset)
    throw new HoldfastError('syntax', `${this.file}:${line}:${column}: ${message}`, { file: this.file, line, column })
  }

  /** Runs a check of the model and says where in the text it failed. */
  check(offset: number, run: () => void): void {
    try {
      run()
    } catch (error) {
      if (HoldfastError.is(error, 'too-large')) {
        const { line, column } = this.at(offset)
        throw new HoldfastError('too-large', `${this.file}:${line}:${column}: ${error.message}`, error.details)
      }
      if (HoldfastError.is(error, 'malformed')) this.refuse(offset, error.message)
      throw error
    }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) starts.push(index + end.length)
  return starts
}
