import { join } from 'node:path'
import { type ChangeEvent, isTransient, type SourceStatus } from '../model/config.ts'
import type { Principal } from '../model/principal.ts'
import { checkNamespace } from '../model/version.ts'
import type { Store } from '../store/store.ts'
import { type Access, openAccess } from './access.ts'
import { type Acting, type AdminParts, backUp, purge } from './administration.ts'
import { callersAs } from './callers.ts'
import { type Disguise, disguiseOf } from './disguise.ts'
import { EmbeddedConfig } from './embedded.ts'
import { type Keyring, loadKeyring } from './keyring.ts'
import { Leases } from './leases.ts'
import { viewOf } from './limited-view.ts'
import { type OpenNamespace, SILENT_INFO } from './namespace.ts'
import { Namespaces } from './namespaces.ts'
import type { Log } from './options.ts'
import type { Origin } from './origin.ts'
import { resume } from './resume.ts'
import { openSchedules, type ScheduleEngine } from './schedules.ts'
import type { ServiceOptions } from './service-options.ts'
import { openWebhooks, type WebhookEngine } from './webhooks.ts'

/** What works on a store on behalf of many: its access, its namespaces, its webhooks, its timed work, and which of that this node does. */
export interface Desk extends AsyncDisposable {
  readonly access: Access
  readonly namespaces: Namespaces
  /** What this node does that one node at a time does. */
  readonly leases: Leases
  readonly adminParts: AdminParts
  readonly backupDirectory: string
  readonly disguise: Disguise
  /** A namespace as `who` sees it. */
  config(opened: OpenNamespace, who: Principal): EmbeddedConfig
  onChange(listener: OnChange): () => void
}

export const NOWHERE: Origin = Object.freeze({ ip: null, requestId: null })

type OnChange = (namespace: string, event: ChangeEvent) => void
type OnSource = (namespace: string, status: SourceStatus) => void

/** What the parts of a desk have in common. */
interface Room extends Required<Pick<ServiceOptions, 'directory' | 'environment' | 'log' | 'now'>> {
  readonly store: Store
  readonly options: ServiceOptions
  /** False where a server has the store open: it sends and keeps time. */
  readonly isServer: boolean
  readonly leases: Leases
  readonly changes: Set<OnChange>
  readonly sources: Set<OnSource>
}

