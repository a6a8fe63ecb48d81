import { type Authorship, type Desired, type Staged, type Step, stage, stageDesired } from '../model/change.ts'
import type { RestoreRequest } from '../model/config.ts'
import { byLeaf, type Difference, diff } from '../model/diff.ts'
import { allOverrides, sameIn, withoutResealed } from '../model/drift.ts'
import { HoldfastError } from '../model/errors.ts'
import { type Layer, leaves, valueAt, withValue } from '../model/layer.ts'
import type { Override } from '../model/override.ts'
import { isWithin, type Path, parsePath, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { Snapshot } from '../model/snapshot.ts'
import { EMPTY, equal, isBranch, type Tree, type Value } from '../model/value.ts'
import { Breath } from './breath.ts'
import { authoriseNames, authoriseStaged, authorOf, proposeStaged, requireVersion } from './changes.ts'
import { sealTree } from './loading.ts'
import type { Caller, Parts } from './parts.ts'
import type { Propose } from './proposal.ts'
import { type State, toDocuments } from './stored.ts'

/** Back to `target`: its overrides, and, unless only these were asked for, what else it takes to make the effective values equal. */
export function restoreJob(parts: Parts, caller: Caller, target: State, request: RestoreRequest): Propose {
  return async (state) => {
    requireVersion(state, request.ifVersion)
    const author = authorOf(parts, caller)
    const meant = await protectedNow(parts, state, target.snapshot)
    const asked = askedOf(request)
    if (asked !== undefined) authoriseNames(parts, caller, asked)
    const chosen = chosenIn(state.snapshot, meant, asked)
    const put = stageDesired(state.snapshot, chosen.names, desired(state.snapshot, meant, chosen), author)
    const differences = request.mode === 'overrides' ? [] : differencesIn(put.after, meant, chosen)
    const staged = settle(state.snapshot, put, differences, author)
    authoriseStaged(parts, caller, staged)
    if (request.mode !== 'overrides') requireEqual(staged.after, meant, chosen)
    return proposeStaged(
      parts,
      state,
      caller,
      { staged, author },
      {
        cause: 'restore',
        description: `restore of version ${target.version!.id}${partOf(request)}`,
        ...(request.dryRun && { dryRun: true }),
      },
    )
  }
}

/** Undoes what `undone` did since `before`, where nothing later has touched the same keys. */
export function revertJob(
  parts: Parts,
  caller: Caller,
  undone: State,
  before: State,
  request: RestoreRequest,
): Propose {
  const isSame = sameIn(parts.secrets)
  return async (state) => {
    requireVersion(state, request.ifVersion)
    const author = authorOf(parts, caller)
    const from = await protectedNow(parts, state, before.snapshot)
    const to = await protectedNow(parts, state, undone.snapshot)
    const changed = changedOverrides(parts, from, to)
    const moved = withoutResealed(parts.secrets, effectiveDifferences(from, to, state.snapshot))
    authoriseNames(parts, caller, [...changed, ...moved.map(({ path }) => path)])
    requireUntouched(parts, state, { undone: { ...undone, snapshot: to }, changed, moved })
    const put = stageDesired(state.snapshot, namesOf(changed), reverted(state.snapshot, from, changed), author)
    const differences = moved.flatMap(({ path, before: meant }) => differenceAt(path, put.after.sealedAt(path), meant))
    const staged = settle(state.snapshot, put, withoutResealed(parts.secrets, differences), author)
    const lost = moved
      .filter(({ path, before: meant }) => !isSame(path, staged.after.sealedAt(path), meant))
      .map(({ path }) => path)
    if (lost.length > 0) throw unreachable(lost)
    return proposeStaged(
      parts,
      state,
      caller,
      { staged, author },
      {
        cause: 'restore',
        description: `revert of version ${undone.version!.id}`,
        ...(request.dryRun && { dryRun: true }),
      },
    )
  }
}

/** A past state as it may be written today: what the schema calls secret by now is encrypted. */
async function protectedNow(parts: Parts, now: State, past: Snapshot): Promise<Snapshot> {
  const reader = await parts.rules.reader(now)
  const known = { documents: now.snapshot.effective }
  const breath = new Breath()
  for (const { value } of past.effective.values()) if (value !== undefined) await breath.take() // each is read by being asked for
  const tree = past.sealedTree()
  const sealed = await sealTree(parts, tree, reader, known)
  const before = [...allOverrides(past)]
  const after = await Promise.all(before.map((override) => sealOverride(parts, override, reader, known)))
  if (sealed === tree && after.every((override, i) => override === before[i])) return past
  const groups = Map.groupBy(after, ({ path }) => path[0]!)
  const overrides = new Map(
    [...groups].map(([name, group]) => [name, new Map(group.map((one) => [printPath(one.path), one]))]),
  )
  return new Snapshot({ layers: past.layers, overrides, effective: toDocuments(sealed) })
}

async function sealOverride(
  parts: Parts,
  override: Override,
  reader: SchemaReader | undefined,
  known: Pick<Layer, 'documents'>,
): Promise<Override> {
  if (override.value === undefined) return override
  const tree = withValue(EMPTY, override.path, override.value) as Tree
  const sealed = await sealTree(parts, tree, reader, known)
  return sealed === tree ? override : { ...override, value: valueAt(sealed, override.path)! }
}

/** Overrides for what putting back overrides left different, because the base under them has moved since. */
function settle(before: Snapshot, put: Staged, differences: readonly Difference[], author: Authorship): Staged {
  if (differences.length === 0) return put
  const steps = differences.flatMap(({ path, after }): readonly Step[] => {
    if (after === undefined) return [{ kind: 'mask', path }]
    const values = isBranch(after)
      ? [...leaves(after)].map(([rest, leaf]) => [[...path, ...rest], leaf] as const)
      : [[path, after] as const]
    return values.map(([at, value]) => ({ kind: 'set', path: at, value }))
  })
  const settled = stage(put.after, steps, author).after
  const names = new Set([...put.overrides, ...differences].map(({ path }) => path[0]!))
  return stageDesired(before, names, overridesUnder(settled, names), author)
}

const differenceAt = (path: Path, found: Value | undefined, meant: Value | undefined): readonly Difference[] =>
  diff(found, meant, path)

/** What of two versions a restore is about. */
interface Chosen {
  /** Sections of which anything is. */
  readonly names: ReadonlySet<string>
  /** What is, no path below another: a section is its path. */
  readonly paths: readonly Path[]
}

/** Undefined: everything. */
const askedOf = ({ sections, paths }: RestoreRequest): readonly Path[] | undefined =>
  sections === undefined && paths === undefined
    ? undefined
    : [...(sections ?? []).map((section) => [section]), ...(paths ?? []).map(parsePath)]

function chosenIn(now: Snapshot, then: Snapshot, asked: readonly Path[] | undefined): Chosen {
  const all = new Set([...now.names(), ...now.effective.keys(), ...then.effective.keys(), ...then.overrides.keys()])
  if (asked === undefined) return { names: all, paths: Array.from(all, (name) => [name]) }
  for (const path of asked) {
    if (path.length === 1 ? all.has(path[0]!) : isIn(now, path) || isIn(then, path)) continue
    const what = printPath(path)
    throw new HoldfastError(
      'not-found',
      `there is no ${path.length === 1 ? 'section' : 'key'} ${what} in either version`,
      {
        what,
      },
    )
  }
  const outer = asked.filter((path, i) => !asked.some((other, j) => i !== j && covers(other, j, path, i)))
  return { names: new Set(outer.map((path) => path[0]!)), paths: outer }
}

/** The first of two that are equal covers the other. */
const covers = (one: Path, i: number, other: Path, j: number): boolean =>
  isWithin(other, one) && (one.length < other.length || i < j)

const isIn = (snapshot: Snapshot, path: Path): boolean =>
  snapshot.sealedAt(path) !== undefined ||
  [...snapshot.overridesOf(path[0]!)].some((override) => isWithin(override.path, path))

const isChosen = (path: Path, { paths }: Chosen): boolean => paths.some((one) => isWithin(path, one))

/** The overrides of the sections concerned as they were, and as they are where they are not chosen. */
function* desired(now: Snapshot, then: Snapshot, chosen: Chosen): Generator<Desired> {
  for (const override of overridesUnder(then, chosen.names)) if (isChosen(override.path, chosen)) yield override
  for (const override of overridesUnder(now, chosen.names)) if (!isChosen(override.path, chosen)) yield override
}

const differencesIn = (from: Snapshot, to: Snapshot, { paths }: Chosen): readonly Difference[] =>
  paths.flatMap((path) => diff(from.sealedAt(path), to.sealedAt(path), path))

const MOST_NAMED = 5

/** Which part of a version was restored, in its description. */
function partOf({ sections, paths }: RestoreRequest): string {
  const parts = [...(sections ?? []), ...(paths ?? [])]
  if (sections === undefined && paths === undefined) return ''
  const more = parts.length > MOST_NAMED ? ` and ${parts.length - MOST_NAMED} more` : ''
  return ` (${parts.slice(0, MOST_NAMED).join(', ')}${more})`
}

function* overridesUnder(snapshot: Snapshot, names: Iterable<string>): Generator<Desired> {
  for (const name of names) yield* snapshot.overridesOf(name)
}

function namesDiffer(from: Snapshot, to: Snapshot, names: Iterable<string>): readonly Difference[] {
  return [...names].flatMap((name) => diff(from.effective.get(name)?.value, to.effective.get(name)?.value, [name]))
}

/** As wholes where they stand as they came; a subtree that came or went and was touched since, key by key, so that the rest of it stays. */
function effectiveDifferences(from: Snapshot, to: Snapshot, now: Snapshot): readonly Difference[] {
  const differences = namesDiffer(from, to, new Set([...from.effective.keys(), ...to.effective.keys()]))
  return differences.flatMap((one) => {
    const isOneSided = one.before === undefined || one.after === undefined
    return isOneSided && !equal(now.sealedAt(one.path), one.after) ? byLeaf([one]) : [one]
  })
}

function requireEqual(found: Snapshot, meant: Snapshot, chosen: Chosen): void {
  const lost = byLeaf(differencesIn(found, meant, chosen)).map(({ path }) => path)
  if (lost.length > 0) throw unreachable(lost)
}

function unreachable(paths: readonly Path[]): HoldfastError {
  const names = paths.slice(0, 5).map(printPath)
  const issues = names.map((path) => ({
    path,
    code: 'shadowed',
    message: 'cannot take effect: a pinned layer decides about this key',
  }))
  return new HoldfastError(
    'invalid',
    `no override can bring back ${names.join(', ')}: a pinned layer decides about it`,
    { issues },
  )
}

/** Paths whose override differs between two states. */
function changedOverrides(parts: Parts, from: Snapshot, to: Snapshot): readonly Path[] {
  const isSame = sameIn(parts.secrets)
  const paths = new Map<string, Path>()
  for (const name of new Set([...from.overrides.keys(), ...to.overrides.keys()])) {
    const [old, next] = [from.overrides.get(name), to.overrides.get(name)]
    for (const key of new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])) {
      const [a, b] = [old?.get(key), next?.get(key)]
      const path = (a ?? b)!.path
      if (a === undefined || b === undefined || !isSame(path, a.value, b.value)) paths.set(key, path)
    }
  }
  return [...paths.values()]
}

