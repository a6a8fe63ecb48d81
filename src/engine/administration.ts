import type { AuditEntry, AuditEvent } from '../model/access.ts'
import type {
  Admin,
  BackupReport,
  NamespaceStats,
  Progress,
  PurgeRequest,
  Stats,
  VerifyResult,
} from '../model/admin.ts'
import { byteLength, canonical } from '../model/canonical.ts'
import type { Config } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import { printPath } from '../model/path.ts'
import { ACTIONS, authoriseStore, authoriseWhole, type Principal, reachOf } from '../model/principal.ts'
import { leavesOf } from '../model/snapshot.ts'
import { checkNamespace, type Version } from '../model/version.ts'
import type { Store } from '../store/store.ts'
import type { Access } from './access.ts'
import { Breath } from './breath.ts'
import type { GrowthWatch } from './growth.ts'
import { unknownNamespace } from './namespaces.ts'
import type { Log } from './options.ts'
import type { Origin } from './origin.ts'
import type { ScheduleEngine } from './schedules.ts'
import { toState } from './stored.ts'
import { storeOf } from './under-lease.ts'
import type { VerifyRequest } from './verify.ts'
import type { WebhookEngine } from './webhooks.ts'

/** What acts on a whole store or a whole namespace need of the engine around them. */
export interface Acting {
  readonly store: Store
  readonly now: () => Date
  /** A namespace for `who`, also one that is not there yet; shared, so never closed here. */
  readonly begin: (who: Principal, namespace: string) => Promise<Config>
  /** Closes what is open of a namespace, and runs the work that takes it away before anybody opens it again. */
  readonly end: (namespace: string, work: () => Promise<void>) => Promise<void>
  readonly log: Log
  readonly access: Pick<Access, 'tokens' | 'audit' | 'whoami' | 'record'>
}

/** What the administration of a store is made of. */
export interface AdminParts extends Acting {
  readonly webhooks: Pick<WebhookEngine, 'as'>
  readonly schedules: Pick<ScheduleEngine, 'as'>
  /** Where somebody watches how the store grows. */
  readonly growth?: Pick<GrowthWatch, 'until'>
}

/** On whose behalf, and from where they ask. */
export interface Asker {
  readonly who: Principal
  readonly from: Origin
}

