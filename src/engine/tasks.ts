import { createHash } from 'node:crypto'
import { type Config, DRIFT_KINDS, type DriftEntry } from '../model/config.ts'
import { durationOf } from '../model/duration.ts'
import { HoldfastError } from '../model/errors.ts'
import { matches, type Principal } from '../model/principal.ts'
import type { ScheduleSpec, Task } from '../model/schedule.ts'
import { backUp } from './backup-rotation.ts'
import type { ScheduleParts } from './schedule-parts.ts'
import { storeOf } from './under-lease.ts'
import { countsOf } from './webhook-message.ts'

/** Does a schedule's work on behalf of `who`; tells what it did in one sentence, and rejects where any of it failed. */
export function runTask(parts: ScheduleParts, spec: ScheduleSpec, who: Principal): Promise<string> {
  return TASK_WORK[spec.task](parts, spec, who)
}

type Work = (parts: ScheduleParts, spec: ScheduleSpec, who: Principal) => Promise<string>

const TASK_WORK: Readonly<Record<Task, Work>> = {
  'refresh-sources': (parts, spec, who) =>
    inNamespaces(parts, spec, async (namespace) => refresh(await parts.config(who, namespace))),
  'check-drift': (parts, spec, who) =>
    inNamespaces(parts, spec, async (namespace) => checkDrift(parts, spec, who, await parts.config(who, namespace))),
  purge: (parts, spec, who) => inNamespaces(parts, spec, (namespace) => purge(parts, spec, who, namespace)),
  snapshot: (parts, spec, who) =>
    inNamespaces(parts, spec, async (namespace) => snapshot(spec, await parts.config(who, namespace))),
  backup: backUpOrTell,
}

/** The same in each namespace that the schedule concerns; one that fails does not keep the others from their turn. */
async function inNamespaces(
  parts: ScheduleParts,
  { namespaces: patterns = ['*'] }: ScheduleSpec,
  work: (namespace: string) => Promise<string>,
): Promise<string> {
  const names = (await parts.store.namespaces()).filter((name) => patterns.some((pattern) => matches(pattern, name)))
  if (names.length === 0) return 'no namespace to do it in'
  const done: string[] = []
  const failed: string[] = []
  for (const name of names) {
    try {
      done.push(`${name}: ${await work(name)}`)
    } catch (error) {
      if (!(error instanceof HoldfastError)) parts.log.warn({ namespace: name, error }, 'timed work failed unforeseen')
      failed.push(`${name}: ${sentenceOf(error)}`)
    }
  }
  if (failed.length === 0) return done.join('; ')
  throw new TaskFailure([...failed, ...done].join('; '))
}

/** Why some of the work failed, as it may be shown. */
export class TaskFailure extends Error {}

/** What may be shown of an error: refusals have no values in them, but findings about a configuration may. */
export function sentenceOf(error: unknown): string {
  if (error instanceof TaskFailure) return error.message
  if (HoldfastError.is(error, 'invalid')) return `it would not be valid (${error.details.issues.length} findings)`
  return error instanceof HoldfastError ? error.message : 'it failed for a reason that stands in the log'
}

async function refresh(config: Config): Promise<string> {
  const sources = await config.reload()
  const stale = sources.filter(({ state }) => state === 'stale').map(({ name }) => name)
  return `${sources.length} ${sources.length === 1 ? 'source' : 'sources'}${stale.length === 0 ? '' : `, stale: ${stale.join(', ')}`}`
}

async function snapshot({ name, baseline = false }: ScheduleSpec, config: Config): Promise<string> {
  const version = await config.versions.create({ description: `schedule ${name}`, baseline, actor: `schedule:${name}` })
  return `version ${version.id}${baseline ? ', now the baseline' : ''}`
}

async function purge(parts: ScheduleParts, spec: ScheduleSpec, who: Principal, namespace: string): Promise<string> {
  const { versions, history } = await parts.purge(who, namespace, {
    olderThan: durationOf(spec.olderThan!)!,
    keep: spec.keep ?? 0,
    actor: who.name,
  })
  return `${versions} versions and ${history} history entries removed`
}

async function backUpOrTell(parts: ScheduleParts, spec: ScheduleSpec, who: Principal): Promise<string> {
  try {
    return await backUp(parts, spec, who)
  } catch (error) {
    const reason = sentenceOf(error)
    await parts.tell({ kind: 'backup-failed', namespace: null, schedule: spec.name, reason }, who.lease)
    throw error
  }
}

/** Counts what differs, and tells of it where it is not what was told last: drift that always alarms is not read. */
async function checkDrift(
  parts: ScheduleParts,
  { name }: ScheduleSpec,
  who: Principal,
  config: Config,
): Promise<string> {
  const entries = (await Promise.all(DRIFT_KINDS.map((kind) => driftOf(config, kind)))).flat()
  const digest = digestOf(entries)
  const key = `drift_told:${name}:${config.namespace}`
  const last = (await parts.store.metadata()).get(key) ?? NO_DRIFT
  if (digest !== last) {
    if (entries.length > 0) await parts.tell({ kind: 'drift', namespace: config.namespace, entries }, who.lease)
    await storeOf(parts.store, who).setMetadata(key, digest, parts.now().toISOString())
  }
  const counts = Object.entries(countsOf(entries)).map(([kind, count]) => `${count} ${kind}`)
  return counts.length === 0 ? 'no drift' : `drift: ${counts.join(', ')}`
}

/** An override that says what its base says is no difference; without a baseline there is nothing to differ from. */
async function driftOf(config: Config, kind: DriftEntry['kind']): Promise<readonly DriftEntry[]> {
  try {
    return (await config.drift({ kind })).filter(({ state }) => state !== 'redundant')
  } catch (error) {
    if (HoldfastError.is(error, 'not-found')) return []
    throw error
  }
}

const NO_DRIFT = 'none'

/** Values in it are concealed where they are secret; that one of those changed shows in its version. */
function digestOf(entries: readonly DriftEntry[]): string {
  if (entries.length === 0) return NO_DRIFT
  const lines = entries.map(({ kind, path, instance, expected, actual, version }) =>
    JSON.stringify([kind, path, instance, expected, actual, version]),
  )
  return createHash('sha256').update(lines.toSorted().join('\n')).digest('hex')
}
