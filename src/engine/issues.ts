import type { Issue } from '../model/errors.ts'
import { withValue } from '../model/layer.ts'
import { type Path, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { pointerSegments } from '../model/schema-refs.ts'
import type { TypeName } from '../model/schema-shape.ts'
import { suggest } from '../model/suggest.ts'
import { EMPTY, isTree, type Tree, type Value } from '../model/value.ts'
import { nearestOf, type Told } from './issue-nearest.ts'
import { oneOf, ruleInWords, typesInWords, whatItIs } from './issue-words.ts'
import type { Prepared } from './schema-prepare.ts'
import type { Finding, Runner } from './schema-run.ts'

/** As many as a person reads; a last one says how many are left out. */
export const MOST_ISSUES = 100

export interface IssueParts {
  readonly reader: SchemaReader
  readonly prepared: Prepared
  readonly runner: Runner
}

/** Findings in our words: the path, the rule and its limit. The value that was refused never stands in them. */
export function toIssues(findings: readonly Finding[], parts: IssueParts): readonly Issue[] {
  return limited(distinct(nearestOf(findings, parts).map((told) => issueOf(told, parts.reader))))
}

/** The first issues, and one that counts the rest. */
export function limited(issues: readonly Issue[]): readonly Issue[] {
  const rest = issues.length - MOST_ISSUES
  if (rest <= 0) return issues
  return [...issues.slice(0, MOST_ISSUES), { path: '', code: 'more', message: `${rest} more issues are not listed` }]
}

function distinct(issues: readonly Issue[]): Issue[] {
  return [...new Map(issues.map((issue) => [JSON.stringify([issue.path, issue.code, issue.message]), issue])).values()]
}

function issueOf(told: Told, reader: SchemaReader): Issue {
  const issue = told.orElse ? choiceIssue(told, reader) : plainIssue(told, reader)
  return Object.freeze(told.because ? { ...issue, message: `${issue.message} (${told.because})` } : issue)
}

function plainIssue({ finding, about }: Told, reader: SchemaReader): Issue {
  const { keyword, params, instancePath } = finding
  const at = pointerSegments(instancePath)
  const below = (key: unknown): Path => [...at, String(key)]
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(below(params['additionalProperty']), 'is not a key the schema knows', reader)
    case 'unevaluatedProperties':
      return unknownKey(below(params['name']), 'is not a key the schema knows', reader)
    case 'unevaluatedItems':
      return { path: printPath(below(params['name'])), code: keyword, message: 'is not an item the schema allows' }
    case 'propertyNames': {
      const why = about ? `: it ${ruleInWords(about, false)}` : ''
      return unknownKey(below(params['propertyName']), `is not a name the schema allows${why}`, reader)
    }
    case 'required':
      return { path: printPath(below(params['missingProperty'])), code: keyword, message: ruleInWords(finding, false) }
    case 'dependentRequired': {
      const message = `is required where ${printPath(below(params['property']))} is set`
      return { path: printPath(below(params['missingProperty'])), code: keyword, message }
    }
    default:
      return valueIssue(finding, at, reader)
  }
}

function unknownKey(path: Path, message: string, reader: SchemaReader): Issue {
  const parent = path.slice(0, -1)
  const near = suggest(path.at(-1)!, reader.knownKeys(parent))
  const issue = { path: printPath(path), code: 'unknown-key', message }
  if (near === undefined) return issue
  const didYouMean = printPath([...parent, near])
  return { ...issue, message: `${message}; did you mean ${didYouMean}?`, didYouMean }
}

function valueIssue(finding: Finding, at: Path, reader: SchemaReader): Issue {
  const literals = literalsOf(finding)
  const isSecret = hides(reader, at, literals)
  const issue = { path: printPath(at), code: codeOf(finding), message: ruleInWords(finding, isSecret) }
  const allowed = literals ?? (finding.schema === 'boolean' ? [true, false] : undefined)
  return allowed && !isSecret ? { ...issue, allowed } : issue
}

const codeOf = ({ keyword }: Finding): string => (keyword === 'false schema' ? 'not-allowed' : keyword)

/** Alternatives that ask for types and single values: one sentence with all of them. */
function choiceIssue({ finding, orElse }: Told, reader: SchemaReader): Issue {
  const all = [finding, ...orElse!]
  const at = pointerSegments(finding.instancePath)
  const literals = all.flatMap((one) => literalsOf(one) ?? [])
  const types = all.flatMap((one) => (one.keyword === 'type' ? ([one.schema].flat() as TypeName[]) : []))
  const path = printPath(at)
  if (literals.length === 0) {
    return {
      path,
      code: 'type',
      message: `must be ${typesInWords([...new Set(types)])}, not ${whatItIs(finding.data as Value)}`,
    }
  }
  if (hides(reader, at, literals))
    return { path, code: 'anyOf', message: 'must be one of the values the schema allows' }
  const words = [...(types.length > 0 ? [typesInWords([...new Set(types)])] : []), oneOf(literals)].join(' or ')
  if (types.length > 0) return { path, code: 'anyOf', message: `must be ${words}` }
  return { path, code: 'enum', message: `must be ${words}`, allowed: literals }
}

function literalsOf({ keyword, schema }: Finding): readonly Value[] | undefined {
  if (keyword === 'const') return [schema as Value]
  return keyword === 'enum' ? (schema as readonly Value[]) : undefined
}

/** True where telling what is allowed at `at` would tell of a secret. */
function hides(reader: SchemaReader, at: Path, literals: readonly Value[] | undefined): boolean {
  if (reader.isSecret(at)) return true
  const trees = (literals ?? []).filter(isTree)
  return trees.some((literal) => reader.secretPathsIn(withValue(EMPTY, at, literal) as Tree).length > 0)
}
