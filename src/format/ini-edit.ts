import { isTree, type Tree, type Value } from '../model/value.ts'
import type { Edit } from './format.ts'
import { type IniEntry, type IniLine, type IniOutline, type IniSection, isBlank } from './ini-read.ts'
import type { SourceText } from './source-text.ts'
import { indentOf, insertLines, lineEnding, nextLine, removeLines, type Splice, startOfLine } from './splice.ts'

/** How the lines around a new key are written: `key = value`, `key=value`, `key: value`. */
interface Manner {
  readonly indent: string
  readonly before: string
  readonly delimiter: string
  readonly after: string
}

const PLAIN: Manner = { indent: '', before: ' ', delimiter: '=', after: ' ' }

/** Where to cut and what to put for one change of an INI text. Comments stay, whatever goes. */
export function spliceIni({ text }: SourceText, outline: IniOutline, { path, value }: Edit): Splice[] | undefined {
  const [name, key] = path
  const section = outline.get(name!)
  if (path.length === 1) return wholeSection(text, outline, section, name!, value)
  if (path.length > 2 || !section || isTree(value)) return undefined

  const entry = section.entries.get(key!)
  if (!entry) return value === undefined ? undefined : [addEntry(text, outline, section, key!, value)]
  return value === undefined ? removeEntry(text, entry) : setEntry(text, entry, value)
}

function wholeSection(
  text: string,
  outline: IniOutline,
  section: IniSection | undefined,
  name: string,
  value: Value | undefined,
): Splice[] | undefined {
  if (section) return value === undefined ? removeSection(text, section) : undefined
  if (!isTree(value)) return undefined
  const manner = { ...mannerOf(text, lastEntry(outline)), indent: '' }
  const lines = [`[${name}]`, ...Object.entries(value).flatMap(([key, leaf]) => entryLines(key, leaf, manner))]
  const hasBlankBefore = text === '' || /(\r\n|\r|\n)[ \t]*(\r\n|\r|\n)$/.test(text.slice(-200))
  return [insertLines(text, text.length, hasBlankBefore ? lines : ['', ...lines])]
}

/** A whole section in text, as `render` and a new section write it. */
export const sectionLines = (name: string, entries: Tree): string[] => [
  `[${name}]`,
  ...Object.entries(entries).flatMap(([key, value]) => entryLines(key, value, PLAIN)),
]

function entryLines(key: string, value: Value, { indent, before, delimiter, after }: Manner): string[] {
  if (value === null) return [indent + key]
  const [first = '', ...rest] = String(value).split('\n')
  const head = `${indent}${key}${before}${delimiter}`
  return [first === '' ? head : head + after + first, ...rest.map((line) => (line === '' ? '' : `${indent}\t${line}`))]
}

const lastEntry = (outline: IniOutline): IniEntry | undefined => {
  let last: IniEntry | undefined
  for (const { entries } of outline.values()) for (const entry of entries.values()) last = entry
  return last
}

function mannerOf(text: string, entry: IniEntry | undefined): Manner {
  if (!entry) return PLAIN
  const indent = indentOf(text, startOfLine(text, entry.from))
  if (entry.delimiter === undefined) return { ...PLAIN, indent }
  const before = entry.delimiter > entry.keyEnd ? ' ' : ''
  const value = entry.lines[0]!
  const hasBlank = value.from === value.to ? before !== '' : value.from > entry.delimiter + 1
  return { indent, before, delimiter: text[entry.delimiter]!, after: hasBlank ? ' ' : '' }
}

function addEntry(text: string, outline: IniOutline, section: IniSection, key: string, value: Value): Splice {
  const last = [...section.entries.values()].at(-1)
  const manner = last
    ? mannerOf(text, withDelimiter(section) ?? last)
    : { ...mannerOf(text, lastEntry(outline)), indent: '' }
  const indent = last ? mannerOf(text, last).indent : ''
  const at = nextLine(text, last ? last.lines.at(-1)!.to : section.to)
  return insertLines(text, at, entryLines(key, value, { ...manner, indent }))
}

