import { leaves } from '../model/layer.ts'
import { isWithin, type Path, printPath } from '../model/path.ts'
import { isTree, type Tree } from '../model/value.ts'
import type { Edit, Format } from './format.ts'
import { cannotSay, makeFormat, oneByOne, textTree } from './notation.ts'
import { type PropertiesOutline, type PropertyEntry, readProperties } from './properties-read.ts'
import type { SourceText } from './source-text.ts'
import { insertLines, nextLine, removeLines, type Splice } from './splice.ts'

/** Java's `.properties`: `server.port=1` is the path `server.port`; a dot within a segment is written `\.`. */
export const properties: Format = makeFormat<PropertiesOutline>({
  name: 'properties',
  isText: true,
  read: readProperties,
  shape,
  write: (tree) =>
    entryLines(tree)
      .map((line) => `${line}\n`)
      .join(''),
  splices: oneByOne(splices),
})

function shape(tree: Tree): Tree {
  for (const [path, value] of leaves(tree)) {
    if (value === null) throw cannotSay(path, 'a property has no null')
    if (isTree(value)) throw cannotSay(path, 'properties have no word for an empty object')
  }
  return textTree(tree)
}

const entryLines = (tree: Tree, at: Path = []): string[] =>
  [...leaves(tree, at)].map(([path, value]) => `${path.map(escapeKey).join('.')}=${escapeValue(value as string)}`)

const NAMED: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\f': '\\f' }

const escapeKey = (segment: string): string => segment.replace(/[\\.\s=:#!]/g, (char) => NAMED[char] ?? `\\${char}`)

const escapeValue = (value: string): string => value.replace(/[\\\t\n\r\f]|^ /g, (char) => NAMED[char] ?? `\\${char}`)

function splices({ text }: SourceText, outline: PropertiesOutline, { path, value }: Edit): Splice[] | undefined {
  const exact = outline.get(printPath(path))
  const known = exact ? [exact] : [...outline.values()].filter((entry) => isWithin(entry.path, path))
  if (value === undefined) return known.map((entry) => removeLines(text, entry.from, entry.to))
  if (value === null || (isTree(value) && known.length > 0)) return undefined
  const [entry] = known
  if (entry && known.length === 1 && entry.path.length === path.length)
    return [setEntry(entry, escapeValue(value as string))]
  if (known.length > 0) return undefined

  const last = neighbour(outline, path)
  const lines = isTree(value)
    ? entryLines(value, path)
    : entryLines({ x: value }).map((line) => path.map(escapeKey).join('.') + line.slice(1))
  return [insertLines(text, last ? nextLine(text, last.to) : text.length, lines)]
}

function setEntry({ keyEnd, valueFrom, to }: PropertyEntry, body: string): Splice {
  const hasDelimiter = valueFrom > keyEnd
  return { from: valueFrom, to, text: hasDelimiter || body === '' ? body : `=${body}` }
}

/** The last entry that shares the longest beginning with `path`. */
function neighbour(outline: PropertiesOutline, path: Path): PropertyEntry | undefined {
  for (let length = path.length - 1; length > 0; length--) {
    const prefix = path.slice(0, length)
    const found = [...outline.values()].findLast((entry) => isWithin(entry.path, prefix))
    if (found) return found
  }
  return undefined
}
