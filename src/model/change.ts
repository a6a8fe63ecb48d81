import { byteLength, canonical } from './canonical.ts'
import type { KeyChange } from './config.ts'
import { HoldfastError } from './errors.ts'
import { leaves } from './layer.ts'
import { type Limits, withinLimit } from './limits.ts'
import { isMask, type Override } from './override.ts'
import { isWithin, type Path, printPath, toSectionKey } from './path.ts'
import type { Overrides, Snapshot } from './snapshot.ts'
import { equal, isBranch, isTree, type Value } from './value.ts'
import type { Operation } from './version.ts'

/** One thing asked of the overrides. `set` gives a leaf its value; `unset` ends overrides at and below a path; `mask` takes a base key away. */
export type Step =
  | { readonly kind: 'set'; readonly path: Path; readonly value: Value }
  | { readonly kind: 'unset' | 'mask'; readonly path: Path }

/** Who asks, when and why: what an override remembers. */
export type Authorship = Pick<Override, 'createdAt' | 'createdBy' | 'reason' | 'comment' | 'origin'>

/** An override that came, was replaced, or went. */
export interface OverrideChange {
  readonly path: Path
  readonly before?: Override
  readonly after?: Override
}

/** What a change would do, before anything is stored: values still sealed. */
export interface Staged {
  readonly after: Snapshot
  readonly overrides: readonly OverrideChange[]
}

/** Applies `steps` in order to the overrides of `before`. Pure: nothing is checked against a schema and nothing is stored. */
export function stage(before: Snapshot, steps: readonly Step[], author: Authorship): Staged {
  const edits = new OverrideEdits(before.overrides)
  for (const step of steps) {
    if (step.kind === 'unset') edits.removeWithin(step.path)
    else if (step.kind === 'set') putValue(before, edits, step.path, step.value, author)
    else putMask(before, edits, step.path, author)
  }
  return { after: before.change({ overrides: edits.result }, edits.touched), overrides: edits.changes() }
}

function putValue(snapshot: Snapshot, edits: OverrideEdits, path: Path, value: Value, author: Authorship): void {
  edits.removeBlockers(path)
  edits.removeBelow(path)
  if (!equal(edits.at(path)?.value, value)) edits.put(newOverride(snapshot, path, value, author))
}

function putMask(snapshot: Snapshot, edits: OverrideEdits, path: Path, author: Authorship): void {
  edits.removeBelow(path)
  const known = edits.at(path)
  if (known !== undefined && isMask(known)) return
  edits.remove(path)
  if (snapshot.baseAt(path) !== undefined) edits.put(newOverride(snapshot, path, undefined, author))
}

function newOverride(snapshot: Snapshot, path: Path, value: Value | undefined, author: Authorship): Override {
  const baseValue = snapshot.baseAt(path)
  return Object.freeze({
    path,
    ...toSectionKey(path),
    ...(value !== undefined && { value }),
    ...(baseValue !== undefined && { baseValue }),
    createdAt: author.createdAt,
    createdBy: author.createdBy,
    reason: author.reason,
    comment: author.comment,
    origin: author.origin,
  })
}

/** The overrides while a change is staged: copies only the groups it touches. */
class OverrideEdits {
  readonly #before: Overrides
  readonly #groups: Map<string, Map<string, Override>>
  readonly #copied = new Map<string, Map<string, Override>>()

  constructor(before: Overrides) {
    this.#before = before
    this.#groups = new Map(before as Map<string, Map<string, Override>>)
  }

  get result(): Overrides {
    for (const [name, group] of this.#copied) if (group.size === 0) this.#groups.delete(name)
    return this.#groups
  }

  get touched(): Iterable<string> {
    return this.#copied.keys()
  }

  at(path: Path): Override | undefined {
    return this.#groups.get(path[0]!)?.get(printPath(path))
  }

  put(override: Override): void {
    this.#group(override.path[0]!).set(printPath(override.path), override)
  }

  remove(path: Path): void {
    this.#remove(path[0]!, (override) => override.path.length === path.length && isWithin(override.path, path))
  }

  removeWithin(path: Path): void {
    this.#remove(path[0]!, (override) => isWithin(override.path, path))
  }

  removeBelow(path: Path): void {
    this.#remove(path[0]!, (override) => override.path.length > path.length && isWithin(override.path, path))
  }

  /** Ancestors that hold a plain value would make a key below them impossible; `{}` and masks leave room for it. */
  removeBlockers(path: Path): void {
    this.#remove(
      path[0]!,
      (override) =>
        override.path.length < path.length &&
        isWithin(path, override.path) &&
        !isMask(override) &&
        !isTree(override.value),
    )
  }

