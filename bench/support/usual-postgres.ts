import { Client } from 'pg'

/** How a versioned store is usually written: begin, lock, three statements, commit, on a connection for each client. */
export interface Usual extends AsyncDisposable {
  /** One version on one of the connections. */
  change(client: number): Promise<void>
}

const TABLES = `
CREATE SCHEMA usual;
SET search_path = usual;
CREATE TABLE head (id int PRIMARY KEY, version bigint NOT NULL);
INSERT INTO head VALUES (1, 0);
CREATE TABLE versions (id bigint PRIMARY KEY, hash text NOT NULL, created_by text NOT NULL, created_at text NOT NULL);
CREATE TABLE history (id bigserial PRIMARY KEY, version_id bigint NOT NULL, key text NOT NULL, old_value text, new_value text, reason text);
CREATE INDEX history_of_key ON history (key, id);
CREATE TABLE documents (name text, version_id bigint, content text NOT NULL, PRIMARY KEY (name, version_id));`

const CONTENT = JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, i])))

export async function usualStore(url: string, clients: number): Promise<Usual> {
  const owner = await connected(url)
  await owner.query(TABLES)
  await owner.end()
  const connections = await Promise.all(Array.from({ length: clients }, () => connected(url)))
  return {
    async change(client) {
      const connection = connections[client]!
      await connection.query('BEGIN')
      const { rows } = await connection.query('SELECT version FROM head WHERE id = 1 FOR UPDATE')
      const version = Number(rows[0].version) + 1
      const now = new Date().toISOString()
      await connection.query('INSERT INTO versions VALUES ($1, $2, $3, $4)', [version, 'f'.repeat(64), 'operator', now])
      const history = 'INSERT INTO history (version_id, key, old_value, new_value, reason) VALUES ($1, $2, $3, $4, $5)'
      await connection.query(history, [version, `bench.key${version % 20}`, '1', '2', 'load test'])
      const document = 'WITH moved AS (UPDATE head SET version = $2) INSERT INTO documents VALUES ($1, $2, $3)'
      await connection.query(document, ['bench', version, CONTENT])
      await connection.query('COMMIT')
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(connections.map((connection) => connection.end()))
    },
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, options: '-c search_path=usual' })
  await client.connect()
  return client
}
