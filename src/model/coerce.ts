import { printDecimal } from './decimal.ts'
import { LIMITS, type Limits } from './limits.ts'
import type { Path } from './path.ts'
import type { SchemaReader, Shape } from './schema.ts'
import { isAnything } from './schema-shape.ts'
import { isTree, type Tree, toValue, type Value } from './value.ts'

/** Without a schema: text is a number or a boolean only where writing it back gives the same text. */
export function inferText(text: string): Value {
  if (text === 'true' || text === 'false') return text === 'true'
  if (!/^-?\d+(\.\d+)?$/.test(text)) return text
  const number = Number(text)
  const isExact = !Number.isInteger(number) || Number.isSafeInteger(number)
  return isExact && String(number) === text ? number : text
}

/** Text as the type the schema asks for at `path`, where nothing is lost; else as it is, so that validation names what is wrong. */
export function coerceText(reader: SchemaReader | undefined, path: Path, text: string, limits: Limits = LIMITS): Value {
  if (!reader) return inferText(text)
  const shape = reader.shapeAt(path)
  if (isAnything(shape)) return reader.isSecret(path) ? text : inferText(text)
  return toShape(shape, text, limits)
}

/** `coerceText` for every text in a layer of texts (INI, environment). Lists and other values stay. */
export function coerceTree(reader: SchemaReader | undefined, tree: Tree, limits: Limits = LIMITS): Tree {
  return mapTexts(tree, [], (path, text) => coerceText(reader, path, text, limits)) as Tree
}

/** A library caller's value: text becomes what the schema asks for, and stays text where the schema does not say. */
export function coerceValue(
  reader: SchemaReader | undefined,
  path: Path,
  value: Value,
  limits: Limits = LIMITS,
): Value {
  if (!reader) return value
  return mapTexts(value, path, (at, text) => {
    const shape = reader.shapeAt(at)
    return isAnything(shape) ? text : toShape(shape, text, limits)
  })
}

function mapTexts(value: Value, at: Path, change: (path: Path, text: string) => Value): Value {
  if (typeof value === 'string') return change(at, value)
  if (!isTree(value)) return value
  const entries = Object.entries(value).map(([key, child]): [string, Value] => [
    key,
    mapTexts(child, [...at, key], change),
  ])
  return Object.freeze(Object.fromEntries(entries))
}

function toShape(shape: Shape, text: string, limits: Limits): Value {
  if (shape.free.has('string') || shape.literals.includes(text)) return text
  const trimmed = text.trim()
  const literal = shape.literals.find((item) => typeof item !== 'string' && says(item, trimmed))
  if (literal !== undefined) return literal
  return toFreeType(shape, trimmed, limits) ?? (shape.free.has('null') && trimmed === 'null' ? null : text)
}

function toFreeType({ free }: Shape, text: string, limits: Limits): Value | undefined {
  const number = free.has('integer') ? toNumber(text, free.has('number')) : undefined
  if (number !== undefined) return number
  const boolean = free.has('boolean') ? toBoolean(text) : undefined
  if (boolean !== undefined) return boolean
  return (free.has('array') && text.startsWith('[')) || (free.has('object') && text.startsWith('{'))
    ? toStructure(text, limits)
    : undefined
}

function says(literal: Value, text: string): boolean {
  if (typeof literal === 'number') return toNumber(text, true) === literal
  if (typeof literal === 'boolean') return toBoolean(text) === literal
  return literal === null && text === 'null'
}

const NUMERAL = /^[+-]?(\d+\.?\d*|\.\d+)$/
const WITH_EXPONENT = /^[+-]?(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,4}$/

/** The number a numeral says, if a double holds exactly the decimal that is written. */
function toNumber(text: string, takesFractions: boolean): number | undefined {
  if (text.length > 400 || !(NUMERAL.test(text) || (takesFractions && WITH_EXPONENT.test(text)))) return undefined
  const number = Number(text)
  if (!Number.isFinite(number) || printDecimal(text) !== printDecimal(String(number))) return undefined
  if (!takesFractions && !Number.isInteger(number)) return undefined
  return number === 0 ? 0 : number
}

/** The words that configparser takes for a boolean, in any case. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'off', '0'].map((word) => [word, false] as const),
])

const toBoolean = (text: string): boolean | undefined => BOOLEANS.get(text.toLowerCase())

/** A list or an object written as JSON, unless one of its numbers is more exact than a double. */
function toStructure(text: string, limits: Limits): Value | undefined {
  let isExact = true
  const keep = (_: string, value: unknown, context?: { readonly source?: string }) => {
    const source = typeof value === 'number' ? context?.source : undefined
    if (source !== undefined && printDecimal(source) !== printDecimal(String(value))) isExact = false
    return value
  }
  try {
    const parsed: unknown = JSON.parse(text, keep)
    return isExact ? toValue(parsed, limits) : undefined
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}
