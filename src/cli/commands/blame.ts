import type { BlameEntry } from '../../model/config.ts'
import type { Run } from '../command.ts'
import { openTarget } from '../open.ts'
import { table } from '../table.ts'
import { age } from '../time.ts'
import { showValue } from '../values.ts'

export const run: Run = async (call) => {
  const { operands, print } = call
  await using config = await openTarget(call)
  const entries = await config.blame(operands[0])
  if (print.json) print.document(entries)
  else if (entries.length === 0) print.note('Nothing is there.')
  else {
    const now = new Date()
    const rows = entries.map((entry) => [
      { text: entry.path, paint: (text: string) => print.paint('bold', text) },
      showValue(entry.value),
      placeOf(entry),
      entry.version === null ? '–' : String(entry.version),
      entry.who ?? '–',
      entry.when === null ? '–' : age(entry.when, now),
    ])
    print.lines(table(COLUMNS, rows, print))
  }
  return undefined
}

const COLUMNS = [
  { title: 'PATH', least: 16 },
  { title: 'VALUE', least: 8 },
  { title: 'FROM', least: 12 },
  { title: 'VERSION', isRight: true },
  { title: 'WHO', least: 6 },
  { title: 'AGE' },
]

const placeOf = ({ layer, position }: BlameEntry): string => (position ? `${layer}:${position.line}` : layer)
