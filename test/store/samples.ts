import { canonical } from '../../src/model/canonical.ts'
import { sha256 } from '../../src/model/hash.ts'
import { own, type Tree, typeOf, type Value } from '../../src/model/value.ts'
import type { StoredValue, Version } from '../../src/model/version.ts'
import type { DocumentWrite, Store, Write } from '../../src/store/store.ts'

let clock = Date.parse('2026-11-01T12:00:00.000Z')

export const stored = (value: Value | undefined): StoredValue =>
  value === undefined
    ? { text: null, type: null }
    : { text: typeof value === 'object' ? canonical(value) : String(value), type: typeOf(value) }

/** A write as the engine would make it: the effective documents that differ between two trees, an override and a history row for each key. */
export function writeOf(before: Tree, after: Tree, more: Partial<Write> = {}): Write {
  const documents: DocumentWrite[] = []
  const overrides: Write['overrides'][number][] = []
  const history: Write['history'][number][] = []
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    const from = own(before, name)
    const to = own(after, name)
    if (from !== undefined && to !== undefined && canonical(from) === canonical(to)) continue
    documents.push(
      to === undefined
        ? { layer: 'effective', name, content: null }
        : { layer: 'effective', name, content: canonical(to), positions: null },
    )
    const common = { section: '', key: name }
    const operation = from === undefined ? 'CREATE' : to === undefined ? 'DELETE' : 'UPDATE'
    overrides.push(
      to === undefined
        ? { ...common, value: null }
        : { ...common, value: stored(to), reason: 'because', comment: null, baseValue: stored(undefined) },
    )
    history.push({ ...common, operation, layer: 'override', oldValue: stored(from), newValue: stored(to) })
  }
  clock += 1000
  return {
    cause: 'change',
    description: null,
    createdAt: new Date(clock).toISOString(),
    createdBy: 'alice',
    sourceIp: '192.0.2.1',
    reason: 'because',
    comment: null,
    configHash: sha256(canonical(after)),
    documents,
    overrides,
    history,
    tags: [],
    baseline: false,
    ...more,
  }
}

/** Appends one version per tree to a namespace, each staged on the one before. */
export async function grow(
  store: Store,
  namespace: string,
  trees: readonly Tree[],
  more: Partial<Write> = {},
): Promise<readonly Version[]> {
  const versions: Version[] = []
  for (const tree of trees) {
    const head = await store.head(namespace)
    const before = head ? JSON.parse((await store.configJson(namespace, head.id))!) : {}
    versions.push(...(await store.commit(namespace, head?.id ?? 0, [writeOf(before, tree, more)])))
  }
  return versions
}

/** All problems a whole look at a store finds: what it tells of itself, and what its records do not bear out. */
export async function verify(store: Store): Promise<readonly string[]> {
  const { sha3 } = await import('../../src/model/hash.ts')
  const problems = (await store.check()).map(
    (problem) => `${problem.namespace} ${problem.versionId}: ${problem.message}`,
  )
  for (const namespace of await store.namespaces()) {
    for await (const record of store.audit(namespace)) {
      const { version, found, previousChain, sealed } = record
      const wrong = (what: string) => problems.push(`${namespace} ${version.id}: audit finds another ${what}`)
      if (sha256((await record.configJson()) ?? '') !== version.hash) wrong('config_hash')
      if (sha3(record.chainInput) !== version.chainHash) wrong('chain_hash')
      if (sha3(record.rowsInput) !== record.rowsHash) wrong('rows_hash')
      if (found !== previousChain && !sealed) wrong('previous_chain')
    }
  }
  return problems
}