  #remove(name: string, isMeant: (override: Override) => boolean): void {
    const doomed = [...(this.#groups.get(name) ?? [])].filter(([, override]) => isMeant(override))
    if (doomed.length === 0) return
    const group = this.#group(name)
    for (const [path] of doomed) group.delete(path)
  }

  #group(name: string): Map<string, Override> {
    const known = this.#copied.get(name)
    if (known !== undefined) return known
    const copy = new Map(this.#groups.get(name))
    this.#groups.set(name, copy)
    this.#copied.set(name, copy)
    return copy
  }

  changes(): readonly OverrideChange[] {
    const changes: OverrideChange[] = []
    for (const [name, group] of this.#copied) {
      const before = this.#before.get(name) ?? new Map<string, Override>()
      for (const [key, old] of before) if (!group.has(key)) changes.push({ path: old.path, before: old })
      for (const [key, after] of group) {
        const old = before.get(key)
        if (old !== after) changes.push({ path: after.path, ...(old && { before: old }), after })
      }
    }
    return changes
  }
}

/** An override as it should be, whoever sets it: without `value` a mask. */
export type Desired = Pick<Override, 'path' | 'value'>

/** Makes the overrides under `names` exactly `desired`; those that are already so keep who set them and when. */
export function stageDesired(
  before: Snapshot,
  names: Iterable<string>,
  desired: Iterable<Desired>,
  author: Authorship,
): Staged {
  const edits = new OverrideEdits(before.overrides)
  const wanted = new Map([...desired].map((one) => [printPath(one.path), one]))
  for (const name of names) {
    for (const override of before.overridesOf(name))
      if (!wanted.has(printPath(override.path))) edits.remove(override.path)
  }
  for (const { path, value } of wanted.values()) {
    const known = edits.at(path)
    if (known === undefined || !equal(known.value, value)) edits.put(newOverride(before, path, value, author))
  }
  return { after: before.change({ overrides: edits.result }, edits.touched), overrides: edits.changes() }
}

/** Overrides' changes as rows of the history: the operation on the override, the values in effect before and after. */
export function keyChanges(before: Snapshot, staged: Staged): readonly KeyChange[] {
  return staged.overrides.map(({ path, before: old, after: next }) => {
    const operation: Operation = next === undefined ? 'DELETE' : old === undefined ? 'CREATE' : 'UPDATE'
    const oldValue = before.sealedAt(path)
    const newValue = staged.after.sealedAt(path)
    return {
      operation,
      ...toSectionKey(path),
      ...(oldValue !== undefined && { oldValue }),
      ...(newValue !== undefined && { newValue }),
    }
  })
}

/** Splits an object into the leaves it sets, so that every override is of one key; refuses what the limits forbid. */
export function toSteps(path: Path, value: Value, limits: Limits): readonly Step[] {
  if (path[0] === '' && (path.length > 1 || isTree(value))) {
    throw new HoldfastError(
      'malformed',
      'the first segment of a path cannot be empty: section "" means keys outside any section',
      {
        what: printPath(path),
      },
    )
  }
  const steps: Step[] = isBranch(value)
    ? [...leaves(value)].map(([rest, leaf]) => ({ kind: 'set', path: [...path, ...rest], value: leaf }))
    : [{ kind: 'set', path, value }]
  for (const step of steps) {
    if (step.kind !== 'set') continue
    withinLimit(limits, 'valueBytes', byteLength(canonical(step.value)), `the value of ${printPath(step.path)}`)
  }
  return steps
}