/** What concerns more than one namespace, as one caller may do it: each act is refused, or done and written into the audit log. */
export function adminFor(parts: AdminParts, by: Asker, close: () => Promise<void>): Admin {
  const { store, access } = parts
  const { who, from } = by
  return {
    namespaces: () => namespaces(parts, who),
    createNamespace: (name, { actor } = {}) => createNamespace(parts, by, checkNamespace(name), actor),
    deleteNamespace: (name) => deleteNamespace(parts, by, checkNamespace(name)),
    verify: (request = {}) => verifyFor(store, who, request),
    purge: (namespace, request) => purge(parts, by, checkNamespace(namespace), request),
    async stats() {
      authoriseStore(who, 'admin')
      return stats(parts)
    },
    backup: (file, onProgress) => backUp(parts, by, file, onProgress),
    tokens: access.tokens(who, from),
    webhooks: parts.webhooks.as(who, from),
    schedules: parts.schedules.as(who, from),
    audit: (query = {}) => access.audit(who, query),
    whoami: async () => access.whoami(who),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function note({ access }: Acting, { who, from }: Asker, event: AuditEvent, about: Partial<AuditEntry> = {}): void {
  const { name, tokenId } = who
  const where = { sourceIp: from.ip ?? who.sourceIp, requestId: from.requestId }
  access.record({ event, who: name, tokenId, namespace: null, subject: null, detail: null, ...where, ...about })
}

async function createNamespace(
  parts: Acting,
  by: Asker,
  namespace: string,
  actor: string | undefined,
): Promise<Version> {
  authoriseStore(by.who, 'admin')
  if ((await parts.store.head(namespace)) !== undefined)
    throw new HoldfastError('exists', `namespace ${namespace} is there already`, { what: namespace })
  const config = await parts.begin(by.who, namespace)
  const description = 'the namespace begins'
  const version = await config.versions.create({ description, ...(actor !== undefined && { actor }) })
  note(parts, by, 'namespace-created', { namespace })
  return version
}

async function deleteNamespace(parts: Acting, by: Asker, namespace: string): Promise<void> {
  authoriseStore(by.who, 'admin')
  if ((await parts.store.head(namespace)) === undefined) throw await unknownAmong(parts.store, namespace)
  await parts.end(namespace, () => parts.store.deleteNamespace(namespace, parts.now().toISOString()))
  note(parts, by, 'namespace-deleted', { namespace })
  await clearDeleted(parts)
}

/** It is gone by now, whatever becomes of its rows: what is left of them is removed with the next upkeep. */
async function clearDeleted({ store, log }: Acting): Promise<void> {
  try {
    await store.clearDeleted()
  } catch (error) {
    log.warn(
      { error: (error as Error).message },
      'what a deleted namespace left could not be removed; trying again later',
    )
  }
}

/** One namespace is verified for those who administer all of it; what the store says of the rest is not for them. */
async function verifyFor(store: Store, who: Principal, request: VerifyRequest): Promise<VerifyResult> {
  if (request.namespace === undefined) authoriseStore(who, 'admin')
  else authoriseWhole(who, 'admin', request.namespace)
  const { verifyApart } = await import('./verify-apart.ts')
  const found = await verifyApart(store, request)
  if (isForStore(who)) return found
  const problems = found.problems.filter(({ namespace }) => namespace === request.namespace)
  return { ...found, ok: problems.length === 0, problems }
}

/** Drops old versions and history of a namespace: for those who administer all of it. */
export async function purge(
  parts: Acting,
  by: Asker,
  namespace: string,
  request: PurgeRequest,
): ReturnType<Admin['purge']> {
  authoriseWhole(by.who, 'admin', namespace)
  if ((await parts.store.head(namespace)) === undefined)
    throw isForStore(by.who) ? await unknownAmong(parts.store, namespace) : unknownNamespace(namespace)
  const done = await storeOf(parts.store, by.who).purge(namespace, toPlan(request, parts.now(), by.who))
  const detail = `${done.versions} versions and ${done.history} history entries`
  if (!request.dryRun) note(parts, by, 'purged', { namespace, detail })
  return done
}

/** Copies the store into a new file, opens the copy and recomputes all of its hashes. */
export async function backUp(
  parts: Acting,
  by: Asker,
  file: string,
  onProgress?: Progress,
): Promise<BackupReport & VerifyResult> {
  authoriseStore(by.who, 'admin')
  await parts.store.backup(file, onProgress)
  const { verifyBackupApart } = await import('./verify-apart.ts')
  const report = await verifyBackupApart(file)
  note(parts, by, 'backup', { detail: `${report.versions} versions, ${report.problems.length} problems` })
  return report
}

function isForStore(who: Principal): boolean {
  try {
    authoriseStore(who, 'admin')
    return true
  } catch (error) {
    if (HoldfastError.is(error, 'forbidden')) return false
    throw error
  }
}

/** Those that `who` may do anything in; of one whose sections are not all open to them, rows are not counted. */
async function namespaces({ store }: Acting, who: Principal): Promise<readonly NamespaceStats[]> {
  const all = (await store.stats()).namespaces
  const mine = all.filter(({ namespace }) => ACTIONS.some((action) => reachOf(who, action, namespace)))
  return mine.map((one) =>
    reachOf(who, 'config:read', one.namespace)?.isWhole ? one : { ...one, history: 0, overrides: 0, documentBytes: 0 },
  )
}

async function unknownAmong(store: Store, name: string): Promise<HoldfastError> {
  const known = await store.namespaces()
  const hint = known.length === 0 ? 'it has none yet' : `it has ${known.join(', ')}`
  return new HoldfastError('not-found', `the store has no namespace ${name}: ${hint}`, { what: name })
}

const DEFAULT_KEEP = 0

function toPlan(request: PurgeRequest, now: Date, who: Principal) {
  const { olderThan, keep = DEFAULT_KEEP, dryRun = false, onProgress } = request
  if (!(olderThan >= 0))
    throw new HoldfastError('malformed', 'olderThan is a length of time in milliseconds', { what: 'olderThan' })
  return {
    before: new Date(Math.max(0, now.getTime() - olderThan)).toISOString(), // no version is older than the clock's beginning
    keep,
    by: who.tokenId === null ? (request.actor ?? who.name) : who.name,
    at: now.toISOString(),
    dryRun,
    ...(onProgress && { onProgress }),
  }
}

const LARGEST = 10

async function stats({ store, growth }: Pick<AdminParts, 'store' | 'growth'>): Promise<Stats> {
  const found = await store.stats()
  let largestKeys: Stats['largestKeys'] = []
  for (const { namespace } of found.namespaces) {
    largestKeys = [...largestKeys, ...(await sizesOf(store, namespace))]
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, LARGEST)
  }
  return { store: store.name, ...found, growth: growth?.until(found) ?? null, largestKeys }
}

async function sizesOf(store: Store, namespace: string): Promise<Stats['largestKeys']> {
  const { snapshot } = toState(await store.state(namespace), (_, __, value) => value)
  const sizes: Stats['largestKeys'][number][] = []
  const breath = new Breath()
  for (const { path, value } of leavesOf(snapshot)) {
    await breath.take()
    sizes.push({ namespace, path: printPath(path), bytes: byteLength(canonical(value)) })
  }
  return sizes
}
