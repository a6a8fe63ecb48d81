import type { Authorship, OverrideChange, Staged } from '../model/change.ts'
import { Doc } from '../model/document.ts'
import { allOverrides } from '../model/drift.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Layer } from '../model/layer.ts'
import type { Override } from '../model/override.ts'
import { type Path, printPath } from '../model/path.ts'
import { isSealed, mapStrings } from '../model/secret.ts'
import type { Overrides, Snapshot } from '../model/snapshot.ts'
import type { Value } from '../model/value.ts'
import { authorOf } from './changes.ts'
import type { Caller, Parts } from './parts.ts'
import type { Propose } from './proposal.ts'
import type { Secrets } from './secrets.ts'
import type { State } from './stored.ts'

/**
 * The secrets in force written anew under the key for writing, those of the base too: one version that changes no value, or none where all of
 * them are under that key.
 */
export function resealJob(parts: Parts, caller: Caller): Propose {
  return async (state) => {
    await parts.secrets.prepare(state.snapshot)
    const key = parts.secrets.key()
    const author = authorOf(parts, { ...caller, reason: `encrypted under key ${key}; the value is the same` })
    const staged = stageResealed(parts.secrets, state.snapshot, author)
    if (staged === undefined) return undefined
    const after: State = { ...state, snapshot: staged.after, ahead: state.ahead + 1 }
    return {
      before: state,
      after,
      staged,
      cause: 'change',
      description: `secrets encrypted under key ${key}`,
      dryRun: false,
      sourceIp: caller.who.sourceIp,
      tags: [],
      baseline: false,
      ...author,
    }
  }
}

type Renew = (at: Path, value: Value) => Value

function stageResealed(secrets: Secrets, before: Snapshot, author: Authorship): Staged | undefined {
  const renew: Renew = (at, value) =>
    mapStrings(value, (text, rest) => (isSealed(text) ? secrets.reseal([...at, ...rest], text) : text))
  const layers = before.layers.map((layer) => renewLayer(layer, renew))
  const changes = Array.from(allOverrides(before), (override) => renewOverride(override, renew, author)).flat()
  const touched = new Set([...changes.map(({ path }) => path[0]!), ...movedNames(before.layers, layers)])
  if (touched.size === 0) return undefined
  const isBaseSame = layers.every((layer, i) => layer === before.layers[i])
  const overrides = replaced(before.overrides, changes)
  return { after: before.change({ overrides, ...(!isBaseSame && { layers }) }, touched), overrides: changes }
}

function renewLayer(layer: Layer, renew: Renew): Layer {
  const documents = new Map([...layer.documents].map(([name, doc]) => [name, renewDoc(name, doc, renew)]))
  return [...documents].every(([name, doc]) => doc === layer.documents.get(name)) ? layer : { ...layer, documents }
}

function renewDoc(name: string, doc: Doc, renew: Renew): Doc {
  if (doc.isPlain) return doc
  const value = renew([name], doc.value)
  return value === doc.value ? doc : Doc.of(value, doc.positions)
}

/** With what the base said when it was set: that tells whether the base has moved since. */
function renewOverride(before: Override, renew: Renew, author: Authorship): readonly OverrideChange[] {
  const value = before.value && renew(before.path, before.value)
  const baseValue = before.baseValue && orAsItIs(before.baseValue, (text) => renew(before.path, text))
  if (value === before.value && baseValue === before.baseValue) return []
  const { createdAt, createdBy, reason, origin } = author
  const given = { ...(value !== undefined && { value }), ...(baseValue !== undefined && { baseValue }) }
  const after = Object.freeze({ ...before, ...given, createdAt, createdBy, reason, origin })
  return [{ path: before.path, before, after }]
}

/** A key that is lost for what the base once said is no reason to refuse. */
function orAsItIs(value: Value, renew: (value: Value) => Value): Value {
  try {
    return renew(value)
  } catch (error) {
    if (HoldfastError.is(error, 'key')) return value
    throw error
  }
}

const movedNames = (before: readonly Layer[], after: readonly Layer[]): readonly string[] =>
  after.flatMap(({ documents }, i) =>
    [...documents].filter(([name, doc]) => doc !== before[i]!.documents.get(name)).map(([name]) => name),
  )

function replaced(before: Overrides, changes: readonly OverrideChange[]): Overrides {
  if (changes.length === 0) return before
  const groups = new Map([...before].map(([name, group]) => [name, new Map(group)]))
  for (const { path, after } of changes) groups.get(path[0]!)!.set(printPath(path), after!)
  return groups
}
