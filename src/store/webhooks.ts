import { outboxOf } from './deliveries.ts'
import type { Driver, SqlValue, Transaction } from './driver.ts'
import { readNamespaces } from './read.ts'
import { deleteInBatches, requireChanged } from './shelf-sql.ts'
import type { WebhookRow, WebhookShelf } from './shelves.ts'

const NEWS = { news: 'webhooks' } as const

/** Webhooks and their outbox, in any database. */
export function webhookShelf(driver: Driver): WebhookShelf {
  return {
    insert: (row) =>
      driver.transaction(async (tx) => {
        await tx.run(INSERT, ...COLUMNS.map((name) => toSql(row[name])))
        await beginAtHeads(tx, row.id)
      }, NEWS),
    async list() {
      const rows = await driver.query<Record<keyof WebhookRow, SqlValue>>(LIST)
      return rows.map(toWebhook)
    },
    update: (id, change, expected) => driver.transaction((tx) => update(tx, id, change, expected), NEWS),
    async delete(id) {
      await deleteInBatches(driver, { table: 'webhook_deliveries', key: 'number', where: 'webhook_id = ?' }, id)
      await driver.transaction(async (tx) => {
        await tx.run('DELETE FROM webhook_deliveries WHERE webhook_id = ?', id)
        await tx.run('DELETE FROM webhook_cursors WHERE webhook_id = ?', id)
        requireChanged(await tx.run('DELETE FROM webhooks WHERE id = ?', id), `webhook ${id}`)
      }, NEWS)
    },
    ...outboxOf(driver),
  }
}

const NAMES: Readonly<Record<keyof WebhookRow, string>> = {
  id: 'id',
  name: 'name',
  url: 'url',
  namespaces: 'namespaces',
  sections: 'sections',
  kinds: 'kinds',
  isEnabled: 'is_enabled',
  createdAt: 'created_at',
  createdBy: 'created_by',
  disabledReason: 'disabled_reason',
  secret: 'secret',
  previousSecret: 'previous_secret',
  previousUntil: 'previous_until',
}
const COLUMNS = Object.keys(NAMES) as (keyof WebhookRow)[]

const LIST = `SELECT ${COLUMNS.map((name) => `${NAMES[name]} AS "${name}"`).join(', ')} FROM webhooks ORDER BY number`
const INSERT = `
INSERT INTO webhooks (${COLUMNS.map((name) => NAMES[name]).join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`

const toSql = (value: WebhookRow[keyof WebhookRow]): SqlValue => {
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

const toWebhook = ({ isEnabled, namespaces, sections, kinds, ...row }: Record<keyof WebhookRow, SqlValue>) =>
  ({
    ...row,
    isEnabled: isEnabled === 1,
    namespaces: JSON.parse(String(namespaces)),
    sections: sections === null ? null : JSON.parse(String(sections)),
    kinds: JSON.parse(String(kinds)),
  }) as WebhookRow

async function update(
  tx: Transaction,
  id: string,
  change: Partial<WebhookRow>,
  expected?: Pick<WebhookRow, 'secret' | 'previousSecret'>,
): Promise<void> {
  const changed = COLUMNS.filter((name) => name !== 'id' && change[name] !== undefined)
  const assignments = ['id = id', ...changed.map((name) => `${NAMES[name]} = ?`)].join(', ')
  const values = changed.map((name) => toSql(change[name]!))
  const [still, known] =
    expected === undefined
      ? ['', []]
      : [' AND secret = ? AND previous_secret IS NOT DISTINCT FROM ?', [expected.secret, expected.previousSecret]]
  const sql = `UPDATE webhooks SET ${assignments} WHERE id = ?${still}`
  requireChanged(await tx.run(sql, ...values, id, ...known), `webhook ${id}`)
}

const SAVE_CURSOR = 'INSERT INTO webhook_cursors (webhook_id, namespace, version_id) VALUES (?, ?, ?)'
const HEAD = 'SELECT id FROM version_log WHERE namespace = ? ORDER BY id DESC LIMIT 1'

async function beginAtHeads(tx: Transaction, id: string): Promise<void> {
  for (const namespace of await readNamespaces(tx)) {
    const [head] = await tx.query<{ id: number }>(HEAD, namespace)
    if (head !== undefined) await tx.run(SAVE_CURSOR, id, namespace, head.id)
  }
}
