import type { Admin, Growth } from '../model/admin.ts'
import type { ChangeEvent, SourceStatus } from '../model/config.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Fence } from '../model/lease.ts'
import { authorise, type Principal, type Reach, reachOf } from '../model/principal.ts'
import { checkNamespace, type Version, type VersionId } from '../model/version.ts'
import type { Store } from '../store/store.ts'
import type { Access } from './access.ts'
import { adminFor } from './administration.ts'
import { type Desk, NOWHERE, openDesk } from './desk.ts'
import type { EmbeddedConfig } from './embedded.ts'
import { type GrowthWatch, watchGrowth } from './growth.ts'
import { viewOf } from './limited-view.ts'
import { type OpenNamespace, SILENT_INFO } from './namespace.ts'
import { openStore } from './open.ts'
import type { Origin } from './origin.ts'
import { Presence, type PresenceTimes, type Since, TIMES } from './presence.ts'
import { type Pulse, pulseOf } from './pulse.ts'
import { type ResumeOptions, type Resumption, resume } from './resume.ts'
import type { ServiceOptions } from './service-options.ts'

export type { Resumption } from './resume.ts'
export type { ServiceOptions } from './service-options.ts'

export interface Readiness {
  readonly isReady: boolean
  /** Why not, or what is not well although it is ready: sentences without values. */
  readonly reasons: readonly string[]
}

export interface Measures {
  readonly store: { readonly bytes: number; readonly freeBytes: number; readonly walBytes: number }
  readonly growth: Growth
  /** Changes that wait for a commit, messages to webhooks that are to be delivered, and entries of the audit log that are to be written. */
  readonly waiting: { readonly changes: number; readonly deliveries: number; readonly audit: number }
}

export interface NamespaceHealth {
  readonly namespace: string
  readonly version: Version | undefined
  readonly sources: readonly SourceStatus[]
  /** False where another node loads its sources. */
  readonly loads: boolean
}

/** The engine as a server uses it: one store, opened once; every call on behalf of a principal, and limited to what that may. */
export interface Service extends AsyncDisposable {
  readonly access: Access
  /** The namespace as `who` sees it: other sections are absent, secrets concealed without `secrets:read`. Refuses `forbidden`, `not-found`. */
  config(who: Principal, namespace: string, from?: Origin): Promise<EmbeddedConfig>
  admin(who: Principal, from?: Origin): Admin
  /** Which sections `who` may read: watchers with the same key are told the same. */
  reach(who: Principal, namespace: string): Reach
  /** The newest version of a namespace that is open here, told at once; `undefined` where it is not open, or not there any more. */
  current(namespace: string): Version | undefined
  /**
   * Every version after `since`: with `chain`, the beginning of its chain hash, only where that is the version meant; with `limit`, so many at
   * most, and fewer only where these are all.
   */
  resume(who: Principal, namespace: string, since: VersionId, options?: ResumeOptions): Promise<Resumption>
  /** Where `POST /backups` puts copies. */
  readonly backupDirectory: string
  ready(): Promise<Readiness>
  /** When this process last had all that was committed, in milliseconds since 1970; undefined while it has: the store is there. */
  staleSince(): Since
  /** True while the store does not answer, or answers with a failure: nothing can be written. */
  isAway(): boolean
  /** Calls `listener` when the store has gone, and when it is back and all that was missed is told. */
  onStale(listener: (since: Since) => void): () => void
  /** Takes in what other processes committed to a namespace; refuses (`unavailable`) where the store cannot be read. */
  refresh(namespace: string): Promise<void>
  /** The namespaces that are open here. */
  health(): readonly NamespaceHealth[]
  /** The timed work that this node does, and no other. */
  held(): readonly Fence[]
  /** How large the store is, and what waits for it. */
  measures(): Promise<Measures>
  /** Calls `listener` after each commit, in order within a namespace, unlimited: for metrics and logs. */
  onChange(listener: (namespace: string, event: ChangeEvent) => void): () => void
}

/** Opens a store for many callers, with its namespaces, its tokens, its webhooks and its timed work. */
export async function openService(options: ServiceOptions = {}): Promise<Service> {
  return openServiceOn(await openStore({ ...options, threads: true }), options)
}

