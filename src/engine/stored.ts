import { Doc } from '../model/document.ts'
import { DEFAULTS, type Layer, type SourceSpec, sourceName } from '../model/layer.ts'
import type { Override } from '../model/override.ts'
import { fromSectionKey, printPath } from '../model/path.ts'
import { isSealed } from '../model/secret.ts'
import { type Overrides, type Reveal, Snapshot } from '../model/snapshot.ts'
import { EMPTY, type Tree, typeOf, type Value } from '../model/value.ts'
import type { StoredValue, Version } from '../model/version.ts'
import type { Delta, Document, DocumentLayer, DocumentWrite, OverrideRow, StoredState } from '../store/store.ts'

/** All that is known of a namespace at one version: what every reader starts from. */
export interface State {
  readonly version: Version | undefined
  readonly snapshot: Snapshot
  readonly specs: readonly SourceSpec[]
  /** Canonical text of the JSON Schema. */
  readonly schema: string | undefined
  /** Proposals staged after `version` that are not committed yet. */
  readonly ahead: number
}

/** A value as the store's columns hold it. Absent is not a mask: columns of old and new values know only "nothing". */
export function encode(value: Value | undefined): StoredValue {
  if (value === undefined) return { text: null, type: null }
  if (isSealed(value)) return { text: value, type: 'secret' }
  const type = typeOf(value)
  return { text: type === 'json' || type === 'list' ? Doc.of(value).text : String(value), type }
}

export function decode({ text, type }: StoredValue): Value | undefined {
  if (text === null || type === null || type === 'mask') return undefined
  if (type === 'string' || type === 'secret') return text
  return type === 'integer' || type === 'float' ? Number(text) : (JSON.parse(text) as Value)
}

export function toOverride(row: OverrideRow): Override {
  const value = decode(row.value)
  const baseValue = decode(row.baseValue)
  return Object.freeze({
    path: fromSectionKey(row),
    section: row.section,
    key: row.key,
    ...(value !== undefined && { value }),
    ...(baseValue !== undefined && { baseValue }),
    createdAt: row.createdAt,
    createdBy: row.createdBy,
    reason: row.reason,
    comment: row.comment,
    origin: { versionId: row.versionId },
  })
}

type Documents = ReadonlyMap<DocumentLayer, ReadonlyMap<string, Doc>>

/** The state that the store's rows describe. */
export function toState(stored: StoredState | undefined, reveal: Reveal): State {
  if (stored === undefined) return assemble(undefined, new Map(), new Map(), reveal)
  const documents = withDocuments(new Map(), stored.documents)
  const overrides = withOverrides(
    new Map(),
    stored.overrides.map((row) => [row, toOverride(row)]),
  )
  return assemble(stored.version, documents, overrides, reveal)
}

/** `state` brought up to what the store committed since. */
export function advance(state: State, delta: Delta, reveal: Reveal): State {
  const documents = withDocuments(documentsOf(state), delta.documents)
  const changed = delta.overrides.map((row): [{ section: string; key: string }, Override | null] => [
    row,
    row.value === null ? null : toOverride(row as OverrideRow),
  ])
  return assemble(
    delta.versions.at(-1) ?? state.version,
    documents,
    withOverrides(state.snapshot.overrides, changed),
    reveal,
  )
}

function withDocuments(known: Documents, rows: readonly (Document | DocumentWrite)[]): Documents {
  const layers = new Map([...known].map(([layer, docs]) => [layer, new Map(docs)]))
  for (const row of rows) {
    const docs = layers.get(row.layer) ?? new Map<string, Doc>()
    layers.set(row.layer, docs)
    if (row.content === null) docs.delete(row.name)
    else docs.set(row.name, Doc.parse(row.content, row.positions))
  }
  return layers
}

