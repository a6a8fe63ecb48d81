import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  await using config = await openTarget(call)
  const version = await config.versions.baseline(operands[0]!, defined({ actor: flags.text('actor') }))
  if (print.json) print.document(version)
  else print.note(`Version ${version.id} is the baseline now.`)
  return undefined
}
