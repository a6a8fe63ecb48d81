import type { OverrideState } from './config.ts'
import type { Path, SectionKey } from './path.ts'
import { equal, type Value } from './value.ts'
import type { VersionId } from './version.ts'

/** A stored value that wins over every layer that is not pinned; without `value` it is a mask. */
export interface Override extends SectionKey {
  readonly path: Path
  readonly value?: Value
  /** What the base said when it was set. */
  readonly baseValue?: Value
  readonly createdAt: string
  readonly createdBy: string
  readonly reason: string | null
  readonly comment: string | null
  readonly origin: Origin
}

/** The version that set an override: known once it is committed, 0 until then. One object serves all overrides of a change. */
export interface Origin {
  versionId: VersionId
}

export const isMask = (override: Override): boolean => override.value === undefined

/** Whether two values of a path count as one. */
export type Same = (path: Path, one: Value | undefined, other: Value | undefined) => boolean

const EQUAL: Same = (_, one, other) => equal(one, other)

/**
 * What became of the base under an override. `base` is what the base says now; `isKnown` is false where a closed schema no longer has the key.
 * A lost key outranks an equal value, which outranks a moved base: the first that holds is what there is to do.
 */
export function stateOf(
  override: Override,
  base: Value | undefined,
  isKnown: boolean,
  isSame: Same = EQUAL,
): OverrideState {
  const { path } = override
  const isGone = base === undefined && (override.baseValue !== undefined || isMask(override))
  if (!isKnown || isGone) return 'orphaned'
  if (isSame(path, override.value, base)) return 'redundant'
  return isSame(path, override.baseValue, base) ? 'intentional' : 'stale'
}
