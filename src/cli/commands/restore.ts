import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'
import { guardsOf, printResult, provenanceOf } from '../result.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  const [ref = ''] = operands
  const sections = flags.texts('section')
  const paths = flags.texts('path')
  await using config = await openTarget(call)
  const result = await config.versions.restore(ref, {
    ...provenanceOf(flags),
    ...guardsOf(flags),
    ...defined({
      mode: flags.text('mode') as 'effective' | 'overrides' | undefined,
      sections: sections.length > 0 ? sections : undefined,
      paths: paths.length > 0 ? paths : undefined,
    }),
  })
  printResult(result, print, { dryRun: flags.has('dry-run'), nothing: `it is as it was at ${ref}` })
  return undefined
}
