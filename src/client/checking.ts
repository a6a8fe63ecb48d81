import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type ChangeRequest, type ChangeResult, CONCEALED, type KeyChange } from '../model/config.ts'
import { HoldfastError, type Issue } from '../model/errors.ts'
import { patched, valueAt } from '../model/layer.ts'
import { fromSectionKey, type Path, parsePath, printPath } from '../model/path.ts'
import { isTree, type Tree, type Value } from '../model/value.ts'
import type { LocalSnapshot } from './local.ts'

const MOST_ISSUES = 100

/** What the code of this process's schema finds in a configuration. Its words are its own: none that quote a secret are passed on. */
export async function issuesIn(
  schema: StandardSchemaV1,
  tree: Tree,
  secrets: readonly string[],
): Promise<readonly Issue[]> {
  try {
    const { issues = [] } = await schema['~standard'].validate(tree)
    const paths = new Set(secrets)
    const texts = secrets.map((path) => String(valueAt(tree, parsePath(path)) ?? '')).filter((text) => text !== '')
    return issues.slice(0, MOST_ISSUES).map((issue) => toIssue(issue, paths, texts))
  } catch (error) {
    const kind = error instanceof Error ? error.name : typeof error
    return [{ path: '', code: 'failed', message: `the code of the schema failed with ${kind} instead of an answer` }]
  }
}

function toIssue(issue: StandardSchemaV1.Issue, secrets: ReadonlySet<string>, texts: readonly string[]): Issue {
  const path = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment))
  const printed = path.length === 0 ? '' : printPath(path)
  const { code, type } = issue as { readonly code?: unknown; readonly type?: unknown }
  const word = [code, type].find((name) => typeof name === 'string') as string | undefined
  const isTelling = secrets.has(printed) || texts.some((text) => issue.message.includes(text))
  return {
    path: printed,
    code: word ?? 'custom',
    message: isTelling ? 'is refused by the code of the schema' : issue.message,
  }
}

/** Refuses a configuration that breaks this process's schema. */
export function refuseIssues(issues: readonly Issue[], what: string): void {
  if (issues.length === 0) return
  const [first] = issues
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  const where = first!.path === '' ? 'the configuration' : first!.path
  throw new HoldfastError('invalid', `${what}: ${where} ${first!.message}${more}`, { issues })
}

/** The configuration after a change, as a dry run told it; what is concealed there is taken from the request. */
export function staged(local: LocalSnapshot, request: ChangeRequest, result: ChangeResult): Tree {
  const edits = result.changes.map((change) => {
    const path = fromSectionKey(change)
    const value = valueAfter(change, path, request)
    return { path, ...(value !== undefined && { value }) }
  })
  const after = patched(local.answer.config, edits)
  return isTree(after) ? after : {}
}

function valueAfter({ newValue }: KeyChange, path: Path, { set = {} }: ChangeRequest): Value | undefined {
  if (newValue !== CONCEALED) return newValue
  return valueAt(set as Tree, path.length === 1 ? ['', ...path] : path) ?? newValue
}
