import type { Comparison, Config, VersionDifference } from '../../model/config.ts'
import { CONCEALED } from '../../model/config.ts'
import type { Call, Run } from '../command.ts'
import { openTarget } from '../open.ts'
import { DIFFERENT, DONE, type Printer } from '../print.ts'
import { count } from '../text.ts'
import { differenceLine } from '../values.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  const [a = '', b = ''] = operands
  await using config = await openTarget(call)
  const comparison = await config.versions.compare(a, b)
  const format = flags.text('format') ?? (print.json ? 'json' : 'text')
  if (format === 'json-patch') print.document(await toPatch(config, comparison, call))
  else if (format === 'json') print.document(comparison)
  else printText(comparison, print)
  return flags.has('exit-code') && comparison.changes.length > 0 ? DIFFERENT : DONE
}

function printText({ from, to, changes }: Comparison, print: Printer): void {
  const names = `version ${from.id} and version ${to.id}`
  print.lines(changes.map((change) => differenceLine(change, print, '')))
  print.note(`${changes.length === 0 ? 'No difference' : count(changes.length, 'difference')} between ${names}.`)
}

/** RFC 6902, from A to B. A secret is concealed on both sides, so that a patch cannot carry it: a remark says how many are left out. */
async function toPatch(config: Config, { from, to, changes }: Comparison, { print }: Call): Promise<object> {
  const { createPatch } = await import('rfc6902')
  const [before, after] = await Promise.all([config.at(from.id), config.at(to.id)])
  const secrets = changes.filter(isSecret).length
  if (secrets > 0) print.warn(`${count(secrets, 'changed secret is', 'changed secrets are')} not in the patch`)
  return createPatch(before.toJSON({ reveal: false }), after.toJSON({ reveal: false }))
}

const isSecret = ({ before, after }: VersionDifference): boolean => before === CONCEALED && after === CONCEALED
