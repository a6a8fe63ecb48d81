import type { Progress, VerifyProblem, VerifyResult } from '../model/admin.ts'
import { canonicalWhole } from '../model/canonical.ts'
import { HoldfastError } from '../model/errors.ts'
import { fromSectionKey } from '../model/path.ts'
import type { Reveal, Snapshot } from '../model/snapshot.ts'
import type { AuditRecord, Store } from '../store/store.ts'
import { advance, type State, toState } from './stored.ts'

export interface VerifyRequest {
  readonly namespace?: string
  readonly expectHead?: string
  readonly onProgress?: Progress
}

/** Recomputes every hash and the chain, and from layers and overrides every configuration, of the versions that are there when it begins; findings are data. */
export async function verify(store: Store, request: VerifyRequest = {}): Promise<VerifyResult> {
  const expected = checkHead(request)
  const known = await store.namespaces()
  const chosen = request.namespace === undefined ? known : known.filter((name) => name === request.namespace)
  if (chosen.length === 0 && request.namespace !== undefined) {
    throw new HoldfastError('not-found', `the store has no namespace ${request.namespace}`, { what: request.namespace })
  }
  const total = request.onProgress === undefined ? 0 : await countVersions(store, chosen)
  const problems: VerifyProblem[] = (await store.check()).map(({ namespace, versionId, message }) => ({
    namespace,
    version: versionId,
    message,
  }))
  const heads: Record<string, string> = {}
  let versions = 0
  let isExpected = expected === undefined

  for (const namespace of chosen) {
    let state: State | undefined = EMPTY_STATE
    let last: AuditRecord | undefined
    // Who writes faster than this reads would keep it at work for ever.
    const newest = (await store.head(namespace))?.id
    for await (const record of store.audit(namespace)) {
      const content = await checkContent(namespace, record, state)
      state = content.state
      problems.push(...(await checkHashes(namespace, record)), ...content.problems)
      heads[namespace] = record.version.chainHash
      isExpected ||= record.version.chainHash.startsWith(expected!)
      last = record
      versions++
      if (versions % 100 === 0) request.onProgress?.(versions, total)
      if (record.version.id === newest) break
    }
    if (last !== undefined && state !== undefined) problems.push(...(await checkText(namespace, last, state)))
  }
  request.onProgress?.(versions, total)
  if (!isExpected) problems.push(cutTail(request, expected!))
  return { ok: problems.length === 0, versions, problems: unique(problems), heads }
}

/** Nothing is revealed here: what is checked is what is stored. */
const SEALED: Reveal = (_, __, value) => value
const EMPTY_STATE: State = toState(undefined, SEALED)

function checkHead({ expectHead }: VerifyRequest): string | undefined {
  if (expectHead === undefined) return undefined
  if (/^[0-9a-f]{8,64}$/.test(expectHead)) return expectHead
  throw new HoldfastError('malformed', 'a head is the first 8 to 64 hex digits of a chain hash', { what: 'expectHead' })
}

async function countVersions(store: Store, chosen: readonly string[]): Promise<number> {
  const { namespaces } = await store.stats()
  return namespaces
    .filter(({ namespace }) => chosen.includes(namespace))
    .reduce((sum, { versions }) => sum + versions, 0)
}

/** Recomputes the configuration a version made. What cannot be read is a finding, and nothing that stands on it can be recomputed. */
async function checkContent(namespace: string, record: AuditRecord, before: State | undefined) {
  if (before === undefined) return { state: undefined, problems: [] }
  try {
    const { version, documents, overrides } = record
    const state = advance(before, { versions: [version], documents, overrides, history: [], isWhole: true }, SEALED)
    return { state, problems: await checkConfiguration(namespace, record, state) }
  } catch {
    const message = 'what it wrote cannot be read, so that no later configuration of the namespace can be recomputed'
    return { state: undefined, problems: [{ namespace, version: record.version.id, message }] }
  }
}

async function checkHashes(namespace: string, record: AuditRecord): Promise<readonly VerifyProblem[]> {
  const { sha3 } = await import('../model/hash.ts')
  const { version } = record
  const found: string[] = []
  if (sha3(record.chainInput) !== version.chainHash)
    found.push('its row or its history was edited: the chain hash does not match')
  if (record.previousChain !== record.found && !record.sealed)
    found.push('a version before it is missing, or the order was changed')
  if (sha3(record.rowsInput) !== record.rowsHash) found.push('an override or a document it wrote was edited')
  return found.map((message) => ({ namespace, version: version.id, message }))
}

async function checkConfiguration(
  namespace: string,
  record: AuditRecord,
  state: State,
): Promise<readonly VerifyProblem[]> {
  const { version } = record
  const { sha256 } = await import('../model/hash.ts')
  const found: string[] = []
  if (sha256(canonicalWhole(state.snapshot.effective)) !== version.hash)
    found.push('its configuration does not have the hash recorded for it')
  const wrong = wrongNames(state.snapshot, touchedBy(record, state.snapshot))
  if (wrong.length > 0)
    found.push(`its configuration is not what its layers and overrides make: ${wrong.slice(0, 3).join(', ')}`)
  return found.map((message) => ({ namespace, version: version.id, message }))
}

/** Top-level names about which a version says something new; the others were looked at before. Another list of layers concerns all of them. */
function touchedBy({ documents, overrides }: AuditRecord, snapshot: Snapshot): ReadonlySet<string> {
  if (documents.some(({ layer }) => layer === '$sources'))
    return new Set([...snapshot.effective.keys(), ...snapshot.names()])
  return new Set([
    ...documents.filter(({ layer }) => layer !== '$schema').map(({ name }) => name),
    ...overrides.map((row) => fromSectionKey(row)[0]!),
  ])
}

/** Those of `names` whose effective value differs from what layers and overrides give. */
function wrongNames(snapshot: Snapshot, names: ReadonlySet<string>): readonly string[] {
  const made = snapshot.change({}, names).effective
  return [...names].filter((name) => made.get(name) !== snapshot.effective.get(name))
}

/** What people read in the table must be what was checked. */
async function checkText(namespace: string, record: AuditRecord, state: State): Promise<readonly VerifyProblem[]> {
  const text = await record.configJson()
  if (text === canonicalWhole(state.snapshot.effective)) return []
  return [{ namespace, version: record.version.id, message: 'config_json is not the text of its documents' }]
}

function cutTail({ namespace }: VerifyRequest, expected: string): VerifyProblem {
  const message = `no version has the chain hash ${expected}: the newest versions were cut off, or the store is another one`
  return { namespace: namespace ?? null, version: null, message }
}

function unique(problems: readonly VerifyProblem[]): readonly VerifyProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}
