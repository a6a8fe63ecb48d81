import type { DriftEntry } from '../model/config.ts'
import type { Difference } from '../model/diff.ts'
import { baselineDrift, withoutResealed } from '../model/drift.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Instance, InstanceReport } from '../model/instance.ts'
import { printPath, toSectionKey } from '../model/path.ts'
import type { Principal } from '../model/principal.ts'
import type { SchemaReader } from '../model/schema.ts'
import type { Version, VersionId } from '../model/version.ts'
import type { InstanceRow } from '../store/shelves.ts'
import { driftEntry, lastChangesOf } from './differences.ts'
import { toTime } from './paging.ts'
import type { Parts } from './parts.ts'
import { stateAt } from './past.ts'

const GONE_MS = 90_000
const FORGOTTEN_MS = 24 * 60 * 60 * 1000
/** Of one namespace: whoever may read could otherwise fill the store with names. */
const MOST = 10_000

/** What processes said of themselves within a day, by id. */
export async function instances(parts: Parts): Promise<readonly Instance[]> {
  const rows = await remembered(parts)
  const compare = comparing(parts)
  const described: Instance[] = []
  for (const row of rows) described.push(await describe(parts, row, compare)) // one past state in memory at a time
  return described
}

/** Writes down what a process says of itself, and tells how it stands. */
export async function reportInstance(parts: Parts, who: Principal, report: InstanceReport): Promise<Instance> {
  const row = { ...checked(report), reportedAt: parts.now().toISOString(), reportedBy: who.name }
  await requireRoom(parts, row.id)
  await parts.store.instances.save(parts.namespace, row)
  return describe(parts, row, comparing(parts))
}

/** Where what an instance runs differs from what is in effect: keys it takes in only when it restarts are still those of its start. */
export async function instanceDrift(parts: Parts, reader: SchemaReader | undefined): Promise<readonly DriftEntry[]> {
  const compare = comparing(parts)
  const running = (await remembered(parts)).filter((row) => !isGone(parts, row))
  const last = running.length === 0 ? new Map() : await lastChangesOf(parts)
  const drift = running.map(async ({ id, version, startVersion }): Promise<readonly DriftEntry[]> => {
    const isRestart = ({ path }: Difference): boolean => reader?.isRestart(path) ?? false
    const live = (await compare(version)).filter((one) => !isRestart(one))
    const waiting = (await compare(startVersion)).filter(isRestart)
    const toEntry = (one: Difference, needsRestart: boolean): DriftEntry => ({
      kind: 'instance',
      ...driftEntry(meant(one), reader, last),
      instance: id,
      needsRestart,
    })
    return [...live.map((one) => toEntry(one, false)), ...waiting.map((one) => toEntry(one, true))]
  })
  return (await Promise.all(drift)).flat()
}

/** What is in effect is meant, what the instance runs is what is. */
const meant = ({ path, before, after }: Difference): Difference => ({
  path,
  ...(after !== undefined && { before: after }),
  ...(before !== undefined && { after: before }),
})

async function remembered({ store, namespace, now }: Parts): Promise<readonly InstanceRow[]> {
  const oldest = new Date(now().getTime() - FORGOTTEN_MS).toISOString()
  const rows = await store.instances.list(namespace)
  const kept = rows.filter(({ reportedAt }) => reportedAt >= oldest)
  if (kept.length < rows.length) await store.instances.deleteBefore(oldest)
  return kept
}

const isGone = ({ now }: Parts, { reportedAt }: InstanceRow): boolean =>
  now().getTime() - Date.parse(reportedAt) > GONE_MS

type Compare = (version: VersionId) => Promise<readonly Difference[]>

/** What changed since a version, key by key, as far as may be seen; nothing for a version that is not kept. Each is compared once. */
function comparing(parts: Parts): Compare {
  const { state } = parts.head
  const known = new Map<VersionId, Promise<readonly Difference[]>>()
  const compare: Compare = async (version) => {
    if (version >= (state.version?.id ?? 0)) return []
    try {
      return withoutResealed(parts.secrets, baselineDrift((await stateAt(parts, version)).snapshot, state.snapshot))
    } catch (error) {
      if (HoldfastError.is(error, 'not-found')) return []
      throw error
    }
  }
  return (version) => {
    const found = known.get(version) ?? compare(version)
    known.set(version, found)
    return found
  }
}

