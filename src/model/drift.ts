import type { DriftEntry, OverrideDrift } from './config.ts'
import { byLeaf, type Difference, diff } from './diff.ts'
import { isMask, type Override, type Same, stateOf } from './override.ts'
import { type Path, printPath } from './path.ts'
import { isSealed } from './secret.ts'
import type { Snapshot } from './snapshot.ts'
import { equal, type Value } from './value.ts'

/** How a value may be shown: secrets concealed. */
export type Conceal = (path: Path, value: Value | undefined) => Value | undefined

/** How drift is judged and shown. */
export interface DriftWays {
  readonly isKnown: (path: Path) => boolean
  readonly conceal: Conceal
  /** Equality, unless told otherwise. */
  readonly isSame?: Same
}

/** Every override with what the base says under it, and what became of that base since. */
export function overrideDrift(snapshot: Snapshot, ways: DriftWays): readonly DriftEntry[] {
  return Array.from(allOverrides(snapshot), (override) => toEntry(snapshot, override, ways))
}

function toEntry(snapshot: Snapshot, override: Override, { isKnown, conceal, isSame }: DriftWays): DriftEntry {
  const base = snapshot.baseAt(override.path)
  const expected = conceal(override.path, base)
  const actual = conceal(override.path, override.value)
  return {
    kind: 'override',
    path: printPath(override.path),
    section: override.section,
    key: override.key,
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
    state: stateOf(override, base, isKnown(override.path), isSame),
    isMask: isMask(override),
    version: override.origin.versionId,
    who: override.createdBy,
    when: override.createdAt,
    why: override.reason,
  }
}

/** The overrides that differ from their base, as `[base, override]` by section and key. */
export function detectDrift(
  snapshot: Snapshot,
  { conceal, isSame = (_, one, other) => equal(one, other) }: Omit<DriftWays, 'isKnown'>,
  only?: string,
): OverrideDrift {
  const sections = new Map<string, [string, readonly [Value | undefined, Value | undefined]][]>()
  for (const group of snapshot.overrides.values()) {
    for (const { section, key, path, value } of group.values()) {
      if (only !== undefined && section !== only) continue
      const base = snapshot.baseAt(path)
      if (isSame(path, base, value)) continue
      const pair = Object.freeze([conceal(path, base), conceal(path, value)] as const)
      const keys = sections.get(section)
      if (keys === undefined) sections.set(section, [[key, pair]])
      else keys.push([key, pair])
    }
  }
  return Object.fromEntries([...sections].map(([section, keys]) => [section, Object.fromEntries(keys)]))
}

/** Tells of two ciphertexts of a path whether they are one value under two keys. */
export interface Opening {
  isSame(path: Path, one: string, other: string): boolean
}

/** True for one secret under two keys: written anew, and not changed. */
export const isResealed =
  (secrets: Opening): Same =>
  (path, one, other) =>
    isSealed(one) && isSealed(other) && one !== other && secrets.isSame(path, one, other)

/** Equality of a path's values for which one secret under two keys is one value. */
export function sameIn(secrets: Opening): Same {
  const isOnlyResealed = isResealed(secrets)
  return (path, one, other) => equal(one, other) || isOnlyResealed(path, one, other)
}

/** Differences, key by key, without those that are one secret under two keys. */
export function withoutResealed(secrets: Opening, differences: readonly Difference[]): readonly Difference[] {
  const isOnlyResealed = isResealed(secrets)
  return differences.filter(({ path, before, after }) => !isOnlyResealed(path, before, after))
}

/** Where what is in effect differs from the version that was declared to be what is meant. */
export function baselineDrift(
  baseline: Snapshot,
  actual: Snapshot,
): readonly { readonly path: Path; readonly before?: Value; readonly after?: Value }[] {
  const names = [...new Set([...baseline.effective.keys(), ...actual.effective.keys()])].sort()
  return names.flatMap((name) => {
    const [meant, found] = [baseline.effective.get(name), actual.effective.get(name)]
    if (meant !== undefined && found !== undefined && meant.equals(found)) return []
    return byLeaf(diff(meant?.value, found?.value, [name]))
  })
}

export function* allOverrides(snapshot: Snapshot): Generator<Override> {
  for (const group of snapshot.overrides.values()) yield* group.values()
}
