import type { Config, ValidationResult } from '../../model/config.ts'
import { HoldfastError } from '../../model/errors.ts'
import { readAssignments } from '../assignment.ts'
import type { Call, Run } from '../command.ts'
import { DONE, EXIT, issueLine } from '../print.ts'
import { openTarget } from '../target.ts'
import { count } from '../text.ts'
import { toSet } from './set.ts'

export const run: Run = async (call) => {
  const { operands, print } = call
  await using config = await openTarget(call)
  const result = operands.length === 0 ? await config.validate() : await tryChange(call, config)
  if (print.json) print.document({ valid: result.valid, issues: result.issues })
  else if (result.valid) print.note('Valid.')
  else
    print.lines([
      `Not valid: ${count(result.issues.length, 'issue')}`,
      ...result.issues.map((issue) => `  ${issueLine(issue)}`),
    ])
  return result.valid ? DONE : EXIT.invalid
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
