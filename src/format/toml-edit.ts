import { type Path, printPath, printSegment } from '../model/path.ts'
import { isTree, type Value } from '../model/value.ts'
import type { Edit } from './format.ts'
import type { SourceText } from './source-text.ts'
import { indentOf, insertLines, lineEnding, nextLine, removeLines, type Splice, startOfLine } from './splice.ts'
import type { TomlEntry, TomlNode } from './toml-read.ts'
import { scanDate } from './toml-scan.ts'
import { tableLines, writeToml } from './toml-write.ts'

/** Where to cut and what to put for one change of a TOML text. */
export function spliceToml({ text }: SourceText, outline: TomlNode, { path, value }: Edit): Splice[] | undefined {
  let parent: TomlNode | undefined = outline
  for (const segment of path.slice(0, -1)) parent = parent?.children.get(segment)
  if (!parent) return undefined

  const target = parent.children.get(path.at(-1)!)
  if (!target) return value === undefined ? undefined : addValue(text, outline, parent, path, value)
  if (value === undefined) return removeNode(text, target)
  const isOneValue = target.kind === 'leaf' || target.kind === 'inline'
  return isOneValue ? [{ from: target.from, to: target.to, text: inStyle(text, target, value, path) }] : undefined
}

/** A value as the one before was written: its quotes, a bare date, a float, an array over several lines. */
function inStyle(text: string, { from, to }: TomlNode, value: Value, path: Path): string {
  const old = text.slice(from, to)
  const plain = writeToml(value, path)
  if (typeof value === 'string') {
    if (scanDate(old, 0) === old && scanDate(value, 0) === value) return value
    const isLiteral =
      old.startsWith("'") && !old.startsWith("'''") && !/['\u0000-\u0008\u000a-\u001f\u007f]/.test(value)
    return isLiteral ? `'${value}'` : plain
  }
  if (typeof value === 'number') return /^[+-]?\d[\d_]*[.eE]/.test(old) && /^-?\d+$/.test(plain) ? `${plain}.0` : plain
  if (Array.isArray(value) && value.length > 0 && old.startsWith('[') && /\n/.test(old))
    return overLines(text, from, old, value, path)
  return plain
}

function overLines(text: string, from: number, old: string, items: readonly Value[], path: Path): string {
  const outer = indentOf(text, startOfLine(text, from))
  const inner = /\n([ \t]*)[^\s\]#]/.exec(old)?.[1] ?? `${outer}  `
  const lines = ['[', ...items.map((item) => `${inner}${writeToml(item, path)},`), `${outer}]`]
  return lines.join(lineEnding(text))
}

function addValue(text: string, outline: TomlNode, parent: TomlNode, path: Path, value: Value): Splice[] | undefined {
  if (parent.kind === 'inline') return [addInline(parent, [path.at(-1)!], value, path)]
  if (parent.kind === 'dotted') return addDotted(text, parent, path, value)
  if (parent.kind === 'leaf' || parent.kind === 'tables') return undefined
  if (isTree(value)) return [addTable(text, tableLines(value, path))]
  if (parent.kind === 'implicit') return [addTable(text, [`[${printPath(path.slice(0, -1))}]`, line(path, value)])]

  const last = parent.entries.at(-1)
  if (last) return [addBelow(text, last, path.slice(-1), value, path)]
  return [
    parent.kind === 'root' ? addFirst(text, outline, line(path, value)) : addUnder(text, parent, line(path, value)),
  ]
}

const line = (path: Path, value: Value): string => `${printSegment(path.at(-1)!)} = ${writeToml(value, path)}`

function addTable(text: string, lines: readonly string[]): Splice {
  const hasBlankBefore = text === '' || /\n[ \t]*\r?\n$/.test(text.slice(-200))
  return insertLines(text, text.length, hasBlankBefore ? lines : ['', ...lines])
}

/** Below an entry, with its indentation and its blanks around `=`. */
function addBelow(text: string, entry: TomlEntry, key: Path, value: Value, path: Path): Splice {
  const indent = indentOf(text, startOfLine(text, entry.from))
  const between = /[ \t]/.test(text[entry.keyEnd] ?? '') ? ' = ' : '='
  return insertLines(text, nextLine(text, entry.node.to), [
    `${indent}${printPath(key)}${between}${writeToml(value, path)}`,
  ])
}

const addUnder = (text: string, { from, to }: TomlNode, body: string): Splice =>
  insertLines(text, nextLine(text, to), [indentOf(text, startOfLine(text, from)) + body])

/** The first key outside any table must stand before the first header and the comments above that. */
function addFirst(text: string, outline: TomlNode, body: string): Splice {
  const headers = headersOf(outline)
  if (headers.length === 0) return insertLines(text, text.length, [body])
  let at = startOfLine(text, Math.min(...headers))
  while (at > 0) {
    const above = startOfLine(text, text[at - 2] === '\r' ? at - 2 : at - 1)
    if (text.slice(above, at).trim() === '') break
    at = above
  }
  return insertLines(text, at, [body, ''])
}

function headersOf(part: TomlNode): number[] {
  const own = part.kind === 'table' ? [part.from] : []
  return [...own, ...[...part.children.values(), ...part.items].flatMap(headersOf)]
}

/** A table that exists only through dotted keys grows by one more of them, beside the others. */
function addDotted(text: string, parent: TomlNode, path: Path, value: Value): Splice[] | undefined {
  const found = lastEntryBelow(parent)
  if (!found) return undefined
  const { entry, levels } = found
  const key = [...entry.path.slice(0, -levels), path.at(-1)!]
  return [
    entry.owner.kind === 'inline' ? addInline(entry.owner, key, value, path) : addBelow(text, entry, key, value, path),
  ]
}

function lastEntryBelow(part: TomlNode, levels = 1): { entry: TomlEntry; levels: number } | undefined {
  for (const child of [...part.children.values()].reverse()) {
    const found = child.entry ? { entry: child.entry, levels } : lastEntryBelow(child, levels + 1)
    if (found) return found
  }
  return undefined
}

function addInline(table: TomlNode, key: Path, value: Value, path: Path): Splice {
  const body = `${printPath(key)} = ${writeToml(value, path)}`
  const last = table.entries.at(-1)
  return last
    ? { from: last.node.to, to: last.node.to, text: `, ${body}` }
    : { from: table.from, to: table.to, text: `{ ${body} }` }
}

function removeNode(text: string, target: TomlNode): Splice[] | undefined {
  return target.entry ? removeEntry(text, target.entry) : removeTable(text, target, new Set())
}

function removeEntry(text: string, entry: TomlEntry): Splice[] {
  const { owner, from, node } = entry
  if (owner.kind !== 'inline') return [removeLines(text, from, node.to)]
  const index = owner.entries.indexOf(entry)
  const next = owner.entries[index + 1]
  const previous = owner.entries[index - 1]
  if (next) return [{ from, to: next.from, text: '' }]
  return previous
    ? [{ from: previous.node.to, to: node.to, text: '' }]
    : [{ from: owner.from, to: owner.to, text: '{}' }]
}

/** A table's header with what is written under it, and the same for each table below it. */
function removeTable(text: string, table: TomlNode, gone: Set<TomlNode>): Splice[] {
  const splices: Splice[] = []
  if (table.kind === 'table') {
    gone.add(table)
    splices.push(removeLines(text, table.from, table.entries.at(-1)?.node.to ?? table.to))
  }
  for (const child of [...table.children.values(), ...table.items]) {
    if (!child.entry) splices.push(...removeTable(text, child, gone))
    else if (!gone.has(child.entry.owner)) splices.push(...removeEntry(text, child.entry))
  }
  return splices
}
