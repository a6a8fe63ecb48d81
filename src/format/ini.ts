import { isTree, type Tree } from '../model/value.ts'
import type { Format } from './format.ts'
import { sectionLines, spliceIni } from './ini-edit.ts'
import { type IniOutline, readIni } from './ini-read.ts'
import { cannotSay, makeFormat, oneByOne, textTree } from './notation.ts'

/**
 * INI as Python's `configparser` reads it. A section's name and a key are one segment each, dots and colons included; a key without
 * `=` is `null`.
 */
export const ini: Format = makeFormat<IniOutline>({
  name: 'ini',
  isText: true,
  read: readIni,
  shape,
  write: (tree) =>
    Object.entries(tree)
      .map(([name, entries]) => `${sectionLines(name, entries as Tree).join('\n')}\n`)
      .join('\n'),
  splices: oneByOne(spliceIni),
})

function shape(tree: Tree): Tree {
  for (const [name, section] of Object.entries(tree)) {
    if (!isTree(section)) throw cannotSay([name], 'INI has no place for a key outside a section')
    for (const [key, value] of Object.entries(section)) {
      if (isTree(value)) throw cannotSay([name, key], 'INI has no sections within sections')
    }
  }
  return textTree(tree)
}
