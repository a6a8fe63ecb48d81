import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'
import { versionLine } from '../result.ts'

export const run: Run = async (call) => {
  const { flags, print } = call
  await using config = await openTarget(call)
  const tags = flags.texts('tag')
  const version = await config.versions.create(
    defined({
      description: flags.text('description'),
      actor: flags.text('actor'),
      tags: tags.length > 0 ? tags : undefined,
      baseline: flags.has('baseline') || undefined,
    }),
  )
  if (print.json) print.document(version)
  else print.line(print.paint('bold', versionLine(version)))
  return undefined
}
