import type { ScheduleRun } from '../model/schedule.ts'
import type { Driver } from './driver.ts'
import { deleteInBatches, requireChanged } from './shelf-sql.ts'
import type { ScheduleShelf } from './shelves.ts'

const BEGIN = `
INSERT INTO schedule_runs (name, started_at, started_by, node, due_at, outcome) VALUES (?, ?, ?, ?, ?, 'running')
ON CONFLICT DO NOTHING RETURNING id`
const END = 'UPDATE schedule_runs SET outcome = ?, duration = ?, detail = ? WHERE id = ?'
const LAST = `
SELECT r.name, r.started_at AS "startedAt", r.duration, r.outcome, r.detail, r.started_by AS "by"
FROM schedule_runs r
JOIN (SELECT max(x.id) AS id FROM schedule_runs x GROUP BY x.name) last ON last.id = r.id
ORDER BY r.name`
const LAST_DUE = 'SELECT max(due_at) AS due FROM schedule_runs WHERE name = ? AND due_at IS NOT NULL'
const CLOSE = `
UPDATE schedule_runs SET outcome = 'failed', detail = ?
WHERE outcome = 'running' AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = schedule_runs.node)`

/** The last run of each schedule stays, so that it can be told however long ago it was. */
const OLD = `started_at < ? AND outcome <> 'running' AND id NOT IN (SELECT max(x.id) FROM schedule_runs x GROUP BY x.name)`

/** Runs of timed work, in any database. */
export function scheduleShelf(driver: Driver): ScheduleShelf {
  return {
    async begin(name, startedAt, by, node) {
      const [run] = await driver.transaction((tx) =>
        tx.query<{ id: number }>(BEGIN, name, startedAt, by, node ?? null, null),
      )
      return run!.id
    },
    async beginDue(name, due, { startedAt, by, node }) {
      const [run] = await driver.transaction((tx) => tx.query<{ id: number }>(BEGIN, name, startedAt, by, node, due))
      return run?.id
    },
    end: (run, outcome, duration, detail) =>
      driver.transaction(async (tx) => requireChanged(await tx.run(END, outcome, duration, detail, run), `run ${run}`)),
    async last() {
      const rows = await driver.query<ScheduleRun & { readonly name: string }>(LAST)
      return new Map(rows.map(({ name, ...run }) => [name, run]))
    },
    async lastDue(name) {
      const [row] = await driver.query<{ due: string | null }>(LAST_DUE, name)
      return row?.due ?? undefined
    },
    closeAbandoned: (detail) => driver.transaction((tx) => tx.run(CLOSE, detail)),
    deleteBefore: (at) => deleteInBatches(driver, { table: 'schedule_runs', key: 'id', where: OLD }, at),
  }
}
