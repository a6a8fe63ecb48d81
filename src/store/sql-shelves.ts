import type { Driver } from './driver.ts'
import type { Store } from './store.ts'

type Shelves = Pick<
  Store,
  'tokens' | 'sessions' | 'auditLog' | 'once' | 'instances' | 'webhooks' | 'schedules' | 'leases'
>

/** The shelves of a store. Each is loaded when one of its methods is first called: what only reads the configuration needs none. */
export function sqlShelves(driver: Driver): Shelves {
  return {
    tokens: onFirstUse(async () => (await import('./tokens.ts')).tokenShelf(driver), {
      insert: 1,
      insertFirst: 1,
      all: 1,
      rotate: 1,
      revoke: 1,
      touch: 1,
    }),
    sessions: onFirstUse(async () => (await import('./sessions.ts')).sessionShelf(driver), {
      insert: 1,
      find: 1,
      touch: 1,
      delete: 1,
      deleteOld: 1,
    }),
    auditLog: onFirstUse(async () => (await import('./audit-log.ts')).auditShelf(driver), {
      append: 1,
      list: 1,
      isNewAddress: 1,
      deleteBefore: 1,
    }),
    once: onFirstUse(async () => (await import('./once.ts')).onceShelf(driver), {
      find: 1,
      insert: 1,
      deleteBefore: 1,
    }),
    instances: onFirstUse(async () => (await import('./instances.ts')).instanceShelf(driver), {
      save: 1,
      list: 1,
      deleteBefore: 1,
    }),
    webhooks: onFirstUse(async () => (await import('./webhooks.ts')).webhookShelf(driver), {
      insert: 1,
      list: 1,
      update: 1,
      delete: 1,
      cursor: 1,
      enqueue: 1,
      due: 1,
      nextDue: 1,
      settle: 1,
      find: 1,
      deliveries: 1,
      waiting: 1,
      deleteBefore: 1,
    }),
    schedules: onFirstUse(async () => (await import('./schedules.ts')).scheduleShelf(driver), {
      begin: 1,
      beginDue: 1,
      end: 1,
      last: 1,
      lastDue: 1,
      closeAbandoned: 1,
      deleteBefore: 1,
    }),
    leases: onFirstUse(async () => (await import('./leases.ts')).leaseShelf(driver), {
      join: 1,
      beat: 1,
      leave: 1,
      bury: 1,
      take: 1,
      release: 1,
      require: 1,
      list: 1,
    }),
  }
}

type Method = (...values: readonly unknown[]) => Promise<unknown>

/** `methods` names them all, which the compiler checks. */
function onFirstUse<Shelf extends object>(load: () => Promise<Shelf>, methods: Record<keyof Shelf, 1>): Shelf {
  let loading: Promise<Shelf> | undefined
  const called = (name: string): Method => {
    return async (...values) => {
      loading ??= load()
      return ((await loading) as Record<string, Method>)[name]!(...values)
    }
  }
  return Object.fromEntries(Object.keys(methods).map((name) => [name, called(name)])) as Shelf
}