function withOverrides(
  known: Overrides,
  rows: readonly (readonly [{ readonly section: string; readonly key: string }, Override | null])[],
): Overrides {
  const groups = new Map([...known].map(([name, group]) => [name, new Map(group)]))
  for (const [row, override] of rows) {
    const path = override?.path ?? fromSectionKey(row)
    const group = groups.get(path[0]!) ?? new Map<string, Override>()
    if (override === null) group.delete(printPath(path))
    else group.set(printPath(path), override)
    if (group.size === 0) groups.delete(path[0]!)
    else groups.set(path[0]!, group)
  }
  return groups
}

function assemble(version: Version | undefined, documents: Documents, overrides: Overrides, reveal: Reveal): State {
  const none: ReadonlyMap<string, Doc> = new Map()
  const specs = (documents.get('$sources')?.get('')?.value ?? []) as unknown as readonly SourceSpec[]
  const layers: Layer[] = [
    {
      name: DEFAULTS,
      kind: 'default',
      isPinned: false,
      interpolates: false,
      documents: documents.get('defaults') ?? none,
    },
    ...specs.map((spec) => toLayer(spec, documents.get(sourceLayer(spec)) ?? none)),
  ]
  const snapshot = new Snapshot({ layers, overrides, effective: documents.get('effective') ?? none, reveal })
  return { version, snapshot, specs, schema: documents.get('$schema')?.get('')?.text, ahead: 0 }
}

export function toLayer(spec: SourceSpec, documents: ReadonlyMap<string, Doc>): Layer {
  return {
    name: sourceName(spec),
    kind: spec.kind,
    isPinned: spec.pinned === true,
    interpolates: spec.interpolate === true,
    documents,
  }
}

/** A source as the list of them is kept. What an inline one says is its layer, where secrets are encrypted; only who gave it can load it. */
export const keptSpec = (spec: SourceSpec): SourceSpec => (spec.kind === 'inline' ? { ...spec, values: EMPTY } : spec)

const sourceLayer = (spec: SourceSpec): DocumentLayer => `source:${sourceName(spec)}`

/** Every document of a state, by the store's names for layers. */
export function documentsOf(state: State): Documents {
  const documents = new Map<DocumentLayer, ReadonlyMap<string, Doc>>([['effective', state.snapshot.effective]])
  for (const layer of state.snapshot.layers) {
    documents.set(layer.kind === 'default' ? 'defaults' : `source:${layer.name}`, layer.documents)
  }
  if (state.specs.length > 0) documents.set('$sources', new Map([['', Doc.of(state.specs as unknown as Value)]]))
  if (state.schema !== undefined) documents.set('$schema', new Map([['', Doc.parse(state.schema)]]))
  return documents
}

/** The documents that differ between two states, as the store writes them. */
export function documentWrites(before: State, after: State): readonly DocumentWrite[] {
  const isBaseSame =
    before.snapshot.layers === after.snapshot.layers && before.specs === after.specs && before.schema === after.schema
  if (isBaseSame) return layerWrites('effective', before.snapshot.effective, after.snapshot.effective)
  const [old, next] = [documentsOf(before), documentsOf(after)]
  return [...new Set([...old.keys(), ...next.keys()])].flatMap((layer) =>
    layerWrites(layer, old.get(layer), next.get(layer)),
  )
}

function layerWrites(
  layer: DocumentLayer,
  from: ReadonlyMap<string, Doc> = new Map(),
  to: ReadonlyMap<string, Doc> = new Map(),
): readonly DocumentWrite[] {
  const writes: DocumentWrite[] = []
  if (from === to) return writes
  for (const name of from.keys()) if (!to.has(name)) writes.push({ layer, name, content: null })
  for (const [name, doc] of to) {
    if (!doc.equals(from.get(name))) writes.push({ layer, name, content: doc.text, positions: doc.positions })
  }
  return writes
}

/** A parsed tree as documents, with the positions of each section's keys. */
export function toDocuments(tree: Tree, positions: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, Doc> {
  return new Map(Object.entries(tree).map(([name, value]) => [name, Doc.of(value, positions.get(name) ?? null)]))
}
