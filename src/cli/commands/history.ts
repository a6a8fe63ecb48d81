import type { HistoryEntry, HistoryQuery } from '../../model/config.ts'
import type { Run } from '../command.ts'
import { defined, type Flags } from '../flags.ts'
import { openTarget } from '../open.ts'
import type { Printer } from '../print.ts'
import { visible, wrap } from '../text.ts'
import { ago, readMoment, stamp } from '../time.ts'
import { differenceLine, pathOf } from '../values.ts'

export const run: Run = async (call) => {
  const { flags, print } = call
  const query = queryOf(flags)
  await using config = await openTarget(call)
  const { items, nextCursor } = await config.history(query)
  if (print.json) print.document(items)
  else if (items.length === 0) print.note('No changes are recorded.')
  else print.lines(byVersion(items).flatMap((entries, i) => [...(i === 0 ? [] : ['']), ...block(entries, print)]))
  if (nextCursor !== null) print.note(`There is more: --cursor ${nextCursor}`)
  return undefined
}

function queryOf(flags: Flags): HistoryQuery {
  const now = new Date()
  const moment = (name: string) => {
    const text = flags.text(name)
    return text === undefined ? undefined : readMoment(text, `--${name}`, now)
  }
  return defined({
    section: flags.text('section'),
    key: flags.text('key'),
    by: flags.text('by'),
    since: moment('since'),
    until: moment('until'),
    limit: flags.integer('limit'),
    cursor: flags.text('cursor'),
  })
}

function byVersion(entries: readonly HistoryEntry[]): HistoryEntry[][] {
  const blocks: HistoryEntry[][] = []
  for (const entry of entries) {
    const last = blocks.at(-1)
    if (last?.[0]?.versionId === entry.versionId) last.push(entry)
    else blocks.push([entry])
  }
  return blocks
}

/** One version's entries under one heading: who, when and why are the same for all of them. */
function block(entries: readonly HistoryEntry[], print: Printer): string[] {
  const { versionId, changedAt, changedBy, sourceIp, reason, comment } = entries[0]!
  const from = sourceIp === null ? '' : ` from ${visible(sourceIp)}`
  const words = [reason, comment].flatMap((text) => (text === null ? [] : wrap(visible(text), print.width - 4)))
  return [
    ...wrap(
      `version ${versionId}  ${stamp(changedAt)} (${ago(changedAt, new Date())})  ${visible(changedBy)}${from}`,
      print.width,
    ).map((line) => print.paint('bold', line)),
    ...words.map((line) => `    ${line}`),
    ...entries.map((entry) => entryLine(entry, print)),
  ]
}

function entryLine(entry: HistoryEntry, print: Printer): string {
  const { operation, layer, oldValue, newValue } = entry
  const before = operation === 'CREATE' && oldValue === null ? undefined : oldValue
  const after = operation === 'DELETE' && newValue === null ? undefined : newValue
  return differenceLine({ path: `${pathOf(entry)}${layer === 'base' ? ' (base)' : ''}`, before, after }, print)
}
