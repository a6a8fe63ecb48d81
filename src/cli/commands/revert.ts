import type { Run } from '../command.ts'
import { openTarget } from '../open.ts'
import { guardsOf, printResult, provenanceOf } from '../result.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  const [ref = ''] = operands
  await using config = await openTarget(call)
  const result = await config.versions.revert(ref, { ...provenanceOf(flags), ...guardsOf(flags) })
  printResult(result, print, { dryRun: flags.has('dry-run'), nothing: `${ref} changed nothing that is still there` })
  return undefined
}