const namesOf = (paths: readonly Path[]): ReadonlySet<string> => new Set(paths.map((path) => path[0]!))

function* reverted(now: Snapshot, then: Snapshot, changed: readonly Path[]): Generator<Desired> {
  const undone = new Set(changed.map(printPath))
  for (const name of namesOf(changed)) {
    for (const override of now.overridesOf(name)) if (!undone.has(printPath(override.path))) yield override
  }
  for (const path of changed) {
    const override = then.overrideAt(path)
    if (override !== undefined) yield override
  }
}

/** Refuses (`conflict`) where a later version changed a key that the undone one had changed. */
function requireUntouched(
  parts: Parts,
  state: State,
  {
    undone,
    changed,
    moved,
  }: { readonly undone: State; readonly changed: readonly Path[]; readonly moved: readonly Difference[] },
): void {
  const isSame = sameIn(parts.secrets)
  const sameOverride = (path: Path): boolean => {
    const [now, then] = [state.snapshot.overrideAt(path), undone.snapshot.overrideAt(path)]
    return (now === undefined) === (then === undefined) && isSame(path, now?.value, then?.value)
  }
  const touched = [
    ...changed.filter((path) => !sameOverride(path)),
    ...moved.filter(({ path, after }) => !isSame(path, state.snapshot.sealedAt(path), after)).map(({ path }) => path),
  ]
  if (touched.length === 0) return
  const paths = [...new Set(touched.map(printPath))]
  const [expected, found] = [undone.version!.id, state.version!.id]
  throw new HoldfastError(
    'conflict',
    `version ${expected} cannot be undone by itself: ${paths.join(', ')} changed again after it. Set the value you want, or restore a version`,
    { expected, found, paths },
  )
}
