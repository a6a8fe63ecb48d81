import type { SourceStatus } from '../model/config.ts'
import { type SourceSpec, sourceName } from '../model/layer.ts'
import type { SourceState } from '../store/store.ts'

/** How a source fares, from what the store remembers of its last load. */
export function toStatus(spec: SourceSpec, state: SourceState | undefined): SourceStatus {
  return {
    name: sourceName(spec),
    kind: spec.kind,
    isPinned: spec.pinned === true,
    state: state?.state ?? 'ok',
    error: state?.error ?? null,
    loadedAt: state?.loadedAt ?? null,
    checkedAt: state?.checkedAt ?? null,
  }
}
