import { Doc } from './document.ts'
import { type Layer, leaves, merge, patched, valueAt } from './layer.ts'
import type { Override } from './override.ts'
import { fromSectionKey, type Path, parsePath, printPath } from './path.ts'
import { concealed } from './secret.ts'
import { equal, isBranch, isTree, type Tree, type Value } from './value.ts'

/** By top-level name, then by printed path. */
export type Overrides = ReadonlyMap<string, ReadonlyMap<string, Override>>

/** Shows a value as a reader may see it: decrypted, resolved. Identity where nothing is secret and nothing refers to anything. */
export type Reveal = (snapshot: Snapshot, path: Path, value: Value, discretion?: Discretion) => Value

/** What a reveal keeps to itself; nothing where it is absent. */
export interface Discretion {
  /** Whether the secret at a path may be opened; one that may not stands concealed, also inside a text that refers to it. */
  readonly mayOpen: (path: Path) => boolean
  /** A text whose references have no answer: refused, telling which one; refused without that; or shown as it is written. */
  readonly unanswered: 'tell' | 'refuse' | 'keep'
}

export interface SnapshotParts {
  readonly layers: readonly Layer[]
  readonly overrides: Overrides
  /** Effective documents by top-level name; resolved from the rest where absent. */
  readonly effective?: ReadonlyMap<string, Doc>
  readonly reveal?: Reveal
}

const CONCEALING: Discretion = Object.freeze({ mayOpen: () => false, unanswered: 'keep' })
const CACHED_PATHS = 100_000
const EMPTY_TREE: Tree = Object.freeze({})

/** One state of a configuration: layers, overrides, and the effective values they make. Immutable; `change` gives the next one. */
export class Snapshot {
  readonly layers: readonly Layer[]
  readonly overrides: Overrides
  readonly effective: ReadonlyMap<string, Doc>
  readonly #reveal: Reveal | undefined
  readonly #values = new Map<string, Value>()
  #concealed: Tree | undefined
  /** What the layers say, by name; shared by all states that have the same layers. */
  readonly #base: Map<string, Value | undefined>

  constructor({ layers, overrides, effective, reveal }: SnapshotParts, base = new Map<string, Value | undefined>()) {
    this.layers = layers
    this.overrides = overrides
    this.#base = base
    this.#reveal = reveal
    this.effective = effective ?? this.#resolveAll()
  }

  static readonly EMPTY: Snapshot = new Snapshot({ layers: [], overrides: new Map(), effective: new Map() })

  /** The revealed value at a printed path, frozen; `undefined` where there is none. A map lookup after the first time. */
  get(path: string): Value | undefined {
    const known = this.#values.get(path)
    return known !== undefined ? known : this.#find(path)
  }

  #find(text: string): Value | undefined {
    const path = parsePath(text)
    const sealed = this.sealedAt(path)
    if (sealed === undefined) return undefined
    const value = this.effective.get(path[0]!)!.isPlain ? sealed : this.shown(path, sealed)
    if (this.#values.size < CACHED_PATHS) this.#values.set(text, value)
    return value
  }

  /** A stored value that stands, or stood, at `path`, as a reader may see it. */
  shown(path: Path, value: Value): Value {
    return this.#reveal === undefined ? value : this.#reveal(this, path, value)
  }

  /** The value as it is stored: secrets encrypted, references unresolved. */
  sealedAt(path: Path): Value | undefined {
    return valueAt(this.effective.get(path[0]!)?.value, path, 1)
  }

  /** Names whose value is an object, in canonical order; `''` first where there are keys outside any section. */
  sections(): readonly string[] {
    const names = [...this.effective.keys()].sort()
    const named = names.filter((name) => isTree(this.effective.get(name)!.value))
    return named.length === names.length ? named : ['', ...named]
  }

  /** A section's values, revealed; of `''` the keys outside any section. An unknown section is empty. */
  items(section: string): Tree {
    if (section === '') return this.#outside()
    const value = this.get(printPath([section]))
    return isTree(value) ? value : EMPTY_TREE
  }