/** The same on a store that is open, and is closed with it. @internal */
export async function openServiceOn(
  store: Store,
  options: ServiceOptions,
  times: Partial<PresenceTimes> = {},
): Promise<Service> {
  const { now = () => new Date(), log = SILENT_INFO, lockTimeoutMs = 30_000 } = options
  // A write that waits for a lock of another process is answered by the store itself, and before it is given up here.
  const presence = new Presence(store, { now, log, times: { write: lockTimeoutMs + TIMES.silence, ...times } })
  const pulse = pulseOf(presence.store, now)
  let desk: Desk | undefined
  try {
    desk = await openDesk(pulse.store, options, true)
    const { namespaces } = desk
    presence.onReturn = async () => void (await Promise.all(namespaces.all().map(catchUp)))
    await namespaces.openGiven()
    return serviceOf({ pulse, desk, presence, growth: await watchGrowth(store) })
  } catch (error) {
    await desk?.[Symbol.asyncDispose]()
    await store.close()
    presence.close()
    throw error
  }
}

/** Whatever else is wrong with one namespace is no reason to call the store away. */
async function catchUp(opened: OpenNamespace): Promise<void> {
  try {
    await opened.refresh()
  } catch (error) {
    if (HoldfastError.is(error, 'unavailable')) throw error
  }
}

interface ServiceParts {
  readonly pulse: Pulse
  readonly desk: Desk
  readonly presence: Presence
  readonly growth: GrowthWatch
}

function serviceOf({ pulse, desk, presence, growth }: ServiceParts): Service {
  const { access, namespaces, backupDirectory, disguise } = desk
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    growth.stop()
    await desk[Symbol.asyncDispose]()
    await pulse.store.close()
    presence.close()
  }
  return {
    access,
    backupDirectory,
    async config(who, namespace, from = NOWHERE) {
      requireSome(who, checkNamespace(namespace))
      const sourceIp = from.ip ?? who.sourceIp
      return desk.config(await namespaces.get(namespace), sourceIp === who.sourceIp ? who : { ...who, sourceIp })
    },
    admin: (who, from = NOWHERE) => adminFor({ ...desk.adminParts, growth }, { who, from }, async () => undefined),
    reach: (who, namespace) => authorise(who, 'config:read', namespace),
    current: (namespace) => namespaces.current(namespace),
    async resume(who, namespace, since, options) {
      authorise(who, 'config:read', checkNamespace(namespace))
      const { parts } = await namespaces.get(namespace)
      const view = viewOf(who, namespace, disguise)
      const { isWhole, events } = await resume({ ...parts, view }, since, options)
      return { isWhole, events: events.map(view.event) }
    },
    ready: () => readiness(pulse, desk, presence),
    staleSince: () => presence.since,
    isAway: () => presence.isAway,
    onStale: (listener) => presence.onChange(listener),
    refresh: async (namespace) => (await namespaces.get(namespace)).refresh(),
    health: () =>
      namespaces.all().map(({ parts, statuses, loads }) => ({
        namespace: parts.namespace,
        version: parts.head.state.version,
        sources: statuses(),
        loads: loads(),
      })),
    held: () => desk.leases.held(),
    measures: () => measures(pulse.store, desk, growth),
    onChange: desk.onChange,
    [Symbol.asyncDispose]() {
      closing ??= close()
      return closing
    },
  }
}

/** Refuses (`forbidden`) whoever may neither read nor write anything of a namespace, whether it is there or not. */
function requireSome(who: Principal, namespace: string): void {
  if (reachOf(who, 'config:write', namespace) === undefined) authorise(who, 'config:read', namespace)
}

async function measures(store: Store, { access, namespaces }: Desk, growth: GrowthWatch): Promise<Measures> {
  const changes = namespaces.all().reduce((sum, one) => sum + one.waiting(), 0)
  const waiting = { changes, deliveries: await store.webhooks.waiting(), audit: access.waiting() }
  const sizes = await store.sizes()
  return { store: sizes, growth: growth.until(sizes), waiting }
}

async function readiness(pulse: Pulse, { namespaces }: Desk, presence: Presence): Promise<Readiness> {
  const outage = presence.reason ?? (await pulse.check())
  const stale = namespaces.all().flatMap(({ parts, statuses }) =>
    statuses()
      .filter(({ state }) => state === 'stale')
      .map(({ name }) => `namespace ${parts.namespace} uses the last good content of ${name}, which cannot be loaded`),
  )
  const reasons = [...(outage === undefined ? [] : [outage]), ...namespaces.reasons(), ...stale]
  return { isReady: outage === undefined, reasons }
}