async function describe(parts: Parts, row: InstanceRow, compare: Compare): Promise<Instance> {
  const head = parts.head.state.version?.id ?? 0
  const isBehind = row.version < head
  return {
    ...row,
    state: isGone(parts, row) ? 'gone' : isBehind ? 'behind' : 'current',
    behindSince: isBehind ? await firstAfter(parts, row.version) : null,
    pendingRestart: await pendingRestart(parts, row, compare),
  }
}

async function pendingRestart(
  parts: Parts,
  { startVersion }: InstanceRow,
  compare: Compare,
): Promise<Instance['pendingRestart']> {
  const reader = await parts.rules.reader(parts.head.state)
  const waiting = (await compare(startVersion)).filter(({ path }) => reader?.isRestart(path))
  if (waiting.length === 0) return null
  const times = await Promise.all(waiting.map(({ path }) => changedSince(parts, toSectionKey(path), startVersion)))
  const known = times.filter((time) => time !== undefined).sort()
  const since = known[0] ?? (await firstAfter(parts, startVersion)) ?? parts.now().toISOString()
  return { since, paths: waiting.map(({ path }) => printPath(path)) }
}

const PAGE = 1000

/** When a key first changed after a version, where a row of the history tells. */
async function changedSince(
  { store, namespace }: Parts,
  key: ReturnType<typeof toSectionKey>,
  version: VersionId,
): Promise<string | undefined> {
  const rows = await store.history(namespace, key, { limit: PAGE })
  return rows.findLast(({ versionId }) => versionId > version)?.changedAt
}

/** When the version after another was made: since then that is not the newest. It is sought in leaps, however much came after it. */
async function firstAfter({ store, namespace, head }: Parts, version: VersionId): Promise<string | null> {
  const below = async (id: VersionId): Promise<Version | undefined> =>
    (await store.versions(namespace, { limit: 1, before: id }))[0]
  const newest = head.state.version?.id ?? 0
  let low = version + 1
  let first = await below(low + 1)
  for (let leap = 1; (first?.id ?? 0) <= version; leap *= 4) {
    if (low > newest) return null
    low += leap
    first = await below(low + 1)
  }
  return (await firstIn(below, { after: version, upTo: first! })).createdAt
}

/** The first version after one, `upTo` being some later one. */
async function firstIn(
  below: (id: VersionId) => Promise<Version | undefined>,
  { after, upTo }: { readonly after: VersionId; readonly upTo: Version },
): Promise<Version> {
  let [low, first] = [after + 1, upTo]
  while (low < first.id) {
    const middle = Math.ceil((low + first.id) / 2)
    const found = await below(middle)
    if (found !== undefined && found.id > after) first = found
    else low = middle
  }
  return first
}

async function requireRoom({ store, namespace }: Parts, id: string): Promise<void> {
  const rows = await store.instances.list(namespace)
  if (rows.length < MOST || rows.some((row) => row.id === id)) return
  throw new HoldfastError('too-large', `namespace ${namespace} has ${MOST} instances already`, {
    limit: 'instances',
    allowed: MOST,
  })
}

/** What a process says, or a refusal (`malformed`) that names what is wrong with it. */
function checked({ id, host, version, startVersion, startedAt }: InstanceReport): InstanceReport {
  return {
    id: printable(id, 'id', 128),
    host: printable(host, 'host', 255),
    version: versionId(version, 'version'),
    startVersion: versionId(startVersion, 'startVersion'),
    startedAt: typeof startedAt === 'string' ? toTime(startedAt, 'startedAt') : refuse('startedAt', 'a time'),
  }
}

function printable(text: unknown, what: string, longest: number): string {
  const isFit = typeof text === 'string' && text.length <= longest && /^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/.test(text)
  return isFit ? text : refuse(what, `1 to ${longest} printable ASCII characters`)
}

function versionId(found: unknown, what: string): VersionId {
  return Number.isSafeInteger(found) && (found as number) > 0
    ? (found as VersionId)
    : refuse(what, 'the number of a version')
}

function refuse(what: string, form: string): never {
  throw new HoldfastError('malformed', `an instance's ${what} is ${form}`, { what })
}
