import { coerceTree } from '../model/coerce.ts'
import { HoldfastError } from '../model/errors.ts'
import { DEFAULTS, type Layer, patched, type SourceSpec, sourceName, valueAt } from '../model/layer.ts'
import { type Path, parsePath } from '../model/path.ts'
import type { SchemaReader } from '../model/schema.ts'
import { isSealed } from '../model/secret.ts'
import { EMPTY, type Tree, typeOf, type Value } from '../model/value.ts'
import type { Loaded, Source } from '../source/source.ts'
import type { Parts } from './parts.ts'
import { toDocuments, toLayer } from './stored.ts'

/** One source's load: new content, nothing new, or why not. */
export type LoadResult =
  | { readonly kind: 'loaded'; readonly source: Source; readonly loaded: Loaded }
  | { readonly kind: 'unchanged'; readonly source: Source }
  | { readonly kind: 'failed'; readonly source: Source; readonly error: Error }

/** A source's content as a layer: typed by the schema, secrets encrypted. */
export async function toSourceLayer(
  parts: Parts,
  spec: SourceSpec,
  { tree, isText, positions }: Pick<Loaded, 'tree' | 'isText' | 'positions'>,
  reader: SchemaReader | undefined,
  known: Layer | undefined,
): Promise<Layer> {
  refuseReserved(tree, spec)
  const typed = isText ? coerceTree(reader, tree, parts.limits) : tree
  const sealed = await sealTree(parts, typed, reader, known)
  return toLayer(spec, toDocuments(sealed, positionsByName(positions)))
}

/** `tree` with the values that the schema calls secret encrypted; one that did not change keeps its text. */
export async function sealTree(
  parts: Parts,
  tree: Tree,
  reader: SchemaReader | undefined,
  known: Pick<Layer, 'documents'> | undefined,
): Promise<Tree> {
  const paths = (reader?.secretPathsIn(tree) ?? []).filter((path) => !isSealed(valueAt(tree, path)))
  if (paths.length === 0) return tree
  await parts.secrets.prepare(parts.head.state.snapshot)
  const edits = paths.map((path) => ({
    path,
    value: parts.secrets.seal(path, valueAt(tree, path)!, inLayer(known, path)),
  }))
  return patched(tree, edits) as Tree
}

const inLayer = (layer: Pick<Layer, 'documents'> | undefined, path: Path): Value | undefined =>
  valueAt(layer?.documents.get(path[0]!)?.value, path.slice(1))

function refuseReserved(tree: Tree, spec: SourceSpec): void {
  const source = sourceName(spec)
  if (Object.hasOwn(tree, '') && typeof tree[''] === 'object') {
    throw new HoldfastError('source', `${source}: a section cannot have an empty name`, { source })
  }
  for (const value of Object.values(tree)) refuseSealed(value, source)
}

function refuseSealed(value: Value, source: string): void {
  if (isSealed(value))
    throw new HoldfastError('source', `${source}: a value begins as only an encrypted secret may`, { source })
  if (typeof value === 'object' && value !== null)
    for (const child of Object.values(value)) refuseSealed(child as Value, source)
}

/** Where each section's keys stand, as documents keep it. */
export function positionsByName(positions: Loaded['positions']): ReadonlyMap<string, string> {
  const groups = new Map<string, Record<string, readonly [number, number]>>()
  for (const [path, { line, column }] of positions) {
    const name = parsePath(path)[0]!
    const group = groups.get(name) ?? (Object.create(null) as Record<string, readonly [number, number]>)
    group[path] = [line, column]
    groups.set(name, group)
  }
  return new Map([...groups].map(([name, group]) => [name, JSON.stringify(group)]))
}

/** The layer of the schema's defaults, also inside the sections that `sources` bring. */
export async function defaultsLayer(
  parts: Parts,
  reader: SchemaReader | undefined,
  sources: readonly Layer[],
  known: Layer | undefined,
): Promise<Layer> {
  const tree = reader?.defaultsOf(namesOf(sources)) ?? EMPTY
  const documents = toDocuments(await sealTree(parts, tree, reader, known))
  return { name: DEFAULTS, kind: 'default', isPinned: false, interpolates: false, documents }
}

const namesOf = (layers: readonly Layer[]): Tree =>
  Object.fromEntries(layers.flatMap((layer) => [...layer.documents].map(([name, doc]) => [name, doc.value] as const)))

/** A stored layer read again under another schema: text that became a number may have to be text again, and what is secret now must be encrypted. */
export async function retyped(
  parts: Parts,
  layer: Layer,
  spec: SourceSpec,
  isText: boolean,
  reader: SchemaReader | undefined,
): Promise<Layer> {
  const entries = [...layer.documents].map(([name, doc]): [string, Value] => [
    name,
    isText ? asText(doc.value) : doc.value,
  ])
  const tree = Object.fromEntries(entries)
  const typed = isText ? coerceTree(reader, tree, parts.limits) : tree
  const sealed = await sealTree(parts, typed, reader, layer)
  const positions = new Map(
    [...layer.documents].flatMap(([name, doc]) => (doc.positions === null ? [] : [[name, doc.positions]])),
  )
  return toLayer(spec, toDocuments(sealed, positions))
}

function asText(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, asText(child as Value)]))
  }
  return value === null || typeOf(value) === 'list' ? value : String(value)
}
