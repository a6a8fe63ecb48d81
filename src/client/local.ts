import { CONCEALED, type ConfigSnapshot, type OverrideDrift } from '../model/config.ts'
import { Doc } from '../model/document.ts'
import { patched } from '../model/layer.ts'
import { fromSectionKey, parsePath, printPath } from '../model/path.ts'
import { Snapshot } from '../model/snapshot.ts'
import type { Tree, Value } from '../model/value.ts'
import type { SnapshotAnswer } from '../wire/answers.ts'

/** A namespace at one version, as the server told it: the reads of a `Config`, all from memory and all frozen. */
export class LocalSnapshot {
  readonly answer: SnapshotAnswer
  readonly #values: Snapshot
  readonly #overridden: ReadonlySet<string>

  constructor(answer: SnapshotAnswer) {
    this.answer = answer
    const effective = new Map(Object.entries(answer.config).map(([name, value]) => [name, Doc.of(value)]))
    this.#values = new Snapshot({ layers: [], overrides: new Map(), effective })
    this.#overridden = new Set(answer.overrides.map(({ path }) => path))
  }

  /** A map lookup after the first time. */
  get(path: string): Value | undefined {
    return this.#values.get(path)
  }

  sections(): readonly string[] {
    return this.#values.sections()
  }

  items(section: string): Tree {
    return this.#values.items(section)
  }

  isOverridden(section: string, key: string): boolean {
    const path = fromSectionKey({ section, key })
    return path.some((_, i) => this.#overridden.has(printPath(path.slice(0, i + 1))))
  }

  tree(reveal: boolean): Tree {
    if (reveal || this.answer.secrets.length === 0) return this.answer.config
    const edits = this.answer.secrets
      .map(parsePath)
      .filter((path) => this.#values.sealedAt(path) !== undefined)
      .map((path) => ({ path, value: CONCEALED }))
    return patched(this.answer.config, edits) as Tree
  }

  detectDrift(only?: string): OverrideDrift {
    const pairs = this.answer.overrides.filter(
      ({ section, differs }) => differs && (only === undefined || section === only),
    )
    const sections = Map.groupBy(pairs, ({ section }) => section)
    return Object.fromEntries(
      Array.from(sections, ([section, group]) => [
        section,
        Object.fromEntries(group.map(({ key, base, override }) => [key, Object.freeze([base, override] as const)])),
      ]),
    )
  }
}

/** The same of a version that somebody asked for by name. */
export function toSnapshot(answer: SnapshotAnswer): ConfigSnapshot {
  const local = new LocalSnapshot(answer)
  return {
    version: answer.version!.id,
    hash: answer.version!.hash,
    sections: () => local.sections(),
    items: (section) => local.items(section),
    get: (path) => local.get(path),
    has: (path) => local.get(path) !== undefined,
    isOverridden: (section, key) => local.isOverridden(section, key),
    overridden: () => answer.overrides.map(({ path }) => path),
    detectDrift: (section) => local.detectDrift(section),
    toJSON: ({ reveal = true } = {}) => local.tree(reveal),
  }
}
