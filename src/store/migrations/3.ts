/**
 * Who does timed work. A node shows that it lives by counting its beat up; a lease says which node does what, and its token grows whenever it
 * is taken. A run says for which time it was and on which node it goes on: no time of a schedule is run twice.
 */
export const sql = `
CREATE TABLE nodes (
  id TEXT PRIMARY KEY NOT NULL,
  host TEXT NOT NULL,
  machine TEXT,
  pid INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  ttl INTEGER NOT NULL,
  beat INTEGER NOT NULL,
  beat_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  name TEXT PRIMARY KEY NOT NULL,
  token INTEGER NOT NULL,
  node TEXT,
  since TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE schedule_runs ADD COLUMN due_at TEXT;
ALTER TABLE schedule_runs ADD COLUMN node TEXT;
CREATE UNIQUE INDEX schedule_runs_of_time ON schedule_runs (name, due_at) WHERE due_at IS NOT NULL;
`
