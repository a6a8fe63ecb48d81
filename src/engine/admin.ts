import type { Admin } from '../model/admin.ts'
import { localPrincipal } from '../model/principal.ts'
import type { Access } from './access.ts'
import { adminFor } from './administration.ts'
import { operatingSystemUser } from './callers.ts'
import type { Desk } from './desk.ts'
import { once } from './lazily.ts'
import { SILENT_INFO } from './namespace.ts'
import { openStore } from './open.ts'
import type { Log } from './options.ts'
import type { ServiceOptions } from './service-options.ts'

/** What an administration of the store in this process is opened with: where, and the timed work and webhooks it is to know of. */
export interface AdminOptions extends Omit<ServiceOptions, 'namespaces'> {
  /** Who acts unless a call says otherwise; the operating-system user. */
  readonly actor?: string
}

/** Opens a store for what concerns all of it, as the holder of its file: namespaces, verification, purge, sizes, backup, tokens, audit. */
export async function openAdmin(options: AdminOptions = {}): Promise<Admin> {
  const store = await openStore(options)
  const who = localPrincipal(options.actor ?? operatingSystemUser())
  const log = options.log ?? SILENT_INFO
  const desk = once(async () => (await import('./desk.ts')).openDesk(store, options, false))
  const { access, notes } = lateAccess(desk, log)
  const parts = {
    store,
    now: options.now ?? (() => new Date()),
    begin: async (...asked: Parameters<Desk['adminParts']['begin']>) => (await desk()).adminParts.begin(...asked),
    end: async (...asked: Parameters<Desk['adminParts']['end']>) => (await desk()).adminParts.end(...asked),
    log,
    access,
    webhooks: {
      as: (...by: Parameters<Desk['adminParts']['webhooks']['as']>) =>
        late(WEBHOOKS, async () => (await desk()).adminParts.webhooks.as(...by)),
    },
    schedules: {
      as: (...by: Parameters<Desk['adminParts']['schedules']['as']>) =>
        late(SCHEDULES, async () => (await desk()).adminParts.schedules.as(...by)),
    },
  }
  const close = once(async () => {
    await Promise.all(notes)
    if (desk.isBegun()) await (await desk())[Symbol.asyncDispose]()
    await store.close()
  })
  return adminFor(parts, { who, from: { ip: null, requestId: null } }, close)
}

/** The access of a desk that is opened only when it is needed; `notes` are those on their way into the audit log. */
function lateAccess(desk: () => Promise<Desk>, log: Log) {
  const notes: Promise<void>[] = []
  const failed = (error: Error): void => log.warn({ error: error.message }, 'could not write into the audit log')
  const access: Pick<Access, 'tokens' | 'audit' | 'record'> = {
    tokens: (...by) => late(TOKENS, async () => (await desk()).access.tokens(...by)),
    audit: async (...query) => (await desk()).access.audit(...query),
    record: (entry) => void notes.push(desk().then((opened) => opened.access.record(entry), failed)),
  }
  const whoami: Access['whoami'] = ({ name, tokenId, grants }) => ({ name, tokenId, expiresAt: null, grants })
  return { access: { ...access, whoami }, notes }
}

type Methods<T> = { readonly [K in keyof T]: true }

const TOKENS: Methods<Admin['tokens']> = { create: true, list: true, rotate: true, revoke: true }
const SCHEDULES: Methods<Admin['schedules']> = { list: true, run: true }
const WEBHOOKS: Methods<Admin['webhooks']> = {
  create: true,
  list: true,
  update: true,
  delete: true,
  rotateSecret: true,
  test: true,
  deliveries: true,
  replay: true,
}

/** An object all of whose methods are promises, made when the first of them is called. */
function late<T extends object>(methods: Methods<T>, make: () => Promise<T>): T {
  const made = once(make)
  const call =
    (name: keyof T) =>
    async (...given: unknown[]) => {
      const found = await made()
      return (found[name] as (...given: unknown[]) => unknown)(...given)
    }
  return Object.fromEntries(Object.keys(methods).map((name) => [name, call(name as keyof T)])) as T
}
