import { isAlias, isCollection, isMap, isScalar, type Node, type Pair, type Scalar } from 'yaml'
import { isBranch, type Value } from '../model/value.ts'
import type { Edit } from './format.ts'
import type { SourceText } from './source-text.ts'
import {
  endOfLine,
  indentOf,
  insertLines,
  lineEnding,
  nextLine,
  removeLines,
  type Splice,
  startOfLine,
} from './splice.ts'
import type { YamlBranch } from './yaml-read.ts'
import { quoteYaml, writeYaml } from './yaml-write.ts'

/** Where to cut and what to put for one change of a YAML text. */
export function spliceYaml(
  { text }: SourceText,
  outline: YamlBranch | undefined,
  { path, value }: Edit,
): Splice[] | undefined {
  const key = path.at(-1)!
  if (!outline)
    return path.length === 1 && value !== undefined
      ? [insertLines(text, text.length, pairLines(text, key, value, ''))]
      : undefined
  let branch: YamlBranch | undefined = outline
  for (const segment of path.slice(0, -1)) branch = branch?.pairs.get(segment)?.branch
  if (!branch) return undefined

  const known = branch.pairs.get(key)
  if (!known) return value === undefined ? undefined : addPair(text, branch, key, value)
  if (!isScalar(known.pair.key)) return undefined
  if (value === undefined)
    return branch.map.flow ? removeFromFlow(branch, known.pair) : removeBlock(text, branch, known.pair)
  return setValue(text, known.pair, value, branch.map.flow === true)
}

function setValue(text: string, pair: Pair, value: Value, isInFlow: boolean): Splice[] | undefined {
  const node = pair.value as Node | null
  if (!node?.range || !isNode(pair.key)) return undefined
  const [from, to] = node.range
  if (from === to) return [afterColon(text, pair.key, inline(value, 'PLAIN', isInFlow))]
  if (isScalar(node) && isBlock(node)) return [setBlockScalar(text, pair.key, node, value)]
  if (isCollection(node) && !node.flow) return setBlockCollection(text, pair.key, node, value)
  return [{ from, to, text: inline(value, isScalar(node) ? (node.type ?? 'PLAIN') : 'PLAIN', isInFlow) }]
}

const isNode = (node: unknown): node is Node => isScalar(node) || isCollection(node) || isAlias(node)
const isBlock = ({ type }: Scalar): boolean => type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'

function afterColon(text: string, key: Node, body: string): Splice {
  const at = text.indexOf(':', key.range![1]) + 1
  return { from: at, to: at, text: ` ${body}` }
}

/** A value on one line, in the quotes of the one before where it can have them. */
function inline(value: Value, type: string, isInFlow: boolean): string {
  if (typeof value === 'string') return inlineText(value, type, isInFlow)
  return writeYaml(value, { collectionStyle: 'flow', flowCollectionPadding: false }).trimEnd()
}

function inlineText(value: string, type: string, isInFlow: boolean): string {
  if (type === 'QUOTE_SINGLE' && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(value))
    return `'${value.replaceAll("'", "''")}'`
  if (type === 'QUOTE_DOUBLE' || (isInFlow && /[,[\]{}]/.test(value))) return quoteYaml(value)
  const plain = writeYaml(value).trimEnd()
  return plain.includes('\n') ? quoteYaml(value) : plain
}

/** `key: value` in as many lines as it takes, each with the indentation. */
function pairLines(text: string, key: string, value: Value, indent: string): string[] {
  const body = writeYaml({ [key]: value }, { indent: unitOf(text) }).replace(/\n$/, '')
  return body.split('\n').map((line) => (line === '' ? '' : indent + line))
}

