import { Breath } from '../engine/breath.ts'

/** Lists and objects are written member by member down to here; what lies deeper is small. */
const DEPTH = 3

/** The JSON of an answer, however long: written in pieces, with turns of the event loop between them. */
export async function toJson(value: unknown): Promise<string> {
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
