import { withValue } from '../../model/layer.ts'
import type { Tree } from '../../model/value.ts'
import { type Assignment, readAssignments } from '../assignment.ts'
import type { Run } from '../command.ts'
import { openTarget } from '../open.ts'
import { guardsOf, printResult, provenanceOf } from '../result.ts'

export const run: Run = async (call) => {
  const { operands, flags, print, io } = call
  const type = flags.text('type')
  const assignments = await readAssignments(operands, type, io)
  await using config = await openTarget(call)
  const result = await config.change({
    set: toSet(assignments),
    isText: type === undefined,
    ...provenanceOf(flags),
    ...guardsOf(flags),
  })
  const nothing = operands.length === 1 ? 'it has that value already' : 'they have those values already'
  printResult(result, print, { dryRun: flags.has('dry-run'), nothing })
  return undefined
}

/** Assignments as a change says them: by section, keys outside any section under `''`. */
export function toSet(assignments: readonly Assignment[]): Tree {
  return assignments.reduce<Tree>(
    (set, { path, value }) => withValue(set, path.length === 1 ? ['', ...path] : path, value) as Tree,
    {},
  )
}
