import type { ChangeEvent, ChangeResult, SourceStatus } from '../model/config.ts'
import type { Conceal } from '../model/drift.ts'
import type { Issue } from '../model/errors.ts'
import type { Path } from '../model/path.ts'
import type { Version } from '../model/version.ts'
import type { State } from './stored.ts'

/** What somebody may see of a namespace: everything that leaves the engine for them has passed through here. */
export interface View {
  /** True where nothing is left out and nothing concealed. */
  readonly isAll: boolean
  /** False where hashes are told in disguise: versions are not found by them either, which would tell whether a guess is right. */
  readonly knowsHashes: boolean
  /** True for a path whose section may be read. */
  sees(path: Path): boolean
  /** True for a path whose secret may be read. */
  opens(path: Path): boolean
  /** Refuses (`forbidden`) what is addressed by a path that may not be read, in the same words whether it is there or not. */
  require(path: Path): void
  /** Refuses (`forbidden`) to open the secrets at and below a path. */
  requireSecrets(path: Path): void
  state(state: State): State
  version(version: Version): Version
  event(event: ChangeEvent): ChangeEvent
  result(result: ChangeResult): ChangeResult
  issues(issues: readonly Issue[]): readonly Issue[]
  source(status: SourceStatus): SourceStatus
  /** Values of a past state, of which some have become secret since. */
  past(conceal: Conceal): Conceal
  /** A refusal in words that tell of nothing that may not be read. */
  error(error: unknown): unknown
}

const same = <V>(what: V): V => what
const nothing = (): void => undefined

/** The view of the holder of the store's file, and of those who may read all of a namespace and its secrets. */
export const EVERYTHING: View = Object.freeze({
  isAll: true,
  knowsHashes: true,
  sees: () => true,
  opens: () => true,
  require: nothing,
  requireSecrets: nothing,
  state: same,
  version: same,
  event: same,
  result: same,
  issues: same,
  source: same,
  past: () => (_: Path, value: Parameters<Conceal>[1]) => value,
  error: same,
})
