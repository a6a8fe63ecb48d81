import { HoldfastError } from '../model/errors.ts'
import type { Driver, Reader, Transaction } from './driver.ts'
import { limitOf } from './pages.ts'
import { deleteInBatches } from './shelf-sql.ts'
import type { DeliveryRow, WebhookShelf } from './shelves.ts'

type Outbox = Omit<WebhookShelf, 'insert' | 'list' | 'update' | 'delete'>

/** What webhooks are to be told, and how that went, in any database. */
export function outboxOf(driver: Driver): Outbox {
  return {
    cursor: (id, namespace) => readCursor(driver, id, namespace),
    enqueue: (rows, cursor) =>
      driver.transaction(async (tx) => {
        const webhooks = new Set((await tx.query<{ id: string }>('SELECT id FROM webhooks')).map(({ id }) => id))
        if (cursor !== undefined && webhooks.has(cursor.webhookId)) await moveCursor(tx, cursor)
        for (const row of rows) if (webhooks.has(row.webhookId)) await insert(tx, row)
      }),
    async due(webhookId, at) {
      const [row] = await driver.query<DeliveryRow>(DUE, webhookId, at)
      return row
    },
    async nextDue() {
      const [row] = await driver.query<{ at: string | null }>(NEXT)
      return row?.at ?? undefined
    },
    async settle(id, { state, attempts, lastAttemptAt, nextAttemptAt, status, error, duration }) {
      const values = [state, attempts, lastAttemptAt, nextAttemptAt, status, error, duration]
      await driver.transaction((tx) => tx.run(SETTLE, ...values, id))
    },
    async find(webhookId, deliveryId) {
      const [row] = await driver.query<DeliveryRow>(FIND, webhookId, deliveryId)
      return row
    },
    deliveries: (webhookId, page) =>
      driver.query(PAGE, webhookId, page.before ?? Number.MAX_SAFE_INTEGER, limitOf(page)),
    async waiting() {
      const [row] = await driver.query<{ count: number }>(WAITING)
      return Number(row?.count)
    },
    deleteBefore: (at) => deleteInBatches(driver, { table: 'webhook_deliveries', key: 'number', where: OLD }, at),
  }
}

const COLUMNS = `
id, webhook_id AS "webhookId", kind, namespace, created_at AS "createdAt", state, attempts, last_attempt_at AS "lastAttemptAt",
  next_attempt_at AS "nextAttemptAt", status, error, duration, payload`

const DUE = `
SELECT ${COLUMNS} FROM webhook_deliveries
WHERE webhook_id = ? AND state = 'waiting' AND next_attempt_at <= ? ORDER BY next_attempt_at, number LIMIT 1`
const NEXT = `SELECT min(next_attempt_at) AS at FROM webhook_deliveries WHERE state = 'waiting'`
const WAITING = `SELECT count(*) AS count FROM webhook_deliveries WHERE state = 'waiting'`
const OLD = `state <> 'waiting' AND created_at < ?`
const FIND = `SELECT ${COLUMNS} FROM webhook_deliveries WHERE webhook_id = ? AND id = ?`
const PAGE = `
SELECT number AS "row", ${COLUMNS} FROM webhook_deliveries WHERE webhook_id = ? AND number < ? ORDER BY number DESC LIMIT ?`
const SETTLE = `
UPDATE webhook_deliveries SET state = ?, attempts = ?, last_attempt_at = ?, next_attempt_at = ?, status = ?, error = ?, duration = ?
WHERE id = ?`

const CURSOR = 'SELECT version_id FROM webhook_cursors WHERE webhook_id = ? AND namespace = ?'
const MOVE = `
INSERT INTO webhook_cursors (webhook_id, namespace, version_id) VALUES (?, ?, ?)
ON CONFLICT (webhook_id, namespace) DO UPDATE SET version_id = excluded.version_id`

async function readCursor(reader: Reader, id: string, namespace: string): Promise<number | undefined> {
  const [row] = await reader.query<{ version_id: number }>(CURSOR, id, namespace)
  return row?.version_id
}

type Move = NonNullable<Parameters<WebhookShelf['enqueue']>[1]>

/** Two servers that read the same changes must not both tell them. */
async function moveCursor(tx: Transaction, { webhookId, namespace, from, to }: Move): Promise<void> {
  const found = (await readCursor(tx, webhookId, namespace)) ?? 0
  if (found !== from) {
    const text = `webhook ${webhookId} was told of namespace ${namespace} through version ${found}, not ${from}: another process did it. Read the cursor again`
    throw new HoldfastError('conflict', text, { expected: from, found })
  }
  await tx.run(MOVE, webhookId, namespace, to)
}

const INSERT = `
INSERT INTO webhook_deliveries (id, webhook_id, kind, namespace, created_at, state, attempts, last_attempt_at, next_attempt_at, status, error,
  duration, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insert = (tx: Transaction, row: DeliveryRow) =>
  tx.run(
    INSERT,
    row.id,
    row.webhookId,
    row.kind,
    row.namespace,
    row.createdAt,
    row.state,
    row.attempts,
    row.lastAttemptAt,
    row.nextAttemptAt,
    row.status,
    row.error,
    row.duration,
    row.payload,
  )
