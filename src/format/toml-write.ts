import { type Path, printPath, printSegment } from '../model/path.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'
import { cannotSay } from './notation.ts'

/** A tree as the lines of TOML tables: first what is not a table, then each table under its header. */
export function tableLines(tree: Tree, path: Path = []): string[] {
  const entries = Object.entries(tree)
  const own = entries
    .filter(([, value]) => !isTree(value))
    .map(([key, value]) => `${printSegment(key)} = ${writeToml(value, [...path, key])}`)
  const below = entries.filter((entry): entry is [string, Tree] => isTree(entry[1]))
  const needsHeader = path.length > 0 && (own.length > 0 || below.length === 0)
  const lines = needsHeader ? [`[${printPath(path)}]`, ...own] : own
  for (const [key, child] of below) {
    const more = tableLines(child, [...path, key])
    if (lines.length > 0) lines.push('')
    lines.push(...more)
  }
  return lines
}

/** One value on one line. TOML has no `null`: that is refused, naming the path. */
export function writeToml(value: Value, path: Path): string {
  if (value === null) throw cannotSay(path, 'TOML has no null')
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('\x7f', '\\u007f')
  if (typeof value === 'number') return writeNumber(value)
  if (typeof value === 'boolean') return String(value)
  if (!isTree(value)) return `[${value.map((item) => writeToml(item, path)).join(', ')}]`
  const entries = Object.entries(value).map(
    ([key, child]) => `${printSegment(key)} = ${writeToml(child, [...path, key])}`,
  )
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** A whole number beyond 2^53 is written as the float it is. */
const writeNumber = (value: number): string =>
  Number.isInteger(value) && !Number.isSafeInteger(value) && !String(value).includes('e') ? `${value}.0` : String(value)
