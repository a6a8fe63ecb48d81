import type { ChangeEvent } from '../../model/config.ts'
import type { Run } from '../command.ts'
import { defined } from '../flags.ts'
import { openTarget } from '../open.ts'
import { INTERRUPTED, type Printer } from '../print.ts'
import { ellipsise, visible, visibleJson } from '../text.ts'
import { stamp } from '../time.ts'
import { changeDocument, pathOf, showValue } from '../values.ts'

export const run: Run = async (call) => {
  const { flags, print, io } = call
  const signal = io.interrupt()
  await using config = await openTarget(call, { follow: true })
  const since = flags.integer('since')
  print.note(`Watching ${config.namespace} from version ${since ?? config.version?.id ?? 0} on; Ctrl+C ends it.`)
  const alive = setInterval(() => undefined, LONG) // watching alone does not keep a process running
  try {
    for await (const event of config.watch(defined({ since, signal }))) printEvent(event, print)
  } finally {
    clearInterval(alive)
  }
  return INTERRUPTED
}

const LONG = 2 ** 30

function printEvent(event: ChangeEvent, print: Printer): void {
  if (print.json)
    print.raw(`${visibleJson(JSON.stringify({ ...event, changes: event.changes.map(changeDocument) }))}\n`)
  else print.line(print.isTerminal ? ellipsise(eventLine(event), print.width) : eventLine(event))
}

function eventLine({ version, changes, reason }: ChangeEvent): string {
  const keys = changes.map(
    (change) => `${pathOf(change)}=${change.newValue === undefined ? '–' : showValue(change.newValue)}`,
  )
  const what = keys.length > 0 ? keys.join(' ') : (version.description ?? version.cause)
  const why = reason === null ? '' : `  (${reason})`
  return visible(`${version.id}  ${stamp(version.createdAt)}  ${version.createdBy}  ${what}${why}`)
}
