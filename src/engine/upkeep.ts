import type { ScheduleParts } from './schedule-parts.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR

/** How long what a server keeps beside the configuration is kept. */
const KEPT = { once: DAY, instances: DAY, deliveries: 30 * DAY, runs: 90 * DAY } as const

/** Forgets what is past its time, and what namespaces left whose deletion was cut short; every server does so each hour, without being told. Sessions are `Access`'s to end. */
export async function upkeep({ store, now }: ScheduleParts): Promise<number> {
  const before = (age: number): string => new Date(now().getTime() - age).toISOString()
  const counts = [
    await store.once.deleteBefore(before(KEPT.once)),
    await store.instances.deleteBefore(before(KEPT.instances)),
    await store.webhooks.deleteBefore(before(KEPT.deliveries)),
    await store.schedules.deleteBefore(before(KEPT.runs)),
    await store.clearDeleted(),
  ]
  return counts.reduce((sum, count) => sum + count, 0)
}
