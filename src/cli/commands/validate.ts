import type { Config, ValidationResult } from '../../model/config.ts'
import { HoldfastError, type Issue } from '../../model/errors.ts'
import { readAssignments } from '../assignment.ts'
import type { Call, Run } from '../command.ts'
import { openTarget } from '../open.ts'
import { DONE, EXIT, issueLine } from '../print.ts'
import { count } from '../text.ts'
import { toSet } from './set.ts'

export const run: Run = async (call) => {
  const { operands, print } = call
  await using config = await openTarget(call)
  const result = operands.length === 0 ? await current(config) : await tryChange(call, config)
  if (print.json) print.document({ valid: result.valid, issues: result.issues })
  else if (result.valid) print.note('Valid.')
  else
    print.lines([
      `Not valid: ${count(result.issues.length, 'issue')}`,
      ...result.issues.map((issue) => `  ${issueLine(issue)}`),
    ])
  return result.valid ? DONE : EXIT.invalid
}

/** What is in force, and what its sources say: one that could not be taken in is a finding, though its last good content is valid. */
async function current(config: Config): Promise<ValidationResult> {
  const { issues } = await config.validate()
  const stale = config.sources.filter(({ state }) => state === 'stale')
  const found = [
    ...issues,
    ...stale.map(({ name, error }): Issue => ({ path: '', code: 'stale-source', message: `${name}: ${error}` })),
  ]
  return { valid: found.length === 0, issues: found }
}

async function tryChange({ operands, io }: Call, config: Config): Promise<ValidationResult> {
  const assignments = await readAssignments(operands, undefined, io)
  try {
    await config.change({ set: toSet(assignments), isText: true, dryRun: true })
    return { valid: true, issues: [] }
  } catch (error) {
    if (HoldfastError.is(error, 'invalid')) return { valid: false, issues: error.details.issues }
    throw error
  }
}
