import { isTree, type Value } from '../model/value.ts'
import type { Edit } from './format.ts'
import { commentEnd, type JsonDialect, type JsonMember, type JsonNode } from './json-read.ts'
import type { SourceText } from './source-text.ts'
import { endOfLine, indentOf, lineEnding, nextLine, type Splice, startOfLine } from './splice.ts'

/** What changes in one object. */
interface ObjectEdits {
  readonly set: (readonly [JsonMember, Value])[]
  readonly gone: Set<JsonMember>
  readonly come: (readonly [string, Value])[]
}

/** Where to cut and what to put in a JSON text. Comments and layout of everything else stay. */
export function spliceJson(dialect: JsonDialect) {
  return ({ text }: SourceText, outline: JsonNode, edits: readonly Edit[]): Splice[] | undefined => {
    const objects = byObject(outline, edits)
    if (!objects) return undefined
    const found = [...objects].map(([object, { set, gone, come }]) => {
      if (gone.size > 0 && come.length > 0) return undefined
      return [
        ...set.map(([member, value]) => setMember(text, member, value, dialect)),
        ...(come.length > 0 ? addMembers(text, object, come, dialect) : removeMembers(text, object, gone)),
      ]
    })
    return found.every((some) => some !== undefined) ? found.flat() : undefined
  }
}

/** The commas between members are everyone's, so the edits of one object are made together. */
function byObject(outline: JsonNode, edits: readonly Edit[]): Map<JsonNode, ObjectEdits> | undefined {
  const objects = new Map<JsonNode, ObjectEdits>()
  for (const { path, value } of edits) {
    let object: JsonNode | undefined = outline
    for (const segment of path.slice(0, -1)) object = object?.members?.get(segment)?.node
    if (!object?.members) return undefined
    const group = objects.get(object) ?? { set: [], gone: new Set(), come: [] }
    objects.set(object, group)
    const member = object.members.get(path.at(-1)!)
    if (value === undefined && !member) return undefined
    if (value === undefined) group.gone.add(member!)
    else if (member) group.set.push([member, value])
    else group.come.push([path.at(-1)!, value])
  }
  return objects
}

function setMember(text: string, { node: { from, to } }: JsonMember, value: Value, dialect: JsonDialect): Splice {
  const isSpread = /[\r\n]/.test(text.slice(from, to))
  const isFilled = typeof value === 'object' && value !== null
  const instead =
    isFilled && isSpread
      ? spread(text, value, indentOf(text, startOfLine(text, from)))
      : write(value, text[from]!, dialect)
  return { from, to, text: instead }
}

