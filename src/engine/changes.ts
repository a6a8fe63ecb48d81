import { type Authorship, type Staged, type Step, stage, toSteps } from '../model/change.ts'
import { coerceText, coerceValue } from '../model/coerce.ts'
import type { ChangeRequest } from '../model/config.ts'
import { HoldfastError, type Issue } from '../model/errors.ts'
import { withValue } from '../model/layer.ts'
import { withinLimit } from '../model/limits.ts'
import { type Path, parsePath, printPath } from '../model/path.ts'
import { type Action, authorise, authorisePath, authoriseWhole } from '../model/principal.ts'
import type { SchemaReader } from '../model/schema.ts'
import { isSealed, mapStrings } from '../model/secret.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { checkKey, isTree, type Tree, toValue, type Value } from '../model/value.ts'
import type { Cause } from '../model/version.ts'
import type { Caller, Parts } from './parts.ts'
import type { Proposal, Propose } from './proposal.ts'
import { requireValid, shadowed } from './rules.ts'
import type { State } from './stored.ts'

/** A caller's change as a job for the writer: staged, protected and validated on whatever state it then finds. */
export function changeJob(parts: Parts, caller: Caller, request: ChangeRequest): Propose {
  return async (state) => {
    requireVersion(state, request.ifVersion)
    const reader = await parts.rules.reader(state)
    const steps = readRequest(parts, state.snapshot, reader, request)
    return proposeSteps(parts, state, caller, steps, {
      cause: 'change',
      description: caller.reason,
      ...(request.dryRun && { dryRun: true }),
    })
  }
}

/** Every path that a request speaks of, as the change would write it; before anything is read that a refusal could tell of. */
export function pathsOf({ set = {}, unset = [], mask = [] }: ChangeRequest): readonly Path[] {
  const inSet = Object.entries(set).flatMap(([section, values]) =>
    section === '' && isTree(values) ? Object.keys(values).map((key) => [key]) : [[section]],
  )
  return [...unset.map(parsePath), ...mask.map(parsePath), ...inSet]
}

/** Refuses (`forbidden`) a caller who may not write one of `paths`. */
export function authorisePaths({ namespace }: Parts, { who }: Caller, paths: readonly Path[]): void {
  authorise(who, 'config:write', namespace)
  for (const path of paths) authorisePath(who, 'config:write', namespace, path)
}

/** The last word, whatever led here: overrides in sections that the caller may not write do not move. */
export function authoriseStaged(parts: Parts, caller: Caller, { overrides }: Staged, action: Action = 'config:write') {
  authoriseNames(
    parts,
    caller,
    overrides.map(({ path }) => path),
    action,
  )
}

/** Refuses paths that the caller did not name, and so does not name them either. */
export function authoriseNames(
  { namespace }: Parts,
  { who }: Caller,
  paths: readonly Path[],
  action: Action = 'config:write',
): void {
  const reach = authorise(who, action, namespace)
  if (!paths.every((path) => reach.has(path[0]!))) authoriseWhole(who, action, namespace)
}

/** What a version is besides its steps. */
export interface Purpose {
  readonly cause: Cause
  readonly description?: string | null
  readonly dryRun?: boolean
}

/** The proposal that `steps` make on `state`; none where they change nothing. Refuses what would not be valid or could not take effect. */
async function proposeSteps(
  parts: Parts,
  state: State,
  caller: Caller,
  steps: readonly Step[],
  purpose: Purpose,
): Promise<Proposal | undefined> {
  const { staged, after, author } = await stageSteps(parts, state, caller, steps)
  authoriseStaged(parts, caller, staged)
  const asked = steps.filter((step) => step.kind !== 'unset').map((step) => step.path)
  requireValid(shadowed(after.snapshot, asked))
  if (staged.overrides.length === 0) return undefined
  requireValid(await parts.rules.issues(after))
  return toProposal(state, caller, { staged, after, author }, purpose)
}

/** Overrides staged by other means than steps (restore, revert), checked alike. */
export async function proposeStaged(
  parts: Parts,
  state: State,
  caller: Caller,
  plan: { readonly staged: Staged; readonly author: Authorship },
  purpose: Purpose,
): Promise<Proposal | undefined> {
  authoriseStaged(parts, caller, plan.staged)
  if (plan.staged.overrides.length === 0) return undefined
  const after: State = { ...state, snapshot: plan.staged.after, ahead: state.ahead + 1 }
  const kept = plan.staged.overrides.filter((change) => change.after !== undefined)
  requireValid(
    await findings(
      parts,
      after,
      kept.map((change) => change.path),
    ),
  )
  return toProposal(state, caller, { ...plan, after }, purpose)
}

function toProposal(
  before: State,
  caller: Caller,
  { staged, after, author }: { readonly staged: Staged; readonly after: State; readonly author: Authorship },
  purpose: Purpose,
): Proposal {
  return {
    before,
    after,
    staged,
    cause: purpose.cause,
    description: purpose.description ?? null,
    dryRun: purpose.dryRun ?? false,
    sourceIp: caller.who.sourceIp,
    tags: [],
    baseline: false,
    ...author,
  }
}

/** All findings about a change, as data. */
export async function validateSteps(
  parts: Parts,
  state: State,
  caller: Caller,
  steps: readonly Step[],
): Promise<readonly Issue[]> {
  const { staged, after } = await stageSteps(parts, state, caller, steps)
  authoriseStaged(parts, caller, staged, 'config:read')
  return findings(
    parts,
    after,
    steps.map((step) => step.path),
  )
}

