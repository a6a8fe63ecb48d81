import { type Path, printPath } from '../model/path.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'
import { type EnvOutline, readEnv } from './dotenv-read.ts'
import type { Edit, Format } from './format.ts'
import { cannotSay, makeFormat, oneByOne, textOf } from './notation.ts'
import type { SourceText } from './source-text.ts'
import { insertLines, removeLines, type Splice } from './splice.ts'

/**
 * Variables as npm's `dotenv` reads them, one key each. A tree of sections is written as `SERVER_PORT=…`: upper case, joined by `_`,
 * other characters as `_`, empty objects left out, so that only a flat tree reads back as itself.
 */
export const dotenv: Format = makeFormat<EnvOutline>({
  name: 'env',
  isText: true,
  read: readEnv,
  shape,
  write: (tree) =>
    Object.entries(tree)
      .map(([key, value]) => `${key}=${quote([key], value as string)}\n`)
      .join(''),
  splices: oneByOne(splices),
})

function shape(tree: Tree): Tree {
  const flat = new Map<string, { readonly path: Path; readonly text: string }>()
  for (const [path, value] of variables(tree, [])) {
    const name =
      path.length === 1 ? path[0]! : path.map((segment) => segment.toUpperCase().replace(/[^A-Z0-9]/g, '_')).join('_')
    const other = flat.get(name)
    if (other) throw cannotSay(path, `the variable ${name} is taken by ${printPath(other.path)}`)
    if (!/^[\w.-]+$/.test(name)) throw cannotSay(path, 'not the name of a variable')
    const text = textOf(value, path)
    if (typeof text !== 'string') throw cannotSay(path, 'a variable has no null')
    flat.set(name, { path, text })
  }
  return Object.fromEntries([...flat].map(([name, { text }]) => [name, text]))
}

function* variables(tree: Tree, at: Path): Generator<readonly [Path, Value]> {
  for (const [key, value] of Object.entries(tree)) {
    if (isTree(value)) yield* variables(value, [...at, key])
    else yield [[...at, key], value]
  }
}

/** The value bare where it is plain, else in the first quotes that keep it; each is checked by reading it back. */
function quote(path: Path, value: string): string {
  if (/^[\w./:@%+,=-]*$/.test(value)) return value
  const escaped = value.replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  const isOpen = value.endsWith('\\')
  if (!isOpen && !value.includes("'") && !value.includes('\r')) return `'${value}'`
  if (!isOpen && !/"|\\[nr]/.test(value)) return `"${escaped}"`
  if (!isOpen && !value.includes('`') && !value.includes('\r')) return `\`${value}\``
  if (/^[^\s#"'`]([^\r\n#]*[^\s#])?$/.test(value)) return value
  throw cannotSay(path, 'no quotes of dotenv can hold this value')
}

function splices({ text }: SourceText, outline: EnvOutline, { path, value }: Edit): Splice[] | undefined {
  if (path.length > 1 || isTree(value) || value === null) return undefined
  const entry = outline.get(path[0]!)
  if (value === undefined) return entry && [removeLines(text, entry.from, entry.valueTo)]
  const body = quote(path, value as string)
  if (!entry) return [insertLines(text, text.length, [`${path[0]}=${body}`])]
  return [
    { from: entry.valueFrom, to: entry.valueTo, text: likeBefore(text[entry.valueFrom], value as string) ?? body },
  ]
}

/** The quotes of the value before, where they hold the new one. */
function likeBefore(quote: string | undefined, value: string): string | undefined {
  if ((quote !== "'" && quote !== '"' && quote !== '`') || value.includes(quote) || /[\\\r\n]/.test(value))
    return undefined
  return quote + value + quote
}
