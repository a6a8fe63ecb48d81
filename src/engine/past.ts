import { HoldfastError } from '../model/errors.ts'
import { parseRef, type Version, type VersionRef } from '../model/version.ts'
import type { Parts } from './parts.ts'
import { type State, toState } from './stored.ts'

/** The version a reference names, or a refusal (`not-found`) that tells what there is. */
export async function findVersion(parts: Parts, ref: string | number): Promise<Version> {
  const { store, namespace, head, view } = parts
  const found = await (view.knowsHashes ? byAny(parts, ref) : store.find(namespace, withoutHashes(parseRef(ref))))
  if (found !== undefined) return view.version(found)
  const newest = head.state.version
  const hint =
    newest === undefined ? 'it has no versions yet' : `the newest is ${newest.id}; "holdfast versions" lists them`
  throw new HoldfastError('not-found', `namespace ${namespace} has no version ${ref}: ${hint}`, { what: String(ref) })
}

const byAny = async (parts: Parts, ref: string | number): Promise<Version | undefined> =>
  (await parts.store.find(parts.namespace, parseRef(ref))) ?? byDigits(parts, String(ref))

/** A name is a tag then and nothing else. */
const withoutHashes = ({ base, back }: VersionRef): VersionRef => ({
  base: base.kind === 'name' ? { kind: 'tag', name: base.name } : base,
  back,
})

/** A hash may begin with eight digits and no letter: what is no number of a version may be that. */
async function byDigits({ store, namespace }: Parts, ref: string): Promise<Version | undefined> {
  const [, name, back = '0'] = /^(\d{8,64})(?:~(\d{1,9}))?$/.exec(ref) ?? []
  return name === undefined ? undefined : store.find(namespace, { base: { kind: 'name', name }, back: Number(back) })
}

/** The state at a version, as far as the view of `parts` goes; the current one comes from memory. */
export async function stateAt(parts: Parts, ref: string | number): Promise<State> {
  const version = await findVersion(parts, ref)
  if (version.id === parts.head.state.version?.id) return { ...parts.head.state, version }
  return parts.view.state({ ...(await past(parts, version)), version })
}

/** States that were asked for last, by namespace and chain hash: many questions in a row are about the same few. */
const PAST = new WeakMap<Parts['rules'], Map<string, State>>()
const MOST_KEPT = 4

async function past({ store, namespace, rules, reveal }: Parts, { id, chainHash }: Version): Promise<State> {
  const kept = PAST.get(rules) ?? new Map<string, State>()
  PAST.set(rules, kept)
  const state = kept.get(chainHash) ?? toState(await store.state(namespace, id), reveal)
  kept.delete(chainHash)
  kept.set(chainHash, state)
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  return state
}