  #outside(): Tree {
    const entries = [...this.effective].filter(([, doc]) => !isTree(doc.value))
    return Object.freeze(Object.fromEntries(entries.map(([name]) => [name, this.get(printPath([name]))!])))
  }

  /** The whole tree as stored. */
  sealedTree(): Tree {
    return Object.freeze(Object.fromEntries([...this.effective].map(([name, doc]) => [name, doc.value])))
  }

  /** The whole tree as a reader may see it. */
  tree(): Tree {
    if (this.#reveal === undefined) return this.sealedTree()
    return Object.freeze(
      Object.fromEntries([...this.effective.keys()].map((name) => [name, this.get(printPath([name]))!])),
    )
  }

  /** The whole tree with its secrets concealed; a text whose references have no answer here stands as it is written. */
  concealedTree(): Tree {
    this.#concealed ??= concealed(this.limitedTo(() => true, CONCEALING).tree())
    return this.#concealed
  }

  /** What the layers that are not pinned say at `path`. */
  baseAt(path: Path): Value | undefined {
    return valueAt(this.base(path[0]!), path, 1)
  }

  /** All base values under one top-level name. */
  base(name: string): Value | undefined {
    const known = this.#base.get(name)
    if (known !== undefined || this.#base.has(name)) return known
    let value: Value | undefined
    for (const layer of this.layers) {
      const doc = layer.isPinned ? undefined : layer.documents.get(name)
      if (doc !== undefined) value = value === undefined ? doc.value : merge(value, doc.value)
    }
    this.#base.set(name, value)
    return value
  }

  /** What all layers say under a top-level name, pinned ones too: the configuration without overrides. */
  withoutOverrides(name: string): Value | undefined {
    return this.#pinned(name, this.base(name))
  }

  #pinned(name: string, below: Value | undefined): Value | undefined {
    let value = below
    for (const layer of this.layers) {
      const doc = layer.isPinned ? layer.documents.get(name) : undefined
      if (doc !== undefined) value = merge(value, doc.value)
    }
    return value
  }

  /** Every name that any layer or override speaks of. */
  names(): ReadonlySet<string> {
    const names = new Set<string>(this.overrides.keys())
    for (const layer of this.layers) for (const name of layer.documents.keys()) names.add(name)
    return names
  }

  /** The overrides at or below a top-level name, ancestors before descendants. */
  overridesOf(name: string): readonly Override[] {
    const group = this.overrides.get(name)
    return group === undefined ? [] : [...group.values()].sort((a, b) => a.path.length - b.path.length)
  }

  /** The override of exactly this path. */
  overrideAt(path: Path): Override | undefined {
    return this.overrides.get(path[0]!)?.get(printPath(path))
  }

  /** True where an override, of the key itself or of what holds it, decides about the key. */
  isOverridden(section: string, key: string): boolean {
    const path = fromSectionKey({ section, key })
    return path.some((_, i) => this.overrideAt(path.slice(0, i + 1)) !== undefined)
  }

  /** The next state: other layers or overrides, with the names they touch resolved again and all else shared. */
  change(next: Partial<Pick<SnapshotParts, 'layers' | 'overrides'>>, touched: Iterable<string>): Snapshot {
    const layers = next.layers ?? this.layers
    const overrides = next.overrides ?? this.overrides
    const base = layers === this.layers ? this.#base : new Map()
    const effective = new Map(this.effective)
    const after = new Snapshot({ layers, overrides, effective, ...(this.#reveal && { reveal: this.#reveal }) }, base)
    for (const name of touched) {
      const value = after.#resolve(name)
      const before = effective.get(name)
      if (value === undefined) effective.delete(name)
      else if (!equal(before?.value, value)) effective.set(name, Doc.of(value))
    }
    return after
  }

  /**
   * The same state with nothing but the names that `has` says, shown with `discretion`. What is shown is still resolved against all of this one.
   */
  limitedTo(has: (name: string) => boolean, discretion: Discretion): Snapshot {
    const layers = this.layers.map((layer) => ({ ...layer, documents: only(layer.documents, has) }))
    const [overrides, effective] = [only(this.overrides, has), only(this.effective, has)]
    const reveal = this.#reveal
    const discreet: Reveal | undefined =
      reveal && ((_, path, value, more) => reveal(this, path, value, more ? both(discretion, more) : discretion))
    return new Snapshot({ layers, overrides, effective, ...(discreet && { reveal: discreet }) })
  }

  #resolveAll(): ReadonlyMap<string, Doc> {
    const effective = new Map<string, Doc>()
    for (const name of this.names()) {
      const value = this.#resolve(name)
      if (value !== undefined) effective.set(name, Doc.of(value))
    }
    return effective
  }

  #resolve(name: string): Value | undefined {
    const edits = this.overridesOf(name).map(({ path, value }) => ({
      path: path.slice(1),
      ...(value !== undefined && { value }),
    }))
    return this.#pinned(name, patched(this.base(name), edits))
  }
}

const both = (one: Discretion, more: Discretion): Discretion => ({
  mayOpen: (path) => one.mayOpen(path) && more.mayOpen(path),
  unanswered: more.unanswered,
})

function only<V>(all: ReadonlyMap<string, V>, has: (name: string) => boolean): ReadonlyMap<string, V> {
  return new Map([...all].filter(([name]) => has(name)))
}

/** Every leaf of the stored effective tree, as section and key, in canonical order of the names. */
export function* leavesOf(
  snapshot: Snapshot,
  section?: string,
): Generator<{ readonly path: Path; readonly value: Value }> {
  for (const name of [...snapshot.effective.keys()].sort()) {
    const value = snapshot.effective.get(name)!.value
    const belongs = section === undefined || (section === '' ? !isTree(value) : name === section && isTree(value))
    if (!belongs) continue
    if (!isBranch(value)) yield { path: [name], value }
    else for (const [rest, leaf] of leaves(value)) yield { path: [name, ...rest], value: leaf }
  }
}