async function stageSteps(
  parts: Parts,
  state: State,
  caller: Caller,
  steps: readonly Step[],
): Promise<{ staged: Staged; after: State; author: Authorship }> {
  const author = authorOf(parts, caller)
  const staged = stage(state.snapshot, await protect(parts, state, steps), author)
  return { staged, after: { ...state, snapshot: staged.after, ahead: state.ahead + 1 }, author }
}

export function authorOf(parts: Parts, caller: Caller): Authorship {
  return {
    createdAt: parts.now().toISOString(),
    createdBy: caller.who.name,
    reason: caller.reason,
    comment: caller.comment,
    origin: { versionId: 0 },
  }
}

async function findings(parts: Parts, after: State, paths: readonly Path[]): Promise<readonly Issue[]> {
  const blocked = shadowed(after.snapshot, paths)
  return blocked.length > 0 ? blocked : parts.rules.issues(after)
}

/** Secret values become ciphertext before anything is staged, stored, logged or compared. */
async function protect(parts: Parts, state: State, steps: readonly Step[]): Promise<readonly Step[]> {
  const reader = await parts.rules.reader(state)
  const isSecret = (step: Step): boolean =>
    step.kind === 'set' && !isSealed(step.value) && holdsSecret(reader, step.path, step.value)
  if (!steps.some(isSecret)) return steps
  await parts.secrets.prepare(state.snapshot)
  return steps.map((step) => {
    if (step.kind !== 'set' || !isSecret(step)) return step
    return { ...step, value: parts.secrets.seal(step.path, step.value, state.snapshot.sealedAt(step.path)) }
  })
}

function holdsSecret(reader: SchemaReader | undefined, path: Path, value: Value): boolean {
  return reader !== undefined && reader.secretPathsIn(withValue({}, path, value) as Tree).length > 0
}

/**
 * Refuses (`conflict`) a change that was made for another version than the current one. Where versions are ahead that are not committed yet, the
 * current one will be a number that nobody has been told: which it is, depends on what other namespaces take.
 */
export function requireVersion(state: State, expected: number | undefined): void {
  const found = (state.version?.id ?? 0) + state.ahead
  if (expected === undefined || (expected === found && state.ahead === 0)) return
  throw new HoldfastError(
    'conflict',
    `the current version is ${found}, not ${expected}: look at what changed, then try again`,
    {
      expected,
      found,
    },
  )
}

/** The request's words as steps: unset first, then mask, then set, so that one change may move a key out of another's way. */
function readRequest(
  parts: Parts,
  snapshot: Snapshot,
  reader: SchemaReader | undefined,
  request: ChangeRequest,
): readonly Step[] {
  const steps: Step[] = [
    ...(request.unset ?? []).map((path): Step => ({ kind: 'unset', path: parsePath(path) })),
    ...(request.mask ?? []).map((path): Step => ({ kind: 'mask', path: checkPath(parts, parsePath(path)) })),
    ...Object.entries(request.set ?? {}).flatMap(([section, values]) =>
      readSection(parts, section, values).flatMap(([path, input]) =>
        readValue(parts, snapshot, reader, path, input, request.isText),
      ),
    ),
  ]
  withinLimit(parts.limits, 'operations', steps.length, 'the number of operations in one change')
  return steps
}

/** Refuses a path that no key can have: too many segments, or one that is too long or holds control characters. */
function checkPath({ limits }: Parts, path: Path): Path {
  withinLimit(limits, 'depth', path.length - 1, 'the nesting of a path')
  for (const segment of path) checkKey(segment, limits, 'the change')
  return path
}

/** `{ section: { key: value } }`; what stands directly under a name that is no object is a key outside any section. */
function readSection(parts: Parts, section: string, input: unknown): readonly (readonly [Path, Value])[] {
  const values = toValue(input, parts.limits, `the change of ${section === '' ? 'keys outside any section' : section}`)
  if (!isTree(values)) return [[[section], values]]
  if (section === '') return Object.entries(values).map(([key, value]) => [[key], value])
  const keys = Object.entries(values)
  return keys.length === 0 ? [[[section], values]] : keys.map(([key, value]) => [[section, key], value])
}

/** One key's value as steps, read as the type the schema asks for. */
export function readValue(
  parts: Parts,
  snapshot: Snapshot,
  reader: SchemaReader | undefined,
  path: Path,
  input: Value,
  isText = false,
): readonly Step[] {
  checkPath(parts, path)
  const value = isText
    ? mapStrings(input, (text, rest) => fromText(parts, snapshot, reader, [...path, ...rest], text))
    : coerceValue(reader, path, input, parts.limits)
  const steps = toSteps(path, value, parts.limits)
  for (const step of steps) if (step.kind === 'set' && isSealed(step.value)) refuseSealed(step.path)
  return steps
}

function refuseSealed(path: Path): never {
  const what = printPath(path)
  throw new HoldfastError('malformed', `the value of ${what} begins as only an encrypted secret may`, { what })
}

/** Text that is JSON is read as such where the key is not known to hold text. */
function fromText(parts: Parts, snapshot: Snapshot, reader: SchemaReader | undefined, path: Path, text: string): Value {
  const value = coerceText(reader, path, text, parts.limits)
  const isJson = /^\s*[[{]/.test(text) && typeof value === 'string'
  if (!isJson || typeof snapshot.sealedAt(path) === 'string' || reader?.describe(path).types !== undefined) return value
  try {
    return toValue(JSON.parse(text), parts.limits, printPath(path))
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    return value
  }
}
