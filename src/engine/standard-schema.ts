import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { Issue } from '../model/errors.ts'
import { leaves, valueAt } from '../model/layer.ts'
import { type Path, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { HOLDS } from '../model/schema-keywords.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'
import type { PatternEngine } from './patterns.ts'
import { keywordProblem } from './schema-check.ts'

/** True for a schema of zod, valibot, arktype and others: code that checks, with one interface. */
export function isStandardSchema(schema: unknown): schema is StandardSchemaV1 {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false
  const standard = (schema as Partial<StandardSchemaV1>)['~standard']
  return standard?.version === 1 && typeof standard.validate === 'function'
}

/** The JSON Schema that a Standard Schema offers of itself, without what Holdfast cannot check; `{}` where it offers none. */
export function offeredSchema(schema: StandardSchemaV1, engine: PatternEngine): unknown {
  const converter = (schema['~standard'] as Partial<StandardJSONSchemaV1.Props>).jsonSchema
  if (!converter) return {}
  const attempts: StandardJSONSchemaV1.Options[] = [
    { target: 'draft-2020-12' },
    { target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } },
  ]
  for (const options of attempts) {
    try {
      return withoutUnsupported(JSON.parse(JSON.stringify(converter.input(options))) as Value, engine)
    } catch {
      // What a library cannot put into JSON Schema, its code still checks.
    }
  }
  return {}
}

function withoutUnsupported(schema: Value, engine: PatternEngine): Value {
  if (!isTree(schema)) return schema
  const kept = Object.entries(schema).flatMap(([keyword, value]): [string, Value][] => {
    const part = HOLDS.has(keyword) ? partsWithout(keyword, value, engine) : value
    return keywordProblem(keyword, part, engine) === undefined ? [[keyword, part]] : []
  })
  return Object.fromEntries(kept)
}

function partsWithout(keyword: string, value: Value, engine: PatternEngine): Value {
  const holds = HOLDS.get(keyword)
  if (holds === 'list' && Array.isArray(value)) return value.map((part) => withoutUnsupported(part, engine))
  if (holds === 'map' && isTree(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutUnsupported(part, engine)]))
  }
  return withoutUnsupported(value, engine)
}

/** What the code of a Standard Schema finds, at most `most` issues. Its words are its own, so values are taken out of them. */
export async function runStandard(
  schema: StandardSchemaV1,
  tree: Tree,
  reader: SchemaReader,
  most: number,
): Promise<readonly Issue[]> {
  try {
    const result = await schema['~standard'].validate(tree)
    if (!result.issues) return []
    const secrets = reader.secretPathsIn(tree).flatMap((path) => textsIn(valueAt(tree, path)))
    return result.issues.slice(0, most).map((issue) => toIssue(issue, tree, { reader, secrets }))
  } catch (error) {
    const kind = error instanceof Error ? error.name : typeof error
    return [{ path: '', code: 'failed', message: `the code of the schema failed with ${kind} instead of an answer` }]
  }
}

interface Hidden {
  readonly reader: SchemaReader
  readonly secrets: readonly string[]
}

function toIssue(issue: StandardSchemaV1.Issue, tree: Tree, hidden: Hidden): Issue {
  const path: Path = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment))
  const { code, type } = issue as { code?: unknown; type?: unknown }
  const word = [code, type].find((name) => typeof name === 'string') as string | undefined
  return Object.freeze({
    path: printPath(path),
    code: word ?? 'custom',
    message: safeWords(issue.message, path, tree, hidden),
  })
}

function safeWords(message: string, path: Path, tree: Tree, { reader, secrets }: Hidden): string {
  if (reader.isSecret(path) || secrets.some((secret) => message.includes(secret)))
    return 'is refused by the code of the schema'
  const quoted = textsIn(itemAt(tree, path)).map((text) => JSON.stringify(text))
  return quoted.reduce((words, text) => words.replaceAll(text, 'another value'), message)
}

function itemAt(tree: Tree, path: Path): Value | undefined {
  return path.reduce<Value | undefined>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)] as Value | undefined
    return isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined
  }, tree)
}

/** The texts and numbers in a value, as a message might quote them. */
function textsIn(value: Value | undefined): string[] {
  if (typeof value === 'string' || typeof value === 'number') return value === '' ? [] : [String(value)]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isTree(value)
    ? Array.from(leaves(value), ([, leaf]) => leaf).flatMap((leaf) => (isTree(leaf) ? [] : textsIn(leaf)))
    : []
}
