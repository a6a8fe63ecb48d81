import { openService } from '../../src/engine/service.ts'
import { localPrincipal } from '../../src/model/principal.ts'

/** A store of so many namespaces, each with 100 keys, and 1,000 rows of history in 101 versions. */
export interface Shape {
  /** The address of its database. */
  readonly store: string
  readonly namespaces: number
}

const SECTIONS = 10
const KEYS = 10
const CHANGES = 100
/** Namespaces that are made by changes, one after another. */
const MADE = 10
const WHO = localPrincipal('operator', '192.0.2.7')
const SILENT = { info: () => undefined, warn: () => undefined }

export const namespaceName = (n: number): string => `service-${String(n).padStart(4, '0')}`

/** Versions in a store of this shape. */
export const versionsIn = ({ namespaces }: Shape): number => namespaces * (CHANGES + 1)

type Query = <R>(sql: string) => Promise<readonly R[]>

/**
 * Fills an empty store. Its first ten namespaces are made by changes as anybody makes them, all of one namespace at once, which the store commits
 * together; all others are copies of their rows under other names and numbers, because a million rows are sooner copied than made. `verify`
 * would say of the copies that their chains are of another namespace; nothing else tells them apart.
 */
export async function fill({ store, namespaces }: Shape, query: Query): Promise<void> {
  await using service = await openService({ store, log: SILENT })
  const admin = service.admin(WHO)
  for (let n = 0; n < MADE; n++) {
    const namespace = namespaceName(n)
    await admin.createNamespace(namespace)
    const config = await service.config(WHO, namespace)
    await Promise.all(Array.from({ length: CHANGES }, (_, i) => config.change({ set: setOf(i), reason: 'as usual' })))
  }
  if (namespaces > MADE) await copy(namespaces / MADE, query)
}

/** Each table that has something of a namespace, and the log that its own numbers are of. */
const COPIED = {
  version_log: 'version_log',
  config_names: undefined,
  config_documents: undefined,
  override_keys: undefined,
  override_log: 'override_log',
  config_history: 'config_history',
} as const

/** Makes so many of each namespace that is there. */
async function copy(times: number, query: Query): Promise<void> {
  for (const [table, log] of Object.entries(COPIED)) {
    const columns = await query<{ readonly name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'holdfast' AND table_name = '${table}'`,
    )
    const names = columns.map(({ name }) => name)
    const values = names.map((name) => (name === 'id' ? shifted('id', log!) : (COPY[name] ?? name)))
    await query(
      `INSERT INTO holdfast.${table} (${names}) SELECT ${values} FROM holdfast.${table}, generate_series(1, ${times - 1}) AS turn`,
    )
  }
}

const NUMBER = "substr(namespace, length('service-') + 1)::int"
/** The one made by changes has the highest number of its log, until there are copies: each turn begins after the one before. */
const shifted = (column: string, log: string): string =>
  `${column} + turn * (SELECT max(id) FROM holdfast.${log} WHERE namespace = '${namespaceName(MADE - 1)}')`
const COPY: Readonly<Record<string, string>> = {
  namespace: `'service-' || lpad((turn * ${MADE} + ${NUMBER})::text, 4, '0')`,
  version_id: shifted('version_id', 'version_log'),
}

/** Ten keys of one section, each to a value that it did not have. */
function setOf(change: number): Readonly<Record<string, Readonly<Record<string, string | number>>>> {
  const keys = Array.from({ length: KEYS }, (_, k) => [`key-${k}`, k === 0 ? change : `value ${change} of key ${k}`])
  return { [`section-${change % SECTIONS}`]: Object.fromEntries(keys) }
}
