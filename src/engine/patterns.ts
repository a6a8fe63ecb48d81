import type { RE2JS } from 're2js'
import { type Matcher, SchemaReader } from '../model/schema.ts'
import type { Schema } from '../model/schema-keywords.ts'
import { isPlainPattern } from '../model/schema-patterns.ts'
import { isTree, type Value } from '../model/value.ts'

const MOST_INSTRUCTIONS = 5_000

export interface Pattern {
  readonly test: (text: string) => boolean
  /** What a test costs for each character of the text. */
  readonly size: number
}

/** Compiles the regular expressions of schemas, in time linear in the text whatever they say. Throws where re2 cannot. */
export type PatternEngine = (pattern: string) => Pattern

/** The engine, loaded when first needed. */
export async function loadPatterns(): Promise<PatternEngine> {
  const { RE2JS } = await import('re2js')
  const known = new Map<string, Pattern>()
  return (pattern) => {
    const found = known.get(pattern) ?? compile(RE2JS, pattern)
    known.set(pattern, found)
    return found
  }
}

function compile(engine: typeof RE2JS, pattern: string): Pattern {
  const expression = engine.compile(engine.translateRegExp(pattern))
  const size = expression.programSize()
  if (size > MOST_INSTRUCTIONS) throw new RangeError(`it is too large: ${size} steps, allowed ${MOST_INSTRUCTIONS}`)
  return { size, test: (text) => expression.test(text) }
}

/** The matcher for a `SchemaReader`; a pattern that is refused elsewhere matches every key, which is careful with secrets. */
export function matcherOf(engine: PatternEngine): Matcher {
  return (pattern) => {
    try {
      return engine(pattern).test
    } catch {
      return () => true
    }
  }
}

/** A reader of `schema` that loads no validator, and the engine for regular expressions only where a key pattern needs it. */
export async function openReader(schema: Schema): Promise<SchemaReader> {
  const needsEngine = isTree(schema) && !keyPatterns(schema).every(isPlainPattern)
  return new SchemaReader(schema, needsEngine ? { matcher: matcherOf(await loadPatterns()) } : {})
}

function keyPatterns(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap(keyPatterns)
  if (!isTree(value)) return []
  return Object.entries(value).flatMap(([key, child]) => [
    ...(key === 'patternProperties' && isTree(child) ? Object.keys(child) : []),
    ...(key === 'pattern' && typeof child === 'string' ? [child] : []),
    ...keyPatterns(child),
  ])
}
