import type { SourceStatus } from '../model/config.ts'
import type { Tree, Value } from '../model/value.ts'
import type { Version } from '../model/version.ts'

/** An override beside the base under it, as somebody may see them; an absent side is absent. */
export interface OverridePair {
  readonly path: string
  readonly section: string
  readonly key: string
  readonly base?: Value
  readonly override?: Value
  readonly isMask: boolean
  /** False where both sides are the same value: of a secret that cannot be seen in what is shown. */
  readonly differs: boolean
}

/** All a remote `Config` keeps in memory: answer of `readSnapshot`, and data of the watch's `reset` event. */
export interface SnapshotAnswer {
  readonly version: Version | null
  /** The effective configuration: secrets concealed unless `reveal=true` was asked for and allowed. */
  readonly config: Tree
  /** Paths in `config` that hold secrets. */
  readonly secrets: readonly string[]
  /** Every active override, whether it differs from its base or not. */
  readonly overrides: readonly OverridePair[]
  readonly sources: readonly SourceStatus[]
}
