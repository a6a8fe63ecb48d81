import type { Driver } from './driver.ts'
import type { InstanceRow, InstanceShelf } from './shelves.ts'

const SAVE = `
INSERT INTO instances (namespace, id, host, version_id, start_version_id, started_at, reported_at, reported_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, id) DO UPDATE SET host = excluded.host, version_id = excluded.version_id,
  start_version_id = excluded.start_version_id, started_at = excluded.started_at, reported_at = excluded.reported_at,
  reported_by = excluded.reported_by`

const LIST = `
SELECT id, host, version_id AS version, start_version_id AS "startVersion", started_at AS "startedAt", reported_at AS "reportedAt",
  reported_by AS "reportedBy"
FROM instances WHERE namespace = ? ORDER BY id`

/** What processes last said about themselves, in any database. */
export function instanceShelf(driver: Driver): InstanceShelf {
  return {
    async save(namespace, row) {
      const { id, host, version, startVersion, startedAt, reportedAt, reportedBy } = row
      const values = [namespace, id, host, version, startVersion, startedAt, reportedAt, reportedBy]
      await driver.transaction((tx) => tx.run(SAVE, ...values))
    },
    list: (namespace) => driver.query<InstanceRow>(LIST, namespace),
    deleteBefore: (at) => driver.transaction((tx) => tx.run('DELETE FROM instances WHERE reported_at < ?', at)),
  }
}
