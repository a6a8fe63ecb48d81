import { type BlameEntry, CONCEALED, type Explanation, type LastChange, type LayerValue } from '../model/config.ts'
import { sameIn } from '../model/drift.ts'
import { HoldfastError } from '../model/errors.ts'
import { type Layer, valueAt } from '../model/layer.ts'
import { isMask, type Override, type Same, stateOf } from '../model/override.ts'
import { type Path, printPath, toSectionKey } from '../model/path.ts'
import type { Description, SchemaReader } from '../model/schema.ts'
import { isSealed } from '../model/secret.ts'
import { leavesOf } from '../model/snapshot.ts'
import { suggest } from '../model/suggest.ts'
import { isTree, typeOf, type Value } from '../model/value.ts'
import type { HistoryRow } from '../store/store.ts'
import { Breath } from './breath.ts'
import { concealBy, concealPast } from './events.ts'
import { requireSection } from './history.ts'
import type { Parts } from './parts.ts'
import type { State } from './stored.ts'

/** Why the key at `path` has its value at `state`: the layers that speak of it, who won, and who changed it last. */
export async function explain(parts: Parts, state: State, path: Path, reveal: boolean): Promise<Explanation> {
  const reader = await parts.rules.reader(state)
  const stack = stackOf(state, path)
  if (!stack.some((one) => one.value !== undefined || one.isMask)) throw await unknownKey(state, path)
  const conceal = await concealPast(parts, state)
  const show = (value: Value | undefined): Value | undefined =>
    value === undefined ? undefined : reveal ? state.snapshot.shown(path, value) : conceal(path, value)
  const [winner = null, ...beaten] = stack.map((one) => withShown(one, show))
  const override = state.snapshot.overrideAt(path)
  const sealed = state.snapshot.sealedAt(path)
  const value = reveal && sealed !== undefined ? state.snapshot.get(printPath(path)) : conceal(path, sealed)
  const isSecret = isSealed(sealed) || (sealed !== undefined && conceal(path, sealed) === CONCEALED)
  return {
    path: printPath(path),
    ...toSectionKey(path),
    version: state.version!.id,
    ...(value !== undefined && { value }),
    type: isSecret ? 'secret' : sealed === undefined ? null : typeOf(sealed),
    winner,
    beaten,
    override:
      override === undefined
        ? null
        : describeOverride(state, override, reader, { show, isSame: sameIn(parts.secrets) }),
    lastChange: await lastChange(parts, state, path),
    schema: reader === undefined ? null : describeKey(reader, path),
    stale: await staleAmong(parts, stack),
  }
}

function withShown(one: LayerValue, show: (value: Value | undefined) => Value | undefined): LayerValue {
  if (one.value === undefined) return one
  const value = show(one.value)
  return { ...one, ...(value !== undefined && { value }) }
}

/** What speaks of `path`, strongest first: pinned layers, overrides of it or of what holds it, the other layers. */
function stackOf({ snapshot }: State, path: Path): readonly LayerValue[] {
  const spoken = snapshot.layers.toReversed().flatMap((layer) => fromLayer(layer, path))
  const overrides = path.flatMap((_, i) => {
    const override = snapshot.overrideAt(path.slice(0, path.length - i))
    return override === undefined ? [] : [fromOverride(override, path)]
  })
  return [...spoken.filter((one) => one.isPinned), ...overrides, ...spoken.filter((one) => !one.isPinned)]
}

function fromLayer(layer: Layer, path: Path): readonly LayerValue[] {
  const doc = layer.documents.get(path[0]!)
  const value = valueAt(doc?.value, path.slice(1))
  if (value === undefined && !path.some((_, i) => isPlain(valueAt(doc?.value, path.slice(1, i + 1))))) return []
  const position = doc!.positionOf(path)
  return [
    {
      layer: layer.name,
      kind: layer.kind,
      ...(value !== undefined && { value }),
      ...(layer.isPinned && { isPinned: true }),
      ...(position && { position }),
    },
  ]
}

/** What holds a plain value has no keys: it takes away those that weaker layers have there. */
const isPlain = (value: Value | undefined): boolean => value !== undefined && !isTree(value)

function fromOverride(override: Override, path: Path): LayerValue {
  if (isMask(override)) return { layer: 'override', kind: 'override', isMask: true }
  const value = valueAt(override.value, path.slice(override.path.length))
  return { layer: 'override', kind: 'override', ...(value !== undefined && { value }) }
}

