import type { ChangeEvent } from '../model/config.ts'
import type { VersionId } from '../model/version.ts'
import type { Delta } from '../store/store.ts'
import { eventsOf } from './events.ts'
import type { Parts } from './parts.ts'

/** How a watcher may go on after a version it knows. */
export interface Resumption {
  /** False: what came between cannot be told version by version (purged, or another store): send the whole configuration. */
  readonly isWhole: boolean
  /** Every later version, oldest first, as `who` may see it. */
  readonly events: readonly ChangeEvent[]
}

const BROKEN: Resumption = Object.freeze({ isWhole: false, events: Object.freeze([]) })

export interface ResumeOptions {
  /** The beginning of the chain hash that `since` must have, as the view tells it: a store put back from a backup gives the same number to another version. */
  readonly chain?: string
  /** Versions told at most, the oldest. */
  readonly limit?: number
}

/** What came after a version: all of it, whatever the view shows. */
export async function resume(parts: Parts, since: VersionId, options: ResumeOptions = {}): Promise<Resumption> {
  const { store, namespace } = parts
  if (!Number.isSafeInteger(since) || since < 0) return BROKEN
  if (since > 0 && options.chain !== undefined) {
    const known = await store.find(namespace, { base: { kind: 'id', id: since }, back: 0 })
    if (known === undefined || !parts.view.version(known).chainHash.startsWith(options.chain)) return BROKEN
  }
  const delta =
    options.limit === undefined ? await store.delta(namespace, since) : await atLeast(parts, since, options.limit)
  return delta.isWhole ? { isWhole: true, events: await eventsOf(parts, first(delta, options.limit)) } : BROKEN
}

/** So many versions after `since`, or all; not many more, however long the past is. Numbers that other namespaces have are gaps in this one's. */
async function atLeast({ store, namespace, head }: Parts, since: VersionId, limit: number): Promise<Delta> {
  for (let width = limit; ; width *= 4) {
    const upTo = since + width
    const delta = await store.delta(namespace, since, upTo)
    if (!delta.isWhole || delta.versions.length >= limit || upTo >= (head.state.version?.id ?? 0)) return delta
  }
}

function first(delta: Delta, limit: number | undefined): Delta {
  if (limit === undefined || delta.versions.length <= limit) return delta
  const versions = delta.versions.slice(0, limit)
  const last = versions.at(-1)!.id
  return { ...delta, versions, history: delta.history.filter(({ versionId }) => versionId <= last) }
}
