import type { Fence } from '../model/lease.ts'
import type { ScheduleParts } from './schedule-parts.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR

/** How long what a server keeps beside the configuration is kept. */
const KEPT = { once: DAY, instances: DAY, deliveries: 30 * DAY, runs: 90 * DAY } as const

/** Forgets what is past its time, and what namespaces left whose deletion was cut short; one server does so each hour, without being told. Sessions are `Access`'s to end. */
export async function upkeep(parts: ScheduleParts, lease: Fence): Promise<number> {
  const { now } = parts
  const store = parts.store.fenced(lease)
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
