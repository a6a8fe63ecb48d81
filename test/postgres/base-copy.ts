import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { copyTree } from './copy-tree.ts'
import type { PostgresServer } from './server.ts'
import type { Template } from './template.ts'

/** Files of a running server that are no part of its data. */
const WITHOUT = ['postmaster.pid', 'postmaster.opts']
/** Folders whose content belongs to one server; the log that a copy needs comes over its connection to the primary. */
const EMPTY = [
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]
const RENAMED = 150_000

/** Copies the data of a server that runs, as PostgreSQL's manual says (25.3.3, "Making a Base Backup Using the Low Level API"). */
export async function baseCopy(server: PostgresServer, data: string, { account }: Template): Promise<void> {
  const client = new Client({ connectionString: server.url() })
  await client.connect()
  try {
    const isOld = await isBefore15(client)
    await client.query(isOld ? "SELECT pg_start_backup('copy', true, false)" : "SELECT pg_backup_start('copy', true)")
    await copyTree(server.data, data, { account, without: WITHOUT, empty: EMPTY })
    const stop = isOld ? 'pg_stop_backup(false, false)' : 'pg_backup_stop(false)'
    const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`)
    const label = join(data, 'backup_label')
    writeFileSync(label, rows[0]!.labelfile, { mode: 0o600 })
    if (account !== undefined) chownSync(label, account.uid, account.gid)
  } finally {
    await client.end()
  }
}

async function isBefore15(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ number: string }>("SELECT current_setting('server_version_num') AS number")
  return Number(rows[0]!.number) < RENAMED
}
