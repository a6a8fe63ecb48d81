import { type ChangeEvent, type ChangeResult, CONCEALED, type KeyChange } from '../model/config.ts'
import type { Conceal } from '../model/drift.ts'
import { isResealed } from '../model/drift.ts'
import { HoldfastError } from '../model/errors.ts'
import { patched, valueAt, withValue } from '../model/layer.ts'
import { fromSectionKey, type Path, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { concealed } from '../model/secret.ts'
import { EMPTY, isBranch, type Tree, type Value } from '../model/value.ts'
import type { Version, VersionId } from '../model/version.ts'
import type { Delta } from '../store/store.ts'
import { Breath } from './breath.ts'
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
  const isUnchanged = isResealed(parts.secrets)
  const shown = changes.map((change) => {
    const path = fromSectionKey(change)
    if (reader?.isRestart(path) && !isUnchanged(path, change.oldValue, change.newValue))
      restartRequired.add(printPath(path))
    return concealChange(change, reader?.isSecret(path) ?? false)
  })
  return { version, changes: shown, restartRequired: [...restartRequired] }
}

/** One event for each version of a delta, oldest first. */
export async function eventsOf(parts: Parts, delta: Delta): Promise<readonly ChangeEvent[]> {
  const events: ChangeEvent[] = []
  const history = Map.groupBy(delta.history, (row) => row.versionId)
  const breath = new Breath()
  for (const version of delta.versions) {
    await breath.take()
    const rows = history.get(version.id) ?? []
    const changes = rows.map((row) => toKeyChange(row.operation, row, decode(row.oldValue), decode(row.newValue)))
    const result = await resultOf(parts, parts.head.state, version, changes)
    events.push({ ...result, version, reason: rows[0]?.reason ?? null })
  }
  return events
}

/** The events after a version; refuses (`not-found`) where what came between cannot be told version by version. */
export async function eventsAfter(parts: Parts, since: VersionId): Promise<readonly ChangeEvent[]> {
  if (!Number.isSafeInteger(since) || since < 0) {
    throw new HoldfastError('malformed', 'since is the number of a version, or 0', { what: 'since' })
  }
  const delta = await parts.store.delta(parts.namespace, since)
  if (delta.isWhole) return eventsOf(parts, delta)
  throw new HoldfastError(
    'not-found',
    `namespace ${parts.namespace} does not keep every version since ${since}: read the configuration, then watch from its version`,
    { what: String(since) },
  )
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

/** `show` for paths, trees too, by what any of the readers says of each. */
export function concealBy(...readers: readonly (SchemaReader | undefined)[]): Conceal {
  const known = new Set(readers.filter((reader) => reader !== undefined))
  return (path, value) => {
    let shown = concealed(value)
    for (const reader of known) shown = withoutSecrets(reader, path, shown)
    return shown
  }
}

function withoutSecrets(reader: SchemaReader, path: Path, value: Value | undefined): Value | undefined {
  if (!isBranch(value)) return show(value, value !== undefined && reader.isSecret(path))
  const tree = withValue(EMPTY, path, value)
  const edits = reader.secretPathsIn(tree as Tree).map((secret) => ({ path: secret, value: CONCEALED }))
  return edits.length === 0 ? value : valueAt(patched(tree, edits), path)
}

/** How a past state may be shown: what was secret then or is by now is concealed. */
export const concealPast = async (parts: Parts, ...states: readonly State[]): Promise<Conceal> =>
  concealBy(...(await Promise.all([parts.head.state, ...states].map((state) => parts.rules.reader(state)))))
