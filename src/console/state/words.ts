import type { OverrideState } from '../../model/config.ts'
import type { Version } from '../../model/version.ts'

/** What made a version, in words. */
export const CAUSE_WORDS: Readonly<Record<Version['cause'], string>> = {
  change: 'change',
  source: 'base moved',
  restore: 'restore',
  snapshot: 'snapshot',
  import: 'import',
}

/** What became of the base under an override, in words. */
export const STATES: Readonly<
  Record<OverrideState, { readonly tone?: 'amber' | 'blue' | 'red'; readonly says: string }>
> = {
  intentional: { says: 'Set on purpose; the base under it has not moved.' },
  stale: { tone: 'amber', says: 'The base value has moved since this was set: does it still hold?' },
  redundant: { tone: 'blue', says: 'It equals the base: it can end without any effect.' },
  orphaned: { tone: 'red', says: 'The base or the schema no longer knows this key.' },
}