function describeOverride(
  state: State,
  override: Override,
  reader: SchemaReader | undefined,
  { show, isSame }: { readonly show: (value: Value | undefined) => Value | undefined; readonly isSame: Same },
): NonNullable<Explanation['override']> {
  const baseAtSet = show(override.baseValue)
  const isKnown = reader?.isKnown(override.path) ?? true
  const overrideState = stateOf(override, state.snapshot.baseAt(override.path), isKnown, isSame)
  return { state: overrideState, ...(baseAtSet !== undefined && { baseAtSet }), comment: override.comment }
}

async function lastChange(parts: Parts, state: State, path: Path): Promise<LastChange | null> {
  const { section, key } = toSectionKey(path)
  const [row] = await parts.store.history(parts.namespace, { section, key, upTo: state.version!.id }, { limit: 1 })
  if (row !== undefined) return fromRow(row)
  const override = state.snapshot.overrideAt(path)
  if (override === undefined) return null
  const { origin, createdBy, createdAt, reason } = override
  return { version: origin.versionId, who: createdBy, when: createdAt, why: reason, operation: null }
}

const fromRow = (row: HistoryRow): LastChange => ({
  version: row.versionId,
  who: row.changedBy,
  when: row.changedAt,
  why: row.reason,
  operation: row.operation,
})

const LIMITS = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
] as const

function describeKey(reader: SchemaReader, path: Path): NonNullable<Explanation['schema']> {
  const found: Description = reader.describe(path)
  const limits = LIMITS.flatMap((name) => (found[name] === undefined ? [] : [[name, found[name] as Value] as const]))
  const allowed = found.enum ?? (found.const === undefined ? undefined : [found.const])
  return {
    ...(found.types && { types: found.types }),
    ...(found.description !== undefined && { description: found.description }),
    ...(found.default !== undefined && !found.isSecret && { default: found.default }),
    ...(allowed !== undefined && !found.isSecret && { allowed }),
    ...(limits.length > 0 && { limits: Object.fromEntries(limits) }),
    isSecret: found.isSecret,
    needsRestart: found.needsRestart,
  }
}

async function staleAmong(parts: Parts, stack: readonly LayerValue[]): Promise<readonly string[]> {
  const states = await parts.store.sources(parts.namespace)
  return states
    .filter((one) => one.state === 'stale' && stack.some(({ layer }) => layer === one.name))
    .map((one) => one.name)
}

async function unknownKey({ snapshot }: State, path: Path): Promise<HoldfastError> {
  const what = printPath(path)
  const near = suggest(
    what,
    [...leavesOf(snapshot)].map((leaf) => printPath(leaf.path)),
  )
  return new HoldfastError(
    'not-found',
    `there is no key ${what}${near === undefined ? '' : `; did you mean ${near}?`}`,
    { what },
  )
}

/** Who set each key last, and which layer it comes from. */
export async function blame(parts: Parts, section: string | undefined): Promise<readonly BlameEntry[]> {
  if (section !== undefined) requireSection(parts.view, section)
  const { state } = parts.head
  const conceal = concealBy(await parts.rules.reader(state))
  const rows = await parts.store.lastChanges(parts.namespace, section === undefined ? {} : { section })
  const last = new Map(rows.map((row) => [JSON.stringify([row.section, row.key]), row]))
  const entries: BlameEntry[] = []
  const breath = new Breath()
  for (const { path, value } of leavesOf(state.snapshot, section)) {
    await breath.take()
    entries.push(blameOf(state, { path, shown: conceal(path, value), last }))
  }
  return entries
}

interface Blamed {
  readonly path: Path
  readonly shown: Value | undefined
  /** The newest history row of each key, by its section and key. */
  readonly last: ReadonlyMap<string, HistoryRow>
}

function blameOf(state: State, { path, shown, last }: Blamed): BlameEntry {
  const { section, key } = toSectionKey(path)
  const row = last.get(JSON.stringify([section, key]))
  const [winner] = stackOf(state, path)
  return {
    path: printPath(path),
    section,
    key,
    ...(shown !== undefined && { value: shown }),
    layer: winner?.layer ?? '',
    ...(winner?.position && { position: winner.position }),
    version: row?.versionId ?? null,
    who: row?.changedBy ?? null,
    when: row?.changedAt ?? null,
    why: row?.reason ?? null,
  }
}