/** A value on one line; a JSON5 string keeps the quotes of the one before. */
function write(value: Value, quote: string, dialect: JsonDialect): string {
  if (typeof value !== 'string' || quote !== "'" || !dialect.json5) return JSON.stringify(value)
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

/** A value over several lines, below a line that starts with `indent`. */
const spread = (text: string, value: Value, indent: string): string =>
  JSON.stringify(value, null, unitOf(text)).replaceAll('\n', lineEnding(text) + indent)

/** One step of indentation: what the first indented line starts with. */
const unitOf = (text: string): string => /(?:\r\n|\r|\n)([ \t]+)["'\w}]/.exec(text)?.[1] ?? '  '

function addMembers(text: string, object: JsonNode, come: ObjectEdits['come'], dialect: JsonDialect): Splice[] {
  const last = [...object.members!.values()].at(-1)
  if (!last) return addFirst(text, object, come)

  const colon = text.slice(last.keyEnd, last.node.from)
  const between = /^\s*:[ \t]*$/.test(colon) ? colon : ': '
  const lineStart = startOfLine(text, last.from)
  const indent = indentOf(text, lineStart)
  const isOwnLine = lineStart + indent.length === last.from
  const bodies = come.map(([key, value]) => {
    const name = isBareKey(text, last, key, dialect) ? key : JSON.stringify(key)
    return `${name}${between}${isOwnLine && isTree(value) ? spread(text, value, indent) : JSON.stringify(value)}`
  })
  return isOwnLine
    ? addLines(
        text,
        object,
        last,
        bodies.map((body) => indent + body),
      )
    : [insertAfter(object, last, bodies.join(', '))]
}

const isBareKey = (text: string, { from }: JsonMember, key: string, dialect: JsonDialect): boolean =>
  dialect.json5 && !/["']/.test(text[from]!) && /^[A-Za-z_$][\w$]*$/.test(key)

function insertAfter({ trailingComma }: JsonNode, { node }: JsonMember, body: string): Splice {
  return trailingComma === undefined
    ? { from: node.to, to: node.to, text: `, ${body}` }
    : { from: trailingComma + 1, to: trailingComma + 1, text: ` ${body},` }
}

/** Members on lines of their own below the last one and below the comment beside it. */
function addLines(text: string, object: JsonNode, last: JsonMember, lines: readonly string[]): Splice[] {
  const end = lineEnding(text)
  const body = end + lines.join(`,${end}`)
  const comma = object.trailingComma
  const after = afterComments(text, comma === undefined ? last.node.to : comma + 1)
  if (comma !== undefined) return [{ from: after, to: after, text: `${body},` }]
  return [
    { from: last.node.to, to: last.node.to, text: ',' },
    { from: after, to: after, text: body },
  ]
}

/** Past the comments that start on this line; where one spans lines, at its end. */
function afterComments(text: string, from: number): number {
  let end = from
  for (let at = from; ; ) {
    while (text[at] === ' ' || text[at] === '\t') at++
    const next = commentEnd(text, at)
    if (next === undefined || next < 0) return end
    end = at = next
  }
}

function addFirst(text: string, { from, to }: JsonNode, come: ObjectEdits['come']): Splice[] {
  const isEmpty = text.slice(from + 1, to - 1).trim() === ''
  if (isEmpty && /[\r\n]/.test(text)) {
    return [{ from, to, text: spread(text, Object.fromEntries(come), indentOf(text, startOfLine(text, from))) }]
  }
  const body = come.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(', ')
  return [{ from: from + 1, to: from + 1, text: isEmpty ? body : `${body} ` }]
}

function removeMembers(text: string, object: JsonNode, gone: ReadonlySet<JsonMember>): Splice[] {
  const members = [...object.members!.values()]
  const lastKept = members.findLastIndex((member) => !gone.has(member))
  const tail = members.slice(lastKept + 1)
  const single = members.filter((member, i) => gone.has(member) && i < lastKept)
  const splices = single.map((member) => removeOne(text, member, commaAfter(text, member)))
  return tail.length === 0 ? splices : [...splices, ...removeTail(text, object, members[lastKept], tail)]
}

/** The last members, and the comma that the one before them no longer needs. */
function removeTail(
  text: string,
  object: JsonNode,
  kept: JsonMember | undefined,
  tail: readonly JsonMember[],
): Splice[] {
  const last = tail.at(-1)!
  const commaOf = (member: JsonMember) => (member === last ? object.trailingComma : commaAfter(text, member))
  const own = tail.map((member) => removeOne(text, member, commaOf(member)))
  if (!kept || object.trailingComma !== undefined) return own

  const comma = commaAfter(text, kept)
  const isBeside = tail.every((member) => !wholeLines(text, member.from, (commaOf(member) ?? member.node.to - 1) + 1))
  const between = tail.map((member, i) => text.slice(i === 0 ? comma + 1 : commaOf(tail[i - 1]!)! + 1, member.from))
  if (isBeside && between.every((some) => some.trim() === '')) return [{ from: comma, to: last.node.to, text: '' }]
  return [{ from: comma, to: comma + 1, text: '' }, ...own]
}

const commaAfter = (text: string, { node }: JsonMember): number => skipComments(text, node.to)

function removeOne(text: string, { from, node }: JsonMember, comma: number | undefined): Splice {
  const to = comma === undefined ? node.to : comma + 1
  return wholeLines(text, from, to) ?? { from, to: afterBlanks(text, to, comma), text: '' }
}

const afterBlanks = (text: string, to: number, comma: number | undefined): number => {
  let at = to
  while (comma !== undefined && (text[at] === ' ' || text[at] === '\t')) at++
  return at
}

/** The lines from `from` to `to`, where nothing but blanks and a comment to the line's end stands beside them. */
function wholeLines(text: string, from: number, to: number): Splice | undefined {
  const start = startOfLine(text, from)
  if (text.slice(start, from).trim() !== '') return undefined
  const rest = text.slice(to, endOfLine(text, to)).trim()
  return rest === '' || rest.startsWith('//') ? { from: start, to: nextLine(text, to), text: '' } : undefined
}

/** Past blanks and comments. */
function skipComments(text: string, from: number): number {
  for (let at = from; ; ) {
    while (/\s/.test(text[at] ?? '')) at++
    const end = commentEnd(text, at)
    if (end === undefined || end < 0) return at
    at = end
  }
}
