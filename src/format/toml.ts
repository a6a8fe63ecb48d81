import type { Format } from './format.ts'
import { makeFormat, oneByOne } from './notation.ts'
import { spliceToml } from './toml-edit.ts'
import { readToml, type TomlNode } from './toml-read.ts'
import { tableLines } from './toml-write.ts'

/** TOML 1.0, and what 1.1 adds. Dates and times are text as written; an array of tables is one value. */
export const toml: Format = makeFormat<TomlNode>({
  name: 'toml',
  isText: false,
  read: readToml,
  write: (tree) =>
    tableLines(tree)
      .map((line) => `${line}\n`)
      .join(''),
  splices: oneByOne(spliceToml),
})
