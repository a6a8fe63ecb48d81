import type { Schedule, ScheduleRun, Schedules } from '../../model/schedule.ts'
import { runAction } from '../actions.ts'
import type { Call, Run } from '../command.ts'
import { openStore } from '../open.ts'
import { DONE, FAILED, type Printer } from '../print.ts'
import { adminOptions } from '../serving/admin-options.ts'
import { type Column, table } from '../table.ts'
import { duration, visible } from '../text.ts'
import { ago, stamp } from '../time.ts'

export const run: Run = (call) =>
  runAction(call, 'schedules', { list: { takes: [], run: list }, run: { takes: ['NAME'], run: runNow } }, 'list')

async function withSchedules<T>(call: Call, work: (schedules: Schedules) => Promise<T>): Promise<T> {
  const { admin } = await openStore(call, (target) => adminOptions(call, target))
  await using store = admin
  return await work(store.schedules)
}

async function list(call: Call): Promise<undefined> {
  const { print } = call
  const schedules = await withSchedules(call, (all) => all.list())
  if (print.json) print.document(schedules)
  else if (schedules.length === 0) print.note('No timed work: "schedules:" in holdfast.yaml says what is done when.')
  else {
    const now = new Date()
    print.lines(
      table(
        COLUMNS,
        schedules.map((one) => rowOf(one, now, print)),
        print,
      ),
    )
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'SCHEDULE', least: 10 },
  { title: 'TASK', least: 8 },
  { title: 'CRON', least: 9 },
  { title: 'NEXT', least: 10 },
  { title: 'LAST RUN', least: 9 },
  { title: 'TOOK' },
  { title: 'ENDED' },
  { title: 'NODE', least: 8 },
  { title: 'DETAIL', least: 8 },
]

const STYLE = { running: 'cyan', done: 'green', failed: 'red' } as const

function rowOf({ name, task, cron, nextRun, lastRun, keptBy }: Schedule, now: Date, print: Printer) {
  const outcome = lastRun?.outcome
  return [
    { text: name, paint: (text: string) => print.paint('bold', text) },
    task,
    cron,
    nextRun === null ? '–' : stamp(nextRun),
    lastRun === null ? 'never' : ago(lastRun.startedAt, now),
    lastRun === null || lastRun.duration === null ? '–' : duration(lastRun.duration),
    { text: outcome ?? '–', ...(outcome && { paint: (text: string) => print.paint(STYLE[outcome], text) }) },
    keptBy?.node ?? '–',
    lastRun?.detail ?? '',
  ]
}

async function runNow(call: Call, [name = '']: readonly string[]): Promise<number> {
  const { print } = call
  const ended = await withSchedules(call, (schedules) => schedules.run(name))
  if (print.json) print.document(ended)
  else print.line(print.paint(STYLE[ended.outcome], sentence(name, ended)))
  return ended.outcome === 'failed' ? FAILED : DONE
}

function sentence(name: string, { outcome, duration: took, detail }: ScheduleRun): string {
  const time = took === null ? '' : ` after ${duration(took)}`
  return `${name}: ${outcome}${time}${detail === null ? '' : `: ${visible(detail)}`}`
}
