import {
  type BlameEntry,
  CONCEALED,
  type Explanation,
  type HistoryEntry,
  type HistoryQuery,
  type LastChange,
  type LayerValue,
  type List,
} from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { type Layer, valueAt } from '../model/layer.ts'
import { isMask, type Override, stateOf } from '../model/override.ts'
import { type Path, parsePath, printPath, toSectionKey } from '../model/path.ts'
import type { Description, SchemaReader } from '../model/schema.ts'
import { isSealed } from '../model/secret.ts'
import { leavesOf } from '../model/snapshot.ts'
import { suggest } from '../model/suggest.ts'
import { isTree, typeOf, type Value } from '../model/value.ts'
import { parseRef, type Version } from '../model/version.ts'
import type { HistoryRow, Page } from '../store/store.ts'
import { concealBy, concealPast } from './events.ts'
import type { Parts } from './parts.ts'
import { decode, type State, toState } from './stored.ts'

/** The version a reference names, or a refusal (`not-found`) that tells what there is. */
export async function findVersion(parts: Parts, ref: string | number): Promise<Version> {
  const { store, namespace, head } = parts
  const found = (await store.find(namespace, parseRef(ref))) ?? (await byDigits(parts, String(ref)))
  if (found !== undefined) return found
  const newest = head.state.version
  const hint =
    newest === undefined ? 'it has no versions yet' : `the newest is ${newest.id}; "holdfast versions" lists them`
  throw new HoldfastError('not-found', `namespace ${namespace} has no version ${ref}: ${hint}`, { what: String(ref) })
}

/** A hash may begin with eight digits and no letter: what is no number of a version may be that. */
async function byDigits({ store, namespace }: Parts, ref: string): Promise<Version | undefined> {
  const [, name, back = '0'] = /^(\d{8,64})(?:~(\d{1,9}))?$/.exec(ref) ?? []
  return name === undefined ? undefined : store.find(namespace, { base: { kind: 'name', name }, back: Number(back) })
}

/** The whole state at a version; the current one comes from memory. */
export async function stateAt(parts: Parts, ref: string | number): Promise<State> {
  const version = await findVersion(parts, ref)
  if (version.id === parts.head.state.version?.id) return { ...parts.head.state, version }
  const stored = await parts.store.state(parts.namespace, version.id)
  return toState(stored, parts.reveal)
}

const PAGE = 50
const MOST = 1000

/** A page's size and start from a caller's words. A cursor is the id of the last row before the page. */
export function pageOf({ limit = PAGE, cursor }: { readonly limit?: number; readonly cursor?: string }): Page {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new HoldfastError('malformed', `a limit is a whole number from 1 to 1000, not ${limit}`, { what: 'limit' })
  }
  if (cursor === undefined) return { limit }
  if (!/^[1-9][0-9]{0,15}$/.test(cursor)) {
    throw new HoldfastError('malformed', 'not a cursor: hand back nextCursor of the page before as it was', {
      what: 'cursor',
    })
  }
  return { limit, before: Number(cursor) }
}

/** A page's rows and one more, which tells whether there is a next page; of the largest page it is read by itself. */
export async function readPage<Row extends { readonly id: number }>(
  page: Page,
  read: (page: Page) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  if (page.limit < MOST) return read({ ...page, limit: page.limit + 1 })
  const rows = await read(page)
  return rows.length < MOST ? rows : [...rows, ...(await read({ limit: 1, before: rows.at(-1)!.id }))]
}

/** A list of a page's rows, of which one more than the page was read. */
export function listOf<Row extends { readonly id: number }, Item>(
  rows: readonly Row[],
  page: Page,
  show: (row: Row) => Item,
): List<Item> {
  const items = rows.slice(0, page.limit)
  return { items: items.map(show), nextCursor: rows.length > page.limit ? String(items.at(-1)!.id) : null }
}

export async function history(parts: Parts, query: HistoryQuery): Promise<List<HistoryEntry>> {
  const page = pageOf(query)
  const { section, key, by } = query
  const filter = {
    ...(section !== undefined && { section }),
    ...(key !== undefined && { key }),
    ...(by !== undefined && { by }),
    ...(query.since !== undefined && { since: toTime(query.since, 'since') }),
    ...(query.until !== undefined && { until: toTime(query.until, 'until') }),
  }
  const rows = await readPage(page, (one) => parts.store.history(parts.namespace, filter, one))
  const conceal = concealBy(await parts.rules.reader(parts.head.state))
  return listOf(rows, page, (row) => toEntry(parts.namespace, row, conceal))
}

type Conceal = ReturnType<typeof concealBy>

function toEntry(namespace: string, row: HistoryRow, conceal: Conceal): HistoryEntry {
  const path = row.section === '' ? parsePath(row.key) : [row.section, ...parsePath(row.key)]
  const shown = (value: Value | undefined): Value | null => conceal(path, value) ?? null
  const { id, operation, layer, section, key, changedAt, changedBy, sourceIp, reason, comment, versionId } = row
  const [oldValue, newValue] = [shown(decode(row.oldValue)), shown(decode(row.newValue))]
  return {
    id,
    namespace,
    operation,
    layer,
    section,
    key,
    oldValue,
    newValue,
    changedAt,
    changedBy,
    sourceIp,
    reason,
    comment,
    versionId,
  }
}

function toTime(text: string, what: string): string {
  const time = new Date(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString()
  throw new HoldfastError('malformed', `${what} is a time like 2026-11-01T12:00:00Z, not ${JSON.stringify(text)}`, {
    what,
  })
}

/** Why the key at `text` has its value at `state`: the layers that speak of it, who won, and who changed it last. */
export async function explain(parts: Parts, state: State, text: string, reveal: boolean): Promise<Explanation> {
  const path = parsePath(text)
  const reader = await parts.rules.reader(state)
  const stack = stackOf(state, path)
  if (!stack.some((one) => one.value !== undefined || one.isMask)) throw await unknownKey(state, path)
  const conceal = await concealPast(parts, state)
  const show = (value: Value | undefined): Value | undefined =>
    value === undefined ? undefined : reveal ? parts.reveal(state.snapshot, path, value) : conceal(path, value)
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
    override: override === undefined ? null : describeOverride(state, override, reader, show),
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
  show: (value: Value | undefined) => Value | undefined,
): NonNullable<Explanation['override']> {
  const baseAtSet = show(override.baseValue)
  const overrideState = stateOf(override, state.snapshot.baseAt(override.path), reader?.isKnown(override.path) ?? true)
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
  const { state } = parts.head
  const conceal = concealBy(await parts.rules.reader(state))
  const rows = await parts.store.lastChanges(parts.namespace, section === undefined ? {} : { section })
  const last = new Map(rows.map((row) => [JSON.stringify([row.section, row.key]), row]))
  return [...leavesOf(state.snapshot, section)].map(({ path, value }) => {
    const { section: name, key } = toSectionKey(path)
    const row = last.get(JSON.stringify([name, key]))
    const [winner] = stackOf(state, path)
    const shown = conceal(path, value)
    return {
      path: printPath(path),
      section: name,
      key,
      ...(shown !== undefined && { value: shown }),
      layer: winner?.layer ?? '',
      ...(winner?.position && { position: winner.position }),
      version: row?.versionId ?? null,
      who: row?.changedBy ?? null,
      when: row?.changedAt ?? null,
      why: row?.reason ?? null,
    }
  })
}
