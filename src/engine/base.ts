import { formatOf } from '../format/load.ts'
import { type Staged, stageDesired } from '../model/change.ts'
import { allOverrides } from '../model/drift.ts'
import type { Issue } from '../model/errors.ts'
import { type Layer, type SourceSpec, sourceName, withValue } from '../model/layer.ts'
import type { Override } from '../model/override.ts'
import { parsePath, printPath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { isSealed } from '../model/secret.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { equal, type Tree, type Value } from '../model/value.ts'
import { authorOf } from './changes.ts'
import { defaultsLayer, type LoadResult, retyped, toSourceLayer } from './loading.ts'
import type { Caller, Parts } from './parts.ts'
import type { Proposal, Propose } from './proposal.ts'
import { requireValid } from './rules.ts'
import { type State, toLayer } from './stored.ts'

/** What the base should be made of from now on. */
export interface BasePlan {
  /** Absent: the list the store has. */
  readonly specs?: readonly SourceSpec[]
  /** Canonical text of another schema. */
  readonly schema?: string
  readonly by: Caller
  /** Whether the namespace is being opened: a URL that was asked a moment ago is then not asked again. */
  readonly isOpening?: boolean
}

export type LoadedSource = Extract<LoadResult, { kind: 'loaded' }>

/** The base as `plan` and what was loaded make it, as a job for the writer: a version where a layer, the list or the schema moved. */
export function baseJob(parts: Parts, plan: BasePlan, loaded: readonly LoadedSource[]): Propose {
  return async (state) => {
    const specs = plan.specs ?? state.specs
    const next: State = { ...state, specs, schema: plan.schema ?? state.schema, ahead: state.ahead + 1 }
    const reader = await parts.rules.reader(next)
    const layers = await layersOf(parts, plan, loaded, state, specs, reader)
    if (!isNewBase(plan, state, layers)) return undefined
    const moved = state.snapshot.change({ layers }, touchedNames(state.snapshot, layers))
    const staged = plan.schema === undefined ? null : await sealExposed(parts, moved, reader, plan.by)
    const after: State = { ...next, snapshot: staged?.after ?? moved }
    requireValid((await parts.rules.issues(after)).map((issue) => placed(after.snapshot, issue)))
    return toProposal(parts, plan, loaded, state, { after, staged, layers })
  }
}

async function layersOf(
  parts: Parts,
  plan: BasePlan,
  loaded: readonly LoadedSource[],
  state: State,
  specs: readonly SourceSpec[],
  reader: SchemaReader | undefined,
): Promise<readonly Layer[]> {
  const layers: Layer[] = []
  for (const spec of specs) {
    const known = state.snapshot.layers.find((layer) => layer.name === sourceName(spec) && layer.kind === spec.kind)
    const result = loaded.find(({ source }) => source.name === sourceName(spec))
    if (result !== undefined) layers.push(await toSourceLayer(parts, spec, result.loaded, reader, known))
    else if (known !== undefined && plan.schema !== undefined)
      layers.push(await retyped(parts, known, spec, isTextSpec(spec), reader))
    else layers.push(toLayer(spec, known?.documents ?? new Map()))
  }
  const defaults = await defaultsLayer(parts, reader, layers, state.snapshot.layers[0])
  return [defaults, ...layers].map((layer) => sameAs(state.snapshot, layer))
}

/** The known layer where the new one says nothing else, so that what did not move is shared and makes no version. */
function sameAs(snapshot: Snapshot, layer: Layer): Layer {
  const known = snapshot.layers.find((one) => one.name === layer.name && one.kind === layer.kind)
  if (known === undefined || known.documents.size !== layer.documents.size) return layer
  if (known.isPinned !== layer.isPinned || known.interpolates !== layer.interpolates) return layer
  if (![...layer.documents].every(([name, doc]) => doc.equals(known.documents.get(name)))) return layer
  for (const [name, doc] of layer.documents) known.documents.get(name)!.relocate(doc.positions)
  return known
}

function isNewBase(plan: BasePlan, state: State, layers: readonly Layer[]): boolean {
  if (plan.specs !== undefined && !equal(plan.specs as unknown as Value, state.specs as unknown as Value)) return true
  if (plan.schema !== undefined && plan.schema !== state.schema) return true
  return layers.some((layer, i) => layer !== state.snapshot.layers[i] && (layer.documents.size > 0 || i > 0))
}

function touchedNames(before: Snapshot, layers: readonly Layer[]): ReadonlySet<string> {
  const moved = [...before.layers, ...layers].filter(
    (layer) => !before.layers.includes(layer) || !layers.includes(layer),
  )
  return new Set(moved.flatMap((layer) => [...layer.documents.keys()]))
}

/** Overrides whose keys the schema now calls secret, encrypted; what older rows of them say in plain text is reported. */
async function sealExposed(
  parts: Parts,
  snapshot: Snapshot,
  reader: SchemaReader | undefined,
  by: Caller,
): Promise<Staged | null> {
  const isExposed = ({ path, value }: Override): boolean =>
    value !== undefined &&
    !isSealed(value) &&
    (reader?.secretPathsIn(withValue({}, path, value) as Tree).length ?? 0) > 0
  const all = [...allOverrides(snapshot)]
  const exposed = all.filter(isExposed)
  if (exposed.length === 0) return null
  await parts.secrets.prepare(snapshot)
  const desired = all.map((override) =>
    isExposed(override) ? { path: override.path, value: parts.secrets.seal(override.path, override.value!) } : override,
  )
  const keys = exposed.map(({ path }) => printPath(path))
  parts.log.warn({ keys }, `${keys.join(', ')} became secret: older versions still hold the plain values; purge them`)
  const author = authorOf(parts, { ...by, reason: 'the key became secret' })
  return stageDesired(snapshot, new Set(all.map(({ path }) => path[0]!)), desired, author)
}

/** An issue with the file and line of the value it is about. */
function placed(snapshot: Snapshot, issue: Issue): Issue {
  if (issue.path === '') return issue
  const path = parsePath(issue.path)
  if (snapshot.overrideAt(path) !== undefined) return issue
  const layer = snapshot.layers.findLast((one) => one.documents.get(path[0]!)?.positionOf(path) !== undefined)
  const position = layer?.documents.get(path[0]!)?.positionOf(path)
  return position === undefined ? issue : { ...issue, source: `${layer!.name}:${position.line}:${position.column}` }
}

function toProposal(
  parts: Parts,
  plan: BasePlan,
  loaded: readonly LoadedSource[],
  before: State,
  {
    after,
    staged,
    layers,
  }: { readonly after: State; readonly staged: Staged | null; readonly layers: readonly Layer[] },
): Proposal {
  const [only] = loaded
  const isOnlyContent = plan.specs === undefined && plan.schema === undefined
  const name = loaded.length === 1 && isOnlyContent ? `source:${only!.source.name}` : plan.by.who.name
  return {
    before,
    after,
    staged,
    cause: 'source',
    description: describe(plan, before, layers),
    sourceIp: plan.by.who.sourceIp,
    ...(plan.by.who.lease && { fence: plan.by.who.lease }),
    tags: [],
    baseline: false,
    dryRun: false,
    ...authorOf(parts, { who: { ...plan.by.who, name }, reason: null, comment: null }),
  }
}

function describe(plan: BasePlan, state: State, layers: readonly Layer[]): string {
  if (state.version === undefined) return 'the base as found'
  const moved = layers.filter((layer, i) => layer !== state.snapshot.layers[i]).map((layer) => layer.name)
  const parts = [
    plan.specs === undefined ? '' : `sources: ${plan.specs.map(sourceName).join(', ')}`,
    plan.schema === undefined || plan.schema === state.schema ? '' : 'another schema',
    moved.length === 0 || plan.specs !== undefined ? '' : `changed: ${moved.join(', ')}`,
  ]
  return parts.filter((part) => part !== '').join('; ')
}

const TEXT_FORMATS: ReadonlySet<string | undefined> = new Set(['ini', 'env', 'properties'])

function isTextSpec(spec: SourceSpec): boolean {
  if (spec.kind === 'env') return true
  if (spec.kind === 'inline') return false
  return TEXT_FORMATS.has(spec.format ?? formatOf(spec.kind === 'file' ? spec.path : new URL(spec.url).pathname))
}
