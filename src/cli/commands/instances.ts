import type { Instance } from '../../model/instance.ts'
import type { Run } from '../command.ts'
import { openTarget } from '../open.ts'
import type { Printer } from '../print.ts'
import { type Column, table } from '../table.ts'
import { age } from '../time.ts'

export const run: Run = async (call) => {
  const { print } = call
  await using config = await openTarget(call)
  const instances = await config.instances()
  if (print.json) print.document(instances)
  else if (instances.length === 0) print.note(`No process reports that it uses ${config.namespace}.`)
  else {
    const now = new Date()
    print.lines(
      table(
        COLUMNS,
        instances.map((one) => rowOf(one, now, print)),
        print,
      ),
    )
  }
  return undefined
}

const COLUMNS: readonly Column[] = [
  { title: 'INSTANCE', least: 10 },
  { title: 'HOST', least: 8 },
  { title: 'STATE' },
  { title: 'VERSION', isRight: true },
  { title: 'BEHIND' },
  { title: 'STARTED' },
  { title: 'SEEN' },
  { title: 'PENDING RESTART', least: 10 },
]

const STYLE = { current: 'green', behind: 'yellow', gone: 'dim' } as const

function rowOf(instance: Instance, now: Date, print: Printer) {
  const { id, host, state, version, behindSince, startedAt, reportedAt, pendingRestart } = instance
  return [
    { text: id, paint: (text: string) => print.paint('bold', text) },
    host,
    { text: state, paint: (text: string) => print.paint(STYLE[state], text) },
    String(version),
    behindSince === null ? '–' : age(behindSince, now),
    age(startedAt, now),
    age(reportedAt, now),
    pendingRestart === null ? '–' : `${age(pendingRestart.since, now)}: ${pendingRestart.paths.join(', ')}`,
  ]
}
