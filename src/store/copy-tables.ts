import type { Reader } from './driver.ts'

export type ColumnKind = 'text' | 'integer' | 'real' | 'blob'

/** A table as it is copied from one database into another, column by column. */
export interface CopyTable {
  readonly name: string
  readonly columns: ReadonlyMap<string, ColumnKind>
  /** The columns that tell one row from all others. */
  readonly key: readonly string[]
  /** Columns that never change in a row and may be large: they are looked at only when a row is copied. */
  readonly fixed: readonly string[]
  /** A condition on the rows that belong to the data and not to the database they stand in. */
  readonly where: string
  /** The number by which rows were appended that never change. Absent: rows come, change and go. */
  readonly log?: Log
  /** Rows come to a namespace and go only with all of it. */
  readonly isOfNamespace: boolean
  /** The database gives a row its number (the key) by itself. */
  readonly isCounted: boolean
}

/** How rows are appended: by a number that is given once, in the order in which they come to be seen. */
export interface Log {
  readonly number: string
  /** What orders rows of one number; nothing where there is one row to a number. */
  readonly ties: readonly string[]
  /** Whether rows belong to namespaces, which a purge or a deletion takes rows from. */
  readonly isByNamespace: boolean
}

type Columns = Partial<Record<ColumnKind, string>>
type Rest = Partial<Pick<CopyTable, 'fixed' | 'where' | 'log' | 'isCounted' | 'isOfNamespace'>>

function table(name: string, key: string, columns: Columns, rest: Rest = {}): CopyTable {
  const kinds = Object.entries(columns).flatMap(([kind, names]) =>
    names.split(' ').map((column) => [column, kind as ColumnKind] as const),
  )
  const usual = { fixed: [], where: '1 = 1', isCounted: false, isOfNamespace: false }
  return { ...usual, ...rest, name, key: key.split(' '), columns: new Map(kinds) }
}

const BY_ID: Log = { number: 'id', ties: [], isByNamespace: true }

/** What `system_metadata` says of the database it stands in, and not of the data. */
export const OWN_METADATA = ['schema_version', 'copy_from', 'copy_state', 'moved_to'] as const

/** Tables whose rows are appended and never change (but for `config_documents.positions`), in the order in which they are copied. */
export const LOGS: readonly CopyTable[] = [
  table(
    'version_log',
    'id',
    {
      integer: 'id',
      text: 'namespace config_hash created_at created_by description cause rows_hash previous_chain chain_hash',
    },
    { log: BY_ID },
  ),
  table(
    'config_documents',
    'namespace layer name version_id',
    { integer: 'version_id', text: 'namespace layer name content positions' },
    { log: { number: 'version_id', ties: ['layer', 'name'], isByNamespace: true } },
  ),
  table(
    'override_log',
    'id',
    {
      integer: 'id version_id',
      text: 'namespace section key value value_type created_at created_by reason comment base_value base_type',
    },
    { log: BY_ID },
  ),
  table(
    'config_history',
    'id',
    {
      integer: 'id version_id',
      text: 'namespace operation layer section key old_value new_value changed_at changed_by source_ip reason comment old_type new_type',
    },
    { log: BY_ID },
  ),
  table(
    'config_marks',
    'id',
    {
      integer: 'id version_id',
      text: 'namespace kind tag created_at created_by detail previous_chain chain_hash',
    },
    { log: BY_ID },
  ),
  table(
    'audit_log',
    'id',
    {
      integer: 'id count',
      text: 'at event who token_id source_ip namespace subject detail request_id',
    },
    { log: { ...BY_ID, isByNamespace: false }, isCounted: true },
  ),
]

/** How sources fared: with each row, where keys stand in documents may have changed. */
export const SOURCE_STATES = table('source_states', 'namespace name', {
  text: 'namespace name state error fingerprint loaded_at checked_at',
})

/** What names the rows of logs. */
export const NAMES: readonly CopyTable[] = [
  table(
    'config_names',
    'namespace layer sort',
    { text: 'namespace layer name quoted', blob: 'sort' },
    { isOfNamespace: true },
  ),
  table('override_keys', 'namespace section key', { text: 'namespace section key' }, { isOfNamespace: true }),
]

/** Tables whose rows come, change and go. */
export const SHELVES: readonly CopyTable[] = [
  table(
    'system_metadata',
    'key',
    { text: 'key value updated_at' },
    { where: `key NOT IN (${OWN_METADATA.map((key) => `'${key}'`).join(', ')})` },
  ),
  table(
    'tokens',
    'number',
    {
      integer: 'number',
      text: 'id name digest previous_digest previous_until grants created_at created_by expires_at revoked_at last_used_at last_used_ip',
    },
    { isCounted: true },
  ),
  table('token_addresses', 'token_id ip', { text: 'token_id ip first_seen_at' }),
  table(
    'idempotency_keys',
    'number',
    {
      integer: 'number version_id',
      text: 'namespace owner key request_hash answer created_at',
    },
    { fixed: ['answer'], isCounted: true },
  ),
  table('instances', 'namespace id', {
    text: 'namespace id host started_at reported_at reported_by',
    integer: 'version_id start_version_id',
  }),
  table(
    'webhooks',
    'number',
    {
      integer: 'number is_enabled',
      text: 'id name url namespaces sections kinds created_at created_by disabled_reason secret previous_secret previous_until',
    },
    { isCounted: true },
  ),
  table('webhook_cursors', 'webhook_id namespace', { text: 'webhook_id namespace', integer: 'version_id' }),
  table(
    'webhook_deliveries',
    'number',
    {
      integer: 'number attempts status',
      real: 'duration',
      text: 'id webhook_id kind namespace created_at state last_attempt_at next_attempt_at error payload',
    },
    { fixed: ['payload'], isCounted: true },
  ),
  table(
    'schedule_runs',
    'id',
    { integer: 'id', real: 'duration', text: 'name started_at started_by outcome detail due_at node' },
    { isCounted: true },
  ),
]

/** All that is copied. A test compares it with the schema. */
export const TABLES: readonly CopyTable[] = [...LOGS, ...NAMES, ...SHELVES, SOURCE_STATES]

/** Tables that are not copied: who was signed in signs in again, as after a restore, and which node does what begins anew. */
export const LEFT_OUT: readonly string[] = ['sessions', 'nodes', 'leases']

/** Whether a store has nothing in it yet. */
export async function isEmpty(reader: Reader): Promise<boolean> {
  for (const { name } of TABLES) {
    if (name === 'system_metadata') continue
    if ((await reader.query(`SELECT 1 FROM ${name} LIMIT 1`)).length > 0) return false
  }
  return true
}
