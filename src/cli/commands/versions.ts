import type { Version } from '../../model/version.ts'
import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'
import { table } from '../table.ts'
import { stamp } from '../time.ts'

export const run: Run = async (call) => {
  const { flags, print } = call
  await using config = await openTarget(call)
  const { items, nextCursor } = await config.versions.list(
    defined({ limit: flags.integer('limit'), cursor: flags.text('cursor') }),
  )
  if (print.json) print.document(items)
  else if (items.length === 0) print.note('No versions yet.')
  else {
    const rows = items.map((version) => [
      { text: String(version.id), paint: (text: string) => print.paint('bold', text) },
      stamp(version.createdAt),
      version.createdBy,
      version.cause,
      { text: marksOf(version), paint: (text: string) => print.paint('cyan', text) },
      version.description ?? '',
    ])
    print.lines(table(COLUMNS, rows, print))
  }
  if (nextCursor !== null) print.note(`There is more: --cursor ${nextCursor}`)
  return undefined
}

const COLUMNS = [
  { title: 'VERSION', isRight: true },
  { title: 'WHEN' },
  { title: 'WHO', least: 8 },
  { title: 'CAUSE' },
  { title: 'NAMES', least: 8 },
  { title: 'DESCRIPTION', least: 11 },
]

const marksOf = ({ isBaseline, tags }: Version): string => [...(isBaseline ? ['baseline'] : []), ...tags].join(' ')
