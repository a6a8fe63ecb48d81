import { CalendarClock, CheckCircle2, CircleDashed, CircleX, type LucideIcon, Play } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Schedule, ScheduleRun, Task } from '../../../model/schedule.ts'
import { useAct } from '../../api/act.ts'
import { ask } from '../../api/ask.ts'
import { readStoreAgain, SLOW_MS, useAnswer } from '../../api/queries.ts'
import { useAccess } from '../../api/session.tsx'
import { Badge, Button, Code, Empty, Failure, PageHead, Skeleton, type Tone } from '../../parts/basics.tsx'
import { command, curl, FromShell } from '../../parts/shell.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { say } from '../../parts/toasts.tsx'
import { Text, Time } from '../../parts/values.tsx'
import { plural } from '../../state/show.ts'
import { cronInWords } from './cron.ts'
import { lasting } from './words.ts'

/** Timed work: when each comes next, and how it ended last. */
export default function Schedules(): ReactNode {
  const { data, error, refetch } = useAnswer<readonly Schedule[]>(undefined, 'listSchedules', { every: SLOW_MS })
  const { may } = useAccess()
  return (
    <>
      <PageHead title="Schedules" says={data ? verdict(data) : 'Timed work, and how it went.'} />
      {error && <Failure what="The schedules cannot be read" error={error} retry={() => void refetch()} />}
      {data === undefined && !error && <Skeleton lines={5} />}
      {data?.length === 0 && <None />}
      {data !== undefined && data.length > 0 && (
        <Table columns={may('admin', '*') ? [...COLUMNS, ACTS] : COLUMNS} rows={data} keyOf={({ name }) => name} />
      )}
      <FromShell
        lines={[
          curl('listSchedules'),
          command(undefined, 'schedules'),
          command(undefined, 'schedules', 'run', data?.[0]?.name ?? 'nightly'),
        ]}
      />
    </>
  )
}

function verdict(all: readonly Schedule[]): string {
  if (all.length === 0) return 'Nothing happens by itself.'
  const failed = all.filter(({ lastRun }) => lastRun?.outcome === 'failed').length
  const alone = all.filter(({ keptBy }) => keptBy === null).length
  const words = [
    ...(failed > 0 ? [`${failed} failed last time`] : []),
    ...(alone > 0 ? [`${alone} kept by no server now`] : []),
  ]
  const count = plural(all.length, 'schedule')
  return words.length === 0
    ? `All is well: ${count}, none of which failed last time.`
    : `${count}; ${words.join(', ')}.`
}

const TASKS: Readonly<Record<Task, string>> = {
  'refresh-sources': 'Loads all sources again',
  'check-drift': 'Counts drift, and tells webhooks',
  purge: 'Drops old versions and history',
  backup: 'Copies the store and verifies the copy',
  snapshot: 'Makes a version that changes nothing',
}

const COLUMNS: readonly Column<Schedule>[] = [
  { head: 'Schedule', cell: Name },
  { head: 'When', cell: When },
  { head: 'Next', cell: Next },
  { head: 'Last run', cell: ({ lastRun }) => <Last run={lastRun} /> },
  { head: 'Kept by', cell: Keeper },
]

const ACTS: Column<Schedule> = { head: 'Actions', kind: 'acts', cell: (schedule) => <RunNow schedule={schedule} /> }

function Name({ name, task }: Schedule): ReactNode {
  return (
    <div className="lines narrow">
      <strong>
        <Text text={name} />
      </strong>
      <span className="faint" title={task}>
        {TASKS[task]}
      </span>
    </div>
  )
}

function When({ cron, timezone }: Schedule): ReactNode {
  const words = cronInWords(cron)
  return (
    <div className="lines narrow">
      {words !== null && (
        <span>
          {words.charAt(0).toUpperCase()}
          {words.slice(1)}
          {cron.includes('/') || cron === '@hourly' ? '' : ` ${timezone ?? 'UTC'}`}
        </span>
      )}
      <span className="faint mono">
        <Text text={cron} />
      </span>
    </div>
  )
}

function Next({ nextRun }: Schedule): ReactNode {
  return nextRun === null ? <span className="faint">not known</span> : <Time iso={nextRun} />
}

const OUTCOMES: Readonly<Record<ScheduleRun['outcome'], readonly [Tone, LucideIcon]>> = {
  done: ['accent', CheckCircle2],
  running: ['blue', CircleDashed],
  failed: ['red', CircleX],
}

function Last({ run }: { readonly run: ScheduleRun | null }): ReactNode {
  if (run === null) return <span className="faint">never ran</span>
  const { outcome, startedAt, duration, detail, by } = run
  const [tone, icon] = OUTCOMES[outcome]
  return (
    <div className="lines wide">
      <div className="acts">
        <Badge tone={tone} icon={icon}>
          {outcome}
        </Badge>
        <span>
          <Time iso={startedAt} />
          {duration !== null && `, took ${lasting(duration)}`}
        </span>
      </div>
      {detail !== null && (
        <span>
          <Text text={detail} />
        </span>
      )}
      {by !== 'schedule' && (
        <span className="faint">
          asked for by <Text text={by} />
        </span>
      )}
    </div>
  )
}

function Keeper({ keptBy }: Schedule): ReactNode {
  if (keptBy === null) return <Badge tone="amber">no server now</Badge>
  return (
    <div className="lines narrow">
      <span className="mono">
        <Text text={keptBy.node} />
      </span>
      <span className="faint nowrap">
        since <Time iso={keptBy.since} />
      </span>
    </div>
  )
}

/** Waits for the end of the run: that is what the API answers with. */
function RunNow({ schedule: { name, lastRun } }: { readonly schedule: Schedule }): ReactNode {
  const { isBusy, error, run } = useAct()
  const start = async (): Promise<void> => {
    const { outcome, duration, detail } = await ask<ScheduleRun>('runSchedule', { in: { name } })
    const took = duration === null ? '' : ` in ${lasting(duration)}`
    say(`${name}: ${outcome}${took}${detail === null ? '' : `. ${detail}`}`, { isBad: outcome === 'failed' })
    readStoreAgain()
  }
  const isRunning = isBusy || lastRun?.outcome === 'running'
  return (
    <>
      <Button isSmall icon={Play} disabled={isBusy} aria-label={`Run now: ${name}`} onClick={() => run(start)}>
        {isRunning ? 'Running…' : 'Run now'}
      </Button>
      {error !== null && <Failure what="It did not run" error={error} />}
    </>
  )
}

const LINES = `schedules:
  nightly: { cron: '0 3 * * *', task: backup, keep: 14 }
  tidy: { cron: '30 3 * * 0', task: purge, olderThan: 90d, keep: 100 }
  drift: { cron: '*/15 * * * *', task: check-drift }`

const None = (): ReactNode => (
  <Empty icon={CalendarClock} title="No timed work">
    <p>
      Schedules are a table in <code>holdfast.yaml</code>, and nothing that one changes here. These lines copy the store
      each night, keep it small and watch for drift, once the server has started again:
    </p>
    <Code text={LINES} what="the lines of holdfast.yaml" />
  </Empty>
)
