import { Breath } from '../engine/breath.ts'

/** Lists and objects are written member by member down to here; what lies deeper is small. */
const DEPTH = 3

/** What has so few members is written at once. */
const FEW = 100

/** How many values there are in a value, a long text as several; of more than `most`, not all are counted. */
function membersOf(value: unknown, most: number): number {
  if (typeof value === 'string') return 1 + (value.length >> 10)
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const member of Object.values(value)) {
    if (count > most) break
    count += membersOf(member, most - count)
  }
  return count
}

/** The JSON of an answer, however long: written in pieces, with turns of the event loop between them. */
export async function toJson(value: unknown): Promise<string> {
  if (membersOf(value, FEW) <= FEW) return JSON.stringify(value) ?? 'null'
  const breath = new Breath()
  const pieces: string[] = []
  for (const piece of piecesOf(value, DEPTH)) {
    if (breath.isDue) await breath.take()
    pieces.push(piece)
  }
  return pieces.join('')
}

function* piecesOf(value: unknown, depth: number): Generator<string> {
  if (depth === 0 || typeof value !== 'object' || value === null) yield JSON.stringify(value) ?? 'null'
  else if (Array.isArray(value)) yield* listPieces(value)
  else yield* objectPieces(value, depth)
}

function* listPieces(list: readonly unknown[]): Generator<string> {
  let before = '['
  for (const item of list) {
    yield before
    yield JSON.stringify(item) ?? 'null'
    before = ','
  }
  yield list.length === 0 ? '[]' : ']'
}

function* objectPieces(object: object, depth: number): Generator<string> {
  let before = '{'
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue
    yield `${before}${JSON.stringify(name)}:`
    yield* piecesOf(value, depth - 1)
    before = ','
  }
  yield before === '{' ? '{}' : '}'
}
