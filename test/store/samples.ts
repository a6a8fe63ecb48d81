import type { AuditEntry } from '../../src/model/access.ts'
import { canonical } from '../../src/model/canonical.ts'
import { sha256 } from '../../src/model/hash.ts'
import { own, type Tree, typeOf, type Value } from '../../src/model/value.ts'
import type { StoredValue, Version } from '../../src/model/version.ts'
import type { DeliveryRow, TokenRow, WebhookRow } from '../../src/store/shelves.ts'
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

/** A token that nobody has used yet. */
export const token = (name: string, more: Partial<TokenRow> = {}): TokenRow => ({
  id: `id-${name}`,
  name,
  digest: sha256(name),
  previousDigest: null,
  previousUntil: null,
  grants: [{ actions: ['config:read'], namespaces: ['a-*'], sections: ['server'] }],
  createdAt: '2026-11-01T12:00:00.000Z',
  createdBy: 'alice',
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  lastUsedIp: null,
  ...more,
})

/** A time of one afternoon. */
export const at = (minute: number): string => new Date(Date.UTC(2026, 10, 1, 12, minute)).toISOString()

/** An entry of the audit log. */
export const entry = (more: Partial<AuditEntry> = {}): Omit<AuditEntry, 'id'> => ({
  at: at(0),
  event: 'refused',
  who: 'alice',
  tokenId: 'id-a',
  sourceIp: '192.0.2.1',
  namespace: 'default',
  subject: 'config:write',
  detail: null,
  requestId: 'r',
  count: 1,
  ...more,
})

export const webhook = (id: string, more: Partial<WebhookRow> = {}): WebhookRow => ({
  id,
  name: `hook ${id}`,
  url: 'https://example.com/hook',
  namespaces: ['*'],
  sections: null,
  kinds: ['change'],
  isEnabled: true,
  createdAt: at(0),
  createdBy: 'alice',
  disabledReason: null,
  secret: 'sealed',
  previousSecret: null,
  previousUntil: null,
  ...more,
})

/** A message for webhook `w` that nobody has tried to send. */
export const message = (id: string, more: Partial<DeliveryRow> = {}): DeliveryRow => ({
  id,
  webhookId: 'w',
  kind: 'change',
  namespace: 'default',
  createdAt: at(0),
  state: 'waiting',
  attempts: 0,
  lastAttemptAt: null,
  nextAttemptAt: at(0),
  status: null,
  error: null,
  duration: null,
  payload: '{"type":"holdfast.change"}',
  ...more,
})
