import type { Position } from '../model/errors.ts'
import type { Limits } from '../model/limits.ts'
import type { Path } from '../model/path.ts'
import type { Tree, Value } from '../model/value.ts'

export const FORMATS = ['ini', 'yaml', 'toml', 'json', 'jsonc', 'json5', 'env', 'properties'] as const
export type FormatName = (typeof FORMATS)[number]

/** What a text says, and where. */
export interface Parsed {
  readonly tree: Tree
  /** Where each key stands in the text, by printed path; branches and leaves alike. */
  readonly positions: ReadonlyMap<string, Position>
}

/** One key to write (`value`) or to take out (no `value`) in a text that is otherwise left as it is. */
export interface Edit {
  readonly path: Path
  readonly value?: Value
}

export interface ParseOptions {
  /** What to call the text in a refusal: a file's path, a URL. */
  readonly file: string
  readonly limits: Limits
}

/** One notation of configuration. Refusals are `HoldfastError`s: `syntax` with file, line and column, `too-large`, `unsupported`. */
export interface Format {
  readonly name: FormatName
  /** True where values have no type of their own (INI, dotenv, properties): all leaves are strings, for the schema to read. */
  readonly isText: boolean
  parse(text: string, options: ParseOptions): Parsed
  /** The whole tree as a text that `parse` reads back as the same tree. */
  render(tree: Tree): string
  /** `text` with only these keys changed; every other byte stays. Absent where a notation is not edited in place. */
  edit?(text: string, edits: readonly Edit[], options: ParseOptions): string
}
