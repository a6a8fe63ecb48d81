import type { Tree } from '../model/value.ts'
import { isTree } from '../model/value.ts'
import type { Prepared } from './schema-prepare.ts'
import type { Finding, Runner } from './schema-run.ts'

/** A finding worth telling: of alternatives only the nearest, of a condition what it asks for and why. */
export interface Told {
  readonly finding: Finding
  /** Why the schema's author asks for it. */
  readonly because?: string
  /** Further findings that are alternatives to this one: it is enough to mend one of them. */
  readonly orElse?: readonly Finding[]
  /** What a schema of names found in the name. */
  readonly about?: Finding
}

interface Known {
  readonly prepared: Prepared
  readonly runner: Runner
}

/**
 * Takes from ajv's flat list what the failed branches of `anyOf`, `oneOf`, `if` and the like have left there, and puts the nearest
 * branch in its place. ajv lists a branch's findings right before the finding of its keyword, so running the branches again counts them.
 */
export function nearestOf(findings: readonly Finding[], known: Known): Told[] {
  const told: Told[] = []
  for (let i = findings.length - 1; i >= 0; i--) {
    const finding = findings[i]!
    const branches = branchesOf(finding, known.runner)
    for (const branch of branches) i -= branch.length
    told.push(...instead(finding, branches, known).reverse())
  }
  return told.reverse()
}

interface Reference {
  readonly $ref: string
}

function branchesOf(finding: Finding, runner: Runner): (readonly Finding[])[] {
  const { keyword, params, data, instancePath } = finding
  const schema = finding.schema as unknown
  const run = (part: unknown, value = data, at = instancePath) => runner.runBranch((part as Reference).$ref, value, at)
  if (keyword === 'anyOf') return (schema as unknown[]).map((part) => run(part))
  if (keyword === 'oneOf') return tried(schema as unknown[], params).map((part) => run(part))
  if (keyword === 'if') return [run(finding.parentSchema![params['failingKeyword'] as string])]
  if (keyword === 'propertyNames') return [run(schema, params['propertyName'])]
  if (keyword === 'contains') return itemsTried(finding, (item, index) => run(schema, item, `${instancePath}/${index}`))
  return []
}

/** ajv stops at the second alternative that fits. */
function tried(parts: unknown[], params: Record<string, unknown>): unknown[] {
  const passing = params['passingSchemas'] as readonly number[] | null
  return passing ? parts.slice(0, passing[1]! + 1) : parts
}

/** ajv stops at the first item that is one too many. */
function itemsTried({ data, params }: Finding, run: (item: unknown, index: number) => readonly Finding[]) {
  const found: (readonly Finding[])[] = []
  const most = (params['maxContains'] as number | undefined) ?? Number.POSITIVE_INFINITY
  let fitting = 0
  for (const [index, item] of (data as unknown[]).entries()) {
    const findings = run(item, index)
    found.push(findings)
    if (findings.length === 0 && ++fitting > most) break
  }
  return found
}

function instead(finding: Finding, branches: (readonly Finding[])[], known: Known): Told[] {
  const { keyword, params } = finding
  if (keyword === 'if') {
    const because = reasonOf(finding, known.prepared)
    return nearestOf(branches[0]!, known).map((told) => (because && !told.because ? { ...told, because } : told))
  }
  const found = params['found'] as readonly Finding[] | undefined
  if (found) return nearestOf(found, known)
  if (keyword === 'propertyNames') {
    const about = nearestOf(branches[0]!, known)[0]?.finding
    return [about ? { finding, about } : { finding }]
  }
  const isChoice = keyword === 'anyOf' || (keyword === 'oneOf' && params['passingSchemas'] === null)
  if (!isChoice) return [withReason(finding, known.prepared)]
  return choose(
    branches.map((branch) => nearestOf(branch, known)).filter((branch) => branch.length > 0),
    finding,
  )
}

function withReason(finding: Finding, prepared: Prepared): Told {
  const because =
    finding.keyword === 'dependentRequired' ? ruleText(prepared.origin.get(finding.parentSchema)) : undefined
  return because ? { finding, because } : { finding }
}

function reasonOf({ parentSchema, params }: Finding, { schema, origin }: Prepared): string | undefined {
  const { $ref } = parentSchema![params['failingKeyword'] as string] as Reference
  const definition = schema.$defs[$ref.slice('#/$defs/'.length)]
  return textOf(origin.get(definition)) ?? ruleText(origin.get(parentSchema))
}

const textOf = (schema: Tree | undefined): string | undefined => {
  const text = schema?.['description'] ?? schema?.['title']
  return typeof text === 'string' ? text : undefined
}

/** The description of a schema that is only a rule; that of a section says what the section is, not why. */
const ruleText = (schema: Tree | undefined): string | undefined =>
  isTree(schema) && !Object.hasOwn(schema, 'properties') && !Object.hasOwn(schema, 'type') ? textOf(schema) : undefined

const SIMPLE: ReadonlySet<string> = new Set(['type', 'const', 'enum'])

/** The branch that the value was most likely meant for. */
function choose(branches: Told[][], { instancePath }: Finding): Told[] {
  const isHere = ({ finding }: Told) => finding.instancePath === instancePath
  const isSimple = (told: Told) => isHere(told) && SIMPLE.has(told.finding.keyword) && !told.about
  if (branches.every((branch) => branch.every(isSimple))) return [joined(branches)]

  const ofType = branches.filter((branch) => !branch.some((told) => isHere(told) && told.finding.keyword === 'type'))
  const candidates = ofType.length > 0 ? ofType : branches
  const depth = instancePath.split('/').length + 1
  const marks = candidates.map((branch) => branch.find((told) => isMark(told, depth)))
  const unmarked = candidates.filter((_, i) => marks[i] === undefined)
  if (unmarked.length > 0) return fewest(unmarked)
  const isOneMark = marks.every((mark) => mark!.finding.instancePath === marks[0]!.finding.instancePath)
  return isOneMark && marks.length > 1 ? [joined(marks.map((mark) => [mark!]))] : fewest(candidates)
}

/** A key such as `"type": "ldap"` that tells alternatives apart. */
const isMark = ({ finding }: Told, depth: number): boolean =>
  (finding.keyword === 'const' || finding.keyword === 'enum') && finding.instancePath.split('/').length === depth

const fewest = (branches: Told[][]): Told[] =>
  branches.reduce((best, branch) => (branch.length < best.length ? branch : best))

function joined(branches: Told[][]): Told {
  const [first, ...others] = branches.flatMap((branch) =>
    branch.flatMap((told) => [told.finding, ...(told.orElse ?? [])]),
  )
  return others.length > 0 ? { finding: first!, orElse: others } : { finding: first! }
}
