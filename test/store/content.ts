import { TABLES } from '../../src/store/copy-tables.ts'
import type { Reader } from '../../src/store/driver.ts'
import type { Store } from '../../src/store/store.ts'
import { at, entry, grow, message, webhook } from './samples.ts'

const VIEWS = { config_versions: 'id', config_overrides: 'id', config_tags: 'namespace, tag' } as const

/** All rows of all tables that are copied, and what people read in the views, in whichever database they stand. */
export async function contentOf(reader: Reader): Promise<Readonly<Record<string, readonly object[]>>> {
  const content: Record<string, readonly object[]> = {}
  for (const { name, key, columns, where } of TABLES)
    content[name] = await rowsOf(
      reader,
      `SELECT ${[...columns.keys()].join(', ')} FROM ${name} WHERE ${where} ORDER BY ${key.join(', ')}`,
    )
  for (const [name, order] of Object.entries(VIEWS))
    content[name] = await rowsOf(reader, `SELECT * FROM ${name} ORDER BY ${order}`)
  return content
}

async function rowsOf(reader: Reader, sql: string): Promise<readonly object[]> {
  const rows = await reader.query<Record<string, unknown>>(sql)
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])))
}

const plain = (value: unknown): unknown =>
  typeof value === 'boolean' ? Number(value) : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value

/** What comes next in each numbered place: the next version, entry, message and run. */
export async function nextOf(store: Store): Promise<object> {
  const [version] = await grow(store, 'next', [{ a: 1 }])
  await store.mark('next', { kind: 'tag', tag: 'n', versionId: version!.id, createdAt: at(0), createdBy: 'n' })
  await store.auditLog.append([entry()])
  const [audited] = await store.auditLog.list({}, { limit: 1 })
  await store.webhooks.insert(webhook('next'))
  await store.webhooks.enqueue([message('next', { webhookId: 'next' })])
  const [delivery] = await store.webhooks.deliveries('next', { limit: 1 })
  const [changed] = await store.history('next', {}, { limit: 1 })
  const run = await store.schedules.begin('next', at(0), 'n')
  return { version: version!.id, history: changed!.id, audit: audited!.id, delivery: delivery!.row, run }
}
