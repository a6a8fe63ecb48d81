import type { StandardSchemaV1 } from '@standard-schema/spec'
import { HoldfastError, type Issue } from '../model/errors.ts'
import type { Limits } from '../model/limits.ts'
import { SchemaReader } from '../model/schema.ts'
import { References } from '../model/schema-refs.ts'
import { EMPTY, isTree, type Tree, toValue } from '../model/value.ts'
import { limited, MOST_ISSUES, toIssues } from './issues.ts'
import { loadPatterns, matcherOf, type PatternEngine } from './patterns.ts'
import { checkSchema } from './schema-check.ts'
import { prepare } from './schema-prepare.ts'
import { buildRunner, Exhausted } from './schema-run.ts'
import { isStandardSchema, offeredSchema, runStandard } from './standard-schema.ts'

/** A schema made ready to check whole configurations. */
export interface Validator {
  /** The JSON Schema, as the store keeps it. Of a Standard Schema: the one it offers. */
  readonly schema: Tree
  readonly reader: SchemaReader
  /** True where there are rules that only the code of this process can check. */
  readonly hasCode: boolean
  /** What breaks the rules that the kept schema can say; empty where nothing does. */
  check(tree: Tree): readonly Issue[]
  /** What breaks any rule, those of the code included. */
  validate(tree: Tree): Promise<readonly Issue[]>
}

export interface CompileOptions {
  readonly limits: Limits
}

const MOST_SCHEMAS = 20_000
const MOST_CACHED = 16
const cache = new Map<string, Promise<Validator>>()

/** Makes a JSON Schema 2020-12 or a Standard Schema ready. Refuses (`malformed`) what Holdfast could not check, naming where it stands. */
export async function compileSchema(schema: unknown, options: CompileOptions): Promise<Validator> {
  if (isStandardSchema(schema)) return compileStandard(schema, options)
  const tree = toSchema(schema, options.limits)
  const text = JSON.stringify(tree)
  const known = cache.get(text) ?? compileTree(tree)
  remember(text, known)
  return known
}

/** Keeps the newest used; a refusal is not kept. */
function remember(text: string, validator: Promise<Validator>): void {
  cache.delete(text)
  cache.set(text, validator)
  validator.catch(() => cache.delete(text))
  for (const oldest of cache.keys()) {
    if (cache.size <= MOST_CACHED) break
    cache.delete(oldest)
  }
}

/** A schema nests several levels for each level of the configuration, and its patterns are keys. */
function toSchema(schema: unknown, limits: Limits): Tree {
  if (typeof schema === 'boolean') return schema ? EMPTY : Object.freeze({ not: EMPTY })
  const value = toValue(schema, { ...limits, depth: limits.depth * 6, keyLength: 4096 }, 'the schema')
  if (isTree(value)) return value
  throw new HoldfastError('malformed', 'a schema is an object of JSON Schema keywords, true or false', {
    what: 'schema',
  })
}

async function compileTree(schema: Tree): Promise<Validator> {
  const engine = await loadPatterns()
  const refs = new References(schema)
  const size = checkSchema(schema, refs, engine)
  if (size > MOST_SCHEMAS) refuse(`it holds ${size} schemas, allowed ${MOST_SCHEMAS}`)
  const reader = new SchemaReader(schema, { matcher: matcherOf(engine) })
  reader.defaultsOf()
  const check = await checker(schema, refs, reader, engine)
  return Object.freeze({ schema, reader, hasCode: false, check, validate: async (tree: Tree) => check(tree) })
}

async function checker(
  schema: Tree,
  refs: References,
  reader: SchemaReader,
  engine: PatternEngine,
): Promise<Validator['check']> {
  const prepared = prepare(schema, refs)
  const runner = await buildRunner(prepared, engine).catch((error: unknown) => refuse((error as Error).message, error))
  return (tree) => {
    try {
      const findings = runner.run(tree)
      return findings.length === 0 ? [] : toIssues(findings, { reader, prepared, runner })
    } catch (error) {
      if (error instanceof Exhausted || error instanceof RangeError) return [TOO_MUCH]
      throw error
    }
  }
}

const TOO_MUCH: Issue = Object.freeze({
  path: '',
  code: 'too-much-work',
  message: 'takes too many steps to check against this schema; simplify its references, alternatives or patterns',
})

async function compileStandard(standard: StandardSchemaV1, options: CompileOptions): Promise<Validator> {
  const offered = offeredSchema(standard, await loadPatterns())
  const kept = await compileSchema(offered, options).catch(() => compileSchema(EMPTY, options))
  const validate = async (tree: Tree) => {
    const issues = kept.check(tree)
    const told = new Set(issues.map((issue) => issue.path))
    const more = (await runStandard(standard, tree, kept.reader, MOST_ISSUES + 1)).filter(
      (issue) => !told.has(issue.path),
    )
    return limited([...issues, ...more])
  }
  return Object.freeze({ ...kept, hasCode: true, validate })
}

function refuse(problem: string, cause?: unknown): never {
  throw new HoldfastError('malformed', `the schema cannot be used: ${problem}`, { what: 'schema' }, { cause })
}