const withDelimiter = (section: IniSection): IniEntry | undefined =>
  [...section.entries.values()].findLast((entry) => entry.delimiter !== undefined)

const removeEntry = (text: string, { from, lines }: IniEntry): Splice[] => [
  removeLines(text, from, from),
  ...lines.slice(1).map((line) => removeLines(text, line.from, line.to)),
]

const removeSection = (text: string, section: IniSection): Splice[] => [
  removeLines(text, section.from, section.to),
  ...[...section.entries.values()].flatMap((entry) => removeEntry(text, entry)),
]

function setEntry(text: string, entry: IniEntry, value: Value): Splice[] {
  const { keyEnd, delimiter, lines } = entry
  const [first, ...rest] = lines
  if (value === null)
    return [{ from: keyEnd, to: first!.to, text: '' }, ...rest.map((line) => removeLines(text, line.from, line.to))]

  const wanted = String(value).split('\n')
  if (delimiter === undefined) return setBare(text, entry, wanted)
  const head = setFirst(text, entry, wanted[0]!)
  return wanted.length === 1 && rest.length === 0 ? head : [...head, ...setRest(text, entry, rest, wanted.slice(1))]
}

function setBare(text: string, { from, keyEnd, lines }: IniEntry, wanted: readonly string[]): Splice[] {
  const indent = indentOf(text, startOfLine(text, from))
  const [, ...more] = entryLines('', wanted.join('\n'), { ...PLAIN, indent })
  return [{ from: keyEnd, to: lines[0]!.to, text: [` = ${wanted[0]}`.trimEnd(), ...more].join(lineEnding(text)) }]
}

/** The text beside the key; a delimiter with a blank before it gets one after it too. */
function setFirst(text: string, { keyEnd, delimiter, lines }: IniEntry, wanted: string): Splice[] {
  const { from, to } = lines[0]!
  if (text.slice(from, to) === wanted) return []
  const at = from === to ? afterBlank(text, delimiter! + 1, from) : from
  const needsBlank = wanted !== '' && at === delimiter! + 1 && from === to && delimiter! > keyEnd
  return [{ from: at, to: Math.max(at, to), text: needsBlank ? ` ${wanted}` : wanted }]
}

const afterBlank = (text: string, from: number, to: number): number =>
  from < to && isBlank(text, from) ? from + 1 : from

/** The lines below: those that stay the same at both ends are not touched, so that comments between them stay in place. */
function setRest(text: string, entry: IniEntry, old: readonly IniLine[], wanted: readonly string[]): Splice[] {
  const said = old.map(({ from, to }) => text.slice(from, to))
  let head = 0
  while (head < said.length && head < wanted.length && said[head] === wanted[head]) head++
  let tail = 0
  while (tail < said.length - head && tail < wanted.length - head && said.at(-1 - tail) === wanted.at(-1 - tail)) tail++

  const indent = indentOfRest(text, entry)
  const write = (line: string): string => (line === '' ? '' : indent + line)
  const gone = old.slice(head, old.length - tail)
  const come = wanted.slice(head, wanted.length - tail)
  const splices = gone.map((line, i) =>
    i < come.length ? replaceLine(text, line, write(come[i]!)) : removeLines(text, line.from, line.to),
  )
  const more = come.slice(gone.length).map(write)
  if (more.length === 0) return splices
  const last = entry.lines[head + gone.length]!
  return [...splices, insertLines(text, nextLine(text, last.to), more)]
}

const replaceLine = (text: string, { from, to }: IniLine, instead: string): Splice =>
  from === to || instead === '' || instead.trim() === ''
    ? { from: startOfLine(text, from), to, text: instead }
    : { from, to, text: instead.trimStart() }

function indentOfRest(text: string, { from, lines }: IniEntry): string {
  const sample = lines.slice(1).find((line) => line.from < line.to)
  return sample
    ? text.slice(startOfLine(text, sample.from), sample.from)
    : `${indentOf(text, startOfLine(text, from))}\t`
}