/** Opens all of it on `store`, which stays its opener's to close. */
export async function openDesk(store: Store, options: ServiceOptions, isServer: boolean): Promise<Desk> {
  const room = roomOf(store, options, isServer)
  const { leases } = room
  const open: AsyncDisposable[] = [leases]
  const close = async (): Promise<void> => {
    leases.leave()
    await closeAll(open)
  }
  try {
    const access = await openAccess(store, room)
    open.push(access)
    const namespaces = namespacesOf(room)
    open.push(namespaces)
    const disguise = await disguiseOf(store)
    const backupDirectory = backupsOf(room)
    const desk = { access, namespaces, leases, disguise, config: configsBy(disguise), backupDirectory }
    const webhooks = await webhooksOf(room, desk)
    open.push(webhooks)
    const acting = actingOf(room, desk)
    const schedules = await schedulesOf(room, desk, acting, webhooks)
    open.push(schedules)
    return {
      ...desk,
      adminParts: { ...acting, webhooks, schedules },
      onChange: (listener) => listenTo(room.changes, listener),
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Begun = Omit<Desk, 'adminParts' | 'onChange' | typeof Symbol.asyncDispose>

function roomOf(store: Store, options: ServiceOptions, isServer: boolean): Room {
  const log = options.log ?? SILENT_INFO
  const now = options.now ?? (() => new Date())
  return {
    store,
    options,
    isServer,
    leases: new Leases({ store, now, log, ...(options.leaseMs !== undefined && { ttlMs: options.leaseMs }) }),
    directory: options.directory ?? process.cwd(),
    environment: options.environment ?? process.env,
    log,
    now,
    changes: new Set(),
    sources: new Set(),
  }
}

/** The last opened is the first closed: timed work ends before what it works on. */
async function closeAll(open: readonly AsyncDisposable[]): Promise<void> {
  for (const one of open.toReversed()) await one[Symbol.asyncDispose]()
}

function namespacesOf({ store, options, isServer, leases, directory, environment, log, now, changes, sources }: Room) {
  const { limits, namespaces: given = {} } = options
  return new Namespaces({
    store,
    common: { directory, environment, log, now, follow: isServer, ...(limits && { limits }) },
    given,
    leases,
    onChange: (namespace, event) => tellAll(changes, namespace, event, log),
    onSource: (namespace, status) => tellAll(sources, namespace, status, log),
  })
}

const MOST_CONFIGS = 100

/** The same for each call of a token from the same address, whose holder is the same object; a few are kept, as each holds what it saw last. */
function configsBy(disguise: Disguise): Desk['config'] {
  const all = new WeakMap<OpenNamespace, Map<Principal, EmbeddedConfig>>()
  return (opened, who) => {
    const configs = all.get(opened) ?? new Map<Principal, EmbeddedConfig>()
    const known = configs.get(who)
    if (known !== undefined) return known
    const made = makeConfig(opened, who, disguise)
    if (configs.size >= MOST_CONFIGS) configs.clear()
    all.set(opened, configs.set(who, made))
    return made
  }
}

const makeConfig = (opened: OpenNamespace, who: Principal, disguise: Disguise): EmbeddedConfig =>
  new EmbeddedConfig({
    opened,
    view: viewOf(who, opened.parts.namespace, disguise),
    callerOf: callersAs(who),
    hide: (snapshot) => snapshot.concealedTree(),
    close: async () => undefined, // others use it too
  })

const backupsOf = ({ options, store, directory }: Room): string =>
  options.backupDirectory ?? join(store.directory ?? directory, 'backups')

function webhooksOf(room: Room, { access, namespaces, disguise }: Begun): Promise<WebhookEngine> {
  const { store, options, isServer, leases, environment, log, now, changes, sources } = room
  let ring: Keyring | undefined
  return openWebhooks({
    store,
    keyring() {
      const { directory, name } = store
      ring ??= loadKeyring({ environment, directory, isTransient: isTransient(name), log, now })
      return ring
    },
    resume: async (name, since, limit) => resume((await namespaces.get(name)).parts, since, { limit }),
    onChange: (listener) => listenTo(changes, (namespace: string) => listener(namespace)),
    onSource: (listener) => listenTo(sources, listener),
    disguise,
    record: access.record,
    webhookHosts: options.webhookHosts ?? [],
    log,
    now,
    ...(isServer && { leases }),
  })
}

function actingOf({ store, log, now }: Room, { access, namespaces, config }: Begun): Acting {
  const begin: AdminParts['begin'] = async (who, name) => config(await namespaces.begin(checkNamespace(name)), who)
  return { store, log, now, begin, end: (name, work) => namespaces.end(name, work), access }
}

function schedulesOf(
  { store, options, isServer, leases, directory, log, now }: Room,
  { access, namespaces, config, backupDirectory }: Begun,
  acting: Acting,
  { tell }: WebhookEngine,
): Promise<ScheduleEngine> {
  return openSchedules({
    store,
    schedules: options.schedules ?? [],
    config: async (who, name) => config(await namespaces.get(name), who),
    purge: (who, name, request) => purge(acting, { who, from: NOWHERE }, name, request),
    backup: (who, file) => backUp(acting, { who, from: NOWHERE }, file),
    backupDirectory,
    directory,
    tell,
    record: access.record,
    leases,
    log,
    now,
    isTimer: isServer,
  })
}

function listenTo<L>(all: Set<L>, listener: L): () => void {
  all.add(listener)
  return () => void all.delete(listener)
}

/** A listener that throws is its owner's mistake: it is logged, and the others still hear. */
function tellAll<What>(
  all: Iterable<(namespace: string, what: What) => void>,
  namespace: string,
  what: What,
  log: Log,
) {
  for (const listener of all) {
    try {
      listener(namespace, what)
    } catch (error) {
      log.warn({ namespace, error }, 'a listener failed')
    }
  }
}
