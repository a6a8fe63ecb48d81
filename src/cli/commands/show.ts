import type { FormatName } from '../../format/format.ts'
import { leaves } from '../../model/layer.ts'
import { printPath } from '../../model/path.ts'
import type { Version } from '../../model/version.ts'
import type { Run } from '../command.ts'
import { openTarget } from '../open.ts'
import { pairs } from '../table.ts'
import { visible, visibleLines } from '../text.ts'
import { ago, stamp } from '../time.ts'
import { showValue } from '../values.ts'

export const run: Run = async (call) => {
  const { operands, flags, print } = call
  const [ref = ''] = operands
  const format = flags.text('format')
  await using config = await openTarget(call)
  const version = await config.versions.get(ref)
  const tree = (await config.at(version.id)).toJSON({ reveal: false })
  if (format === 'json') print.document(tree)
  else if (print.json) print.document({ ...version, config: tree })
  else if (format !== undefined) {
    const { renderAs } = await import('../../format/render.ts')
    const text = await renderAs(format as FormatName, [], tree)
    print.raw(print.isTerminal ? visibleLines(text) : text)
  } else {
    print.lines(pairs(describe(version), print))
    print.line()
    for (const [path, value] of leaves(tree)) print.line(`${visible(printPath(path))} = ${showValue(value)}`)
  }
  return undefined
}

/** What there is to say about a version, name by name. */
export function describe(version: Version): readonly (readonly [string, string])[] {
  const { id, createdAt, createdBy, description, cause, isBaseline, tags, hash, chainHash } = version
  const names = [...(isBaseline ? ['baseline'] : []), ...tags]
  return [
    ['version', `${id}${names.length > 0 ? ` (${names.join(', ')})` : ''}`],
    ['when', `${ago(createdAt, new Date())} (${stamp(createdAt)})`],
    ['who', createdBy],
    ['cause', cause],
    ...(description === null ? [] : [['what for', description] as const]),
    ['hash', hash],
    ['chain', chainHash],
  ]
}
