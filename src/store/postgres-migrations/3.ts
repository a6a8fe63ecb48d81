/** Who does timed work, as SQLite's third step has it. */
export const sql = `
CREATE TABLE nodes (
  id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
  host TEXT COLLATE "C" NOT NULL,
  machine TEXT COLLATE "C",
  pid BIGINT NOT NULL,
  started_at TEXT COLLATE "C" NOT NULL,
  ttl BIGINT NOT NULL,
  beat BIGINT NOT NULL,
  beat_at TEXT COLLATE "C" NOT NULL
);

CREATE TABLE leases (
  name TEXT COLLATE "C" PRIMARY KEY NOT NULL,
  token BIGINT NOT NULL,
  node TEXT COLLATE "C",
  since TEXT COLLATE "C" NOT NULL
);

ALTER TABLE schedule_runs ADD COLUMN due_at TEXT COLLATE "C";
ALTER TABLE schedule_runs ADD COLUMN node TEXT COLLATE "C";
CREATE UNIQUE INDEX schedule_runs_of_time ON schedule_runs (name, due_at) WHERE due_at IS NOT NULL;
`
