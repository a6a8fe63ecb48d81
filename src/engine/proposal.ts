import { canonicalWhole } from '../model/canonical.ts'
import { keyChanges, type OverrideChange, type Staged } from '../model/change.ts'
import type { KeyChange } from '../model/config.ts'
import { byLeaf, type Difference, diff } from '../model/diff.ts'
import type { Fence } from '../model/lease.ts'
import { isMask, type Origin } from '../model/override.ts'
import { toSectionKey } from '../model/path.ts'
import { isSealed } from '../model/secret.ts'
import type { Cause } from '../model/version.ts'
import type { HistoryWrite, OverrideWrite, Write } from '../store/store.ts'
import { toKeyChange } from './events.ts'
import { documentWrites, encode, type State } from './stored.ts'

/** A version to be: the state after it, and what is said about it. */
export interface Proposal {
  readonly before: State
  readonly after: State
  readonly cause: Cause
  readonly description: string | null
  readonly createdAt: string
  readonly createdBy: string
  readonly sourceIp: string | null
  readonly reason: string | null
  readonly comment: string | null
  readonly staged: Staged | null
  readonly origin: Origin
  readonly tags: readonly string[]
  readonly baseline: boolean
  /** Committed only while this lease is held. */
  readonly fence?: Fence
  /** Answered, but not written. */
  readonly dryRun: boolean
}

/** Makes a proposal on the state it is given, or none where nothing would change. Called again when somebody else was first. */
export type Propose = (state: State) => Promise<Proposal | undefined>

/** A proposal's changes key by key, values as stored: of the overrides, and of the base where its layers moved. */
export interface Changes {
  readonly ofOverrides: readonly KeyChange[]
  readonly ofBase: readonly KeyChange[]
}

export function changesOf(proposal: Proposal): Changes {
  const ofOverrides = proposal.staged === null ? [] : keyChanges(proposal.before.snapshot, proposal.staged)
  const ofBase = baseChanges(proposal).map(toBaseChange)
  return { ofOverrides: ofOverrides.map(unexposed), ofBase: ofBase.map(unexposed) }
}

/** The rows that a proposal is in the store. */
export async function toWrite(proposal: Proposal, { ofOverrides, ofBase }: Changes): Promise<Write> {
  const { sha256 } = await hashing()
  return {
    cause: proposal.cause,
    description: proposal.description,
    createdAt: proposal.createdAt,
    createdBy: proposal.createdBy,
    sourceIp: proposal.sourceIp,
    reason: proposal.reason,
    comment: proposal.comment,
    configHash: sha256(canonicalWhole(proposal.after.snapshot.effective)),
    documents: documentWrites(proposal.before, proposal.after),
    overrides: (proposal.staged?.overrides ?? []).map(toOverrideWrite),
    history: [
      ...ofOverrides.map((change) => toHistory('override', change)),
      ...ofBase.map((change) => toHistory('base', change)),
    ],
    tags: proposal.tags,
    baseline: proposal.baseline,
    ...(proposal.fence && { fence: proposal.fence }),
  }
}

/** Loaded with the first write, and asked for once: an `import()` of what is there costs as much as hashing 20 kB. */
let hash: Promise<typeof import('../model/hash.ts')> | undefined

function hashing(): Promise<typeof import('../model/hash.ts')> {
  hash ??= import('../model/hash.ts')
  return hash
}

/** What a key said before it became secret is not told or written again. */
const unexposed = (change: KeyChange): KeyChange =>
  isSealed(change.newValue) && !isSealed(change.oldValue)
    ? toKeyChange(change.operation, change, undefined, change.newValue)
    : change

function toBaseChange({ path, before, after }: Difference): KeyChange {
  const operation = before === undefined ? 'CREATE' : after === undefined ? 'DELETE' : 'UPDATE'
  return toKeyChange(operation, toSectionKey(path), before, after)
}

/** Where the configuration without overrides moved. The first version records the base as found, without a row per key. */
function baseChanges({ before, after }: Proposal): readonly Difference[] {
  const [old, next] = [before.snapshot, after.snapshot]
  const isFirst = before.version === undefined && before.ahead === 0 && old.names().size === 0
  if (isFirst || old.layers === next.layers) return []
  const names = [...new Set([...old.names(), ...next.names()])].sort()
  return names.flatMap((name) => byLeaf(diff(old.withoutOverrides(name), next.withoutOverrides(name), [name])))
}

const toHistory = (layer: HistoryWrite['layer'], change: KeyChange): HistoryWrite => ({
  operation: change.operation,
  layer,
  section: change.section,
  key: change.key,
  oldValue: encode(change.oldValue),
  newValue: encode(change.newValue),
})

function toOverrideWrite({ path, after }: OverrideChange): OverrideWrite {
  const { section, key } = toSectionKey(path)
  if (after === undefined) return { section, key, value: null }
  const value = isMask(after) ? ({ text: null, type: 'mask' } as const) : encode(after.value)
  return { section, key, value, reason: after.reason, comment: after.comment, baseValue: encode(after.baseValue) }
}
