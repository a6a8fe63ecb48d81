import { type ChangeEvent, type ChangeResult, CONCEALED, type KeyChange } from '../model/config.ts'
import { fromSectionKey, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { concealed } from '../model/secret.ts'
import type { Value } from '../model/value.ts'
import type { Version } from '../model/version.ts'
import type { Delta } from '../store/store.ts'
import type { Parts } from './parts.ts'
import { decode, type State } from './stored.ts'

/** What a caller is told of a change: secrets concealed, restarts named. */
export async function resultOf(
  parts: Parts,
  state: State,
  version: Version | null,
  changes: readonly KeyChange[],
): Promise<ChangeResult> {
  const reader = await parts.rules.reader(state)
  const restartRequired = new Set<string>()
  const shown = changes.map((change) => {
    const path = fromSectionKey(change)
    if (reader?.isRestart(path)) restartRequired.add(printPath(path))
    return concealChange(change, reader?.isSecret(path) ?? false)
  })
  return { version, changes: shown, restartRequired: [...restartRequired] }
}

/** One event for each version of a delta, oldest first. */
export async function eventsOf(parts: Parts, delta: Delta): Promise<readonly ChangeEvent[]> {
  const events: ChangeEvent[] = []
  for (const version of delta.versions) {
    const rows = delta.history.filter((row) => row.versionId === version.id)
    const changes = rows.map((row) => toKeyChange(row.operation, row, decode(row.oldValue), decode(row.newValue)))
    const result = await resultOf(parts, parts.head.state, version, changes)
    events.push({ ...result, version, reason: rows[0]?.reason ?? null })
  }
  return events
}

export function toKeyChange(
  operation: KeyChange['operation'],
  { section, key }: { readonly section: string; readonly key: string },
  oldValue: Value | undefined,
  newValue: Value | undefined,
): KeyChange {
  return {
    operation,
    section,
    key,
    ...(oldValue !== undefined && { oldValue }),
    ...(newValue !== undefined && { newValue }),
  }
}

function concealChange(change: KeyChange, isSecret: boolean): KeyChange {
  const { oldValue, newValue } = change
  return toKeyChange(change.operation, change, show(oldValue, isSecret), show(newValue, isSecret))
}

/** A value as it may be shown: not at all where the schema calls it secret, and never ciphertext. */
export function show(value: Value | undefined, isSecret: boolean): Value | undefined {
  return value !== undefined && isSecret ? CONCEALED : concealed(value)
}

/** `show` for paths, by what the reader says of each. */
export const concealBy =
  (reader: SchemaReader | undefined) =>
  (path: readonly string[], value: Value | undefined): Value | undefined =>
    show(value, reader?.isSecret(path) ?? false)
