import { HoldfastError } from '../../model/errors.ts'
import type { ScheduleSpec } from '../../model/schedule.ts'
import { isTree, type Value } from '../../model/value.ts'
import type { Project } from '../project.ts'

/** The cron table of `holdfast.yaml`, by name: `nightly: { cron: '0 3 * * *', task: backup, keep: 14 }`. */
export async function schedulesOf(project: Project | undefined): Promise<readonly ScheduleSpec[]> {
  const entries = Object.entries(project?.schedules ?? {})
  if (project === undefined || entries.length === 0) return []
  const { checkSchedule } = await import('../../engine/schedule-spec.ts')
  return entries.map(([name, value]) => readSchedule(name, value, project, checkSchedule))
}

function readSchedule(
  name: string,
  value: Value,
  project: Project,
  check: (value: unknown) => ScheduleSpec,
): ScheduleSpec {
  const path = ['schedules', name]
  if (!isTree(value)) return project.refuse(path, "a schedule is a map: nightly: { cron: '0 3 * * *', task: backup }")
  if (Object.hasOwn(value, 'name')) project.refuse([...path, 'name'], `its name stands before it: ${name}`)
  try {
    return check({ ...value, name })
  } catch (error) {
    if (!HoldfastError.is(error, 'malformed')) throw error
    return project.refuse([...path, error.details.what], error.message)
  }
}
