import type { Run } from '../command.ts'
import { openTarget } from '../open.ts'
import { guardsOf, printResult, provenanceOf } from '../result.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  await using config = await openTarget(call)
  const result = await config.change({ unset: operands, ...provenanceOf(flags), ...guardsOf(flags) })
  printResult(result, print, { dryRun: flags.has('dry-run'), nothing: `no override at ${operands.join(', ')}` })
  return undefined
}
