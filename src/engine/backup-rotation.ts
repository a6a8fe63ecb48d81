import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { durationOf } from '../model/duration.ts'
import { HoldfastError } from '../model/errors.ts'
import type { Principal } from '../model/principal.ts'
import type { ScheduleSpec } from '../model/schedule.ts'
import { codeOf } from '../source/refuse.ts'
import { publish, syncFolder } from '../store/files.ts'
import type { ScheduleParts } from './schedule-parts.ts'

/**
 * Copies the store into the schedule's folder, verifies the copy, and removes older copies of this schedule. A copy gets its name only when it
 * is verified, so the folder holds good ones only; what else is in it is never touched.
 */
export async function backUp(parts: ScheduleParts, spec: ScheduleSpec, who: Principal): Promise<string> {
  const directory = resolve(parts.directory, spec.directory ?? parts.backupDirectory)
  const at = parts.now()
  const name = fileName(spec.name, at)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const { versions } = await makeCopy(parts, who, { directory, name, spec })
    if (who.lease !== undefined) await parts.store.leases.require(who.lease) // who was paused meanwhile removes nothing
    const removed = await rotate(directory, spec, { newest: name, at })
    return `${name}: ${versions} versions, verified${removed === 0 ? '' : `; ${removed} older copies removed`}`
  } catch (error) {
    const code = codeOf(error)
    if (error instanceof HoldfastError || code === 'no code') throw error
    const text = `the folder ${directory} does not take the copy (${code}): see that it is a folder, may be written, and has room`
    throw new HoldfastError('unavailable', text, { store: directory, retry: true }, { cause: error })
  }
}

async function makeCopy(
  parts: ScheduleParts,
  who: Principal,
  { directory, name, spec }: { readonly directory: string; readonly name: string; readonly spec: ScheduleSpec },
) {
  const prefix = `.holdfast-${spec.name}-partial-`
  await removeLeftovers(directory, prefix)
  const room = await mkdtemp(join(directory, prefix)) // mode 0700, so that nobody reads the copy before it is 0600
  try {
    const partial = join(room, name)
    const report = await parts.backup(who, partial)
    const [problem] = report.problems
    if (problem !== undefined)
      throw new HoldfastError('store', `the copy does not verify: ${problem.message}; run holdfast verify`, {
        store: name,
      })
    await chmod(partial, 0o600)
    publish(partial, join(directory, name))
    syncFolder(directory)
    return report
  } finally {
    await rm(room, { recursive: true, force: true })
  }
}

/** What a crash left of a copy that was not finished. */
async function removeLeftovers(directory: string, prefix: string): Promise<void> {
  const left = (await readdir(directory)).filter(
    (name) => name.startsWith(prefix) && /^[A-Za-z0-9]{6}$/.test(name.slice(prefix.length)),
  )
  for (const name of left) await rm(join(directory, name), { recursive: true, force: true })
}

/** With both `keep` and `olderThan`, a copy goes only where both let it. */
async function rotate(
  directory: string,
  { name, keep, olderThan }: ScheduleSpec,
  { newest, at }: { readonly newest: string; readonly at: Date },
): Promise<number> {
  if (keep === undefined && olderThan === undefined) return 0
  const mine = (await readdir(directory)).filter((file) => timeOf(name, file) !== undefined && file !== newest)
  const beyond = mine
    .sort()
    .reverse()
    .slice((keep ?? 1) - 1)
  const before = olderThan === undefined ? undefined : fileName(name, new Date(at.getTime() - durationOf(olderThan)!))
  const old = beyond.filter((file) => before === undefined || file < before)
  for (const file of old) await rm(join(directory, file))
  if (old.length > 0) syncFolder(directory)
  return old.length
}

/** `holdfast-<schedule>-20261101T030000000Z.db`: names of one schedule sort by time. */
const fileName = (schedule: string, at: Date): string =>
  `holdfast-${schedule}-${at.toISOString().replace(/[-:.]/g, '')}.db`

/** The time in the name of a copy that this schedule made; `undefined` for any other file. */
function timeOf(schedule: string, file: string): string | undefined {
  const prefix = `holdfast-${schedule}-`
  if (!file.startsWith(prefix)) return undefined
  return /^(\d{8}T\d{9}Z)\.db$/.exec(file.slice(prefix.length))?.[1]
}