/** One step of indentation: what the first indented key has. */
const unitOf = (text: string): number => Math.min(/\n( +)[^\s#-]/.exec(text)?.[1]?.length ?? 2, 8)

function setBlockScalar(text: string, key: Node, node: Scalar, value: Value): Splice {
  const [from, to] = node.range!
  const old = text.slice(from, to)
  const indent = indentOf(text, startOfLine(text, key.range![0]))
  const isLong = typeof value === 'string' && value.includes('\n')
  const comment = /^[^\r\n]*?([ \t]#[^\r\n]*)/.exec(old)?.[1] ?? ''
  const body = isLong
    ? pairLines(text, 'x', value, indent)
        .join(lineEnding(text))
        .slice(indent.length + 3)
    : inline(value, 'PLAIN', false) + comment
  return { from, to, text: /[\r\n]$/.test(old) ? body + lineEnding(text) : body }
}

function setBlockCollection(text: string, key: Node, node: Node, value: Value): Splice[] {
  const from = node.range![0]
  const to = endOf(text, node)
  const isFilled = isBranch(value) || (Array.isArray(value) && value.length > 0)
  if (isFilled) {
    const indent = text.slice(startOfLine(text, from), from)
    const lines = writeYaml(value, { indent: unitOf(text) })
      .trimEnd()
      .split('\n')
    return [
      {
        from,
        to,
        text: lines.map((line, i) => (i === 0 || line === '' ? line : indent + line)).join(lineEnding(text)),
      },
    ]
  }
  return [afterColon(text, key, inline(value, 'PLAIN', false)), removeLines(text, from, to)]
}

/** Where what a node says ends, without the comments and empty lines that follow. */
function endOf(text: string, node: Node): number {
  const [from, to] = node.range!
  if (!isCollection(node) || node.flow)
    return isScalar(node) && isBlock(node) && to > from ? endOfLine(text, startOfLine(text, to - 1)) : to
  const last = node.items.at(-1) as Node | Pair | undefined
  if (!last) return to
  if (!isMap(node)) return endOf(text, last as Node)
  return endOfPair(text, last as Pair)
}

function endOfPair(text: string, { key, value }: Pair): number {
  const end = (key as Node).range![1]
  if (!isNode(value) || !value.range) return end
  return Math.max(end, endOf(text, value))
}

function addPair(text: string, { map, owner }: YamlBranch, key: string, value: Value): Splice[] | undefined {
  const last = map.items.at(-1)
  if (map.flow) return [addToFlow(text, map, last, key, value)]
  const first = map.items[0]
  if (!first || !last || !isNode(first.key)) return owner ? undefined : []
  const lineStart = startOfLine(text, first.key.range![0])
  const indent = indentOf(text, lineStart)
  if (lineStart + indent.length !== first.key.range![0]) return undefined
  return [insertLines(text, nextLine(text, endOfPair(text, last)), pairLines(text, key, value, indent))]
}

function addToFlow(text: string, map: Node, last: Pair | undefined, key: string, value: Value): Splice {
  const body = `${inline(key, 'PLAIN', true)}: ${inline(value, 'PLAIN', true)}`
  if (!last) return { from: map.range![0] + 1, to: map.range![0] + 1, text: body }
  const at = endOfPair(text, last)
  return { from: at, to: at, text: `, ${body}` }
}

function removeFromFlow({ map }: YamlBranch, pair: Pair): Splice[] {
  const index = map.items.indexOf(pair)
  const next = map.items[index + 1]
  const previous = map.items[index - 1]
  const from = (pair.key as Node).range![0]
  const to = endOfPair('', pair)
  if (next) return [{ from, to: (next.key as Node).range![0], text: '' }]
  return [{ from: previous ? endOfPair('', previous) : from, to, text: '' }]
}

/** The pair's lines; a mapping that loses its last pair says `{}`. */
function removeBlock(text: string, { map, owner }: YamlBranch, pair: Pair): Splice[] {
  const lines = removeLines(text, (pair.key as Node).range![0], endOfPair(text, pair))
  if (map.items.length > 1 || !owner || !isNode(owner.key)) return [lines]
  return [afterColon(text, owner.key, '{}'), lines]
}
