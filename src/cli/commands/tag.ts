import { HoldfastError } from '../../model/errors.ts'
import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  const [ref = '', name = ''] = operands
  const by = defined({ actor: flags.text('actor') })
  await using config = await openTarget(call)
  const { versions } = config
  if (!flags.has('delete')) {
    const version = await versions.tag(ref, name, by)
    if (print.json) print.document(version)
    else print.note(`Version ${version.id} is now called ${name}.`)
    return undefined
  }
  const { id, tags } = await versions.get(ref)
  if (!tags.includes(name)) throw new HoldfastError('not-found', `version ${id} has no tag ${name}`, { what: name })
  await versions.untag(name, by)
  if (print.json) print.document(await versions.get(id))
  else print.note(`Version ${id} is no longer called ${name}.`)
  return undefined
}
