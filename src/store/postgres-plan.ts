import type { Version, VersionId } from '../model/version.ts'
import { sortKey } from './chain.ts'
import type { SqlValue } from './driver.ts'
import type { NextIds } from './ids.ts'
import type { Write } from './store.ts'
import { asWritten, rowsOf, type VersionRows } from './version-rows.ts'
import { refuseMovedHead } from './write.ts'

export interface Head {
  readonly id: VersionId
  readonly chain: string | null
}

/** What a node knows of the store as of one count of its writes: enough to write the next versions without asking. */
export interface Known {
  readonly serial: number
  readonly next: NextIds
  readonly heads: ReadonlyMap<string, Head>
}

/** Versions of one namespace to be appended after its head. */
export interface Wanted {
  readonly namespace: string
  readonly head: VersionId
  readonly writes: readonly Write[]
}

/** A group of them as one statement takes it. */
export interface Plan {
  /** What becomes of each: its versions, or why not. */
  readonly outcomes: readonly (readonly Version[] | { readonly refusal: unknown })[]
  /** Of `APPEND`, without those before and after. */
  readonly values: readonly SqlValue[]
  readonly after: Known
  readonly last: Version | undefined
}

/** Works out rows, numbers and hashes of a group; those staged on another head than is known are refused, and the others go on. */
export function planOf(group: readonly Wanted[], { serial, next, heads }: Known): Plan {
  const free = { ...next }
  const known = new Map(heads)
  const rows: Rows = { versions: [], names: [], documents: [], keys: [], overrides: [], history: [], answers: [] }
  const outcomes = group.map((wanted) => {
    const head = known.get(wanted.namespace) ?? { id: 0, chain: null }
    try {
      refuseMovedHead(wanted.namespace, wanted.head, head.id)
    } catch (refusal) {
      return { refusal }
    }
    const versions = wanted.writes.map((write) => {
      const { id, chain } = known.get(wanted.namespace) ?? head
      const made = rowsOf(write, { namespace: wanted.namespace, previousChain: id === 0 ? null : chain, next: free })
      known.set(wanted.namespace, { id: made.version.id, chain: made.version.chain_hash })
      add(rows, wanted.namespace, write, made)
      return asWritten(made.version, write)
    })
    return versions
  })
  const last = outcomes.flatMap((outcome) => ('refusal' in outcome ? [] : outcome)).at(-1)
  const news = group.filter((_, i) => !('refusal' in outcomes[i]!)).map(({ namespace }) => namespace)
  const values = [...Object.values(rows), news].map((list) => JSON.stringify(list))
  return { outcomes, values, after: { serial: serial + 1, next: free, heads: known }, last }
}

interface Rows {
  readonly versions: object[]
  readonly names: object[]
  readonly documents: object[]
  readonly keys: object[]
  readonly overrides: object[]
  readonly history: object[]
  readonly answers: object[]
}

function add(rows: Rows, namespace: string, write: Write, { version, documents, overrides, history }: VersionRows) {
  rows.versions.push(version)
  for (const document of documents) {
    const { layer, name } = document
    rows.names.push({ namespace, layer, name, quoted: JSON.stringify(name), sort: hexOf(sortKey(name)) })
    rows.documents.push({ namespace, ...document })
  }
  for (const { section, key } of overrides) rows.keys.push({ namespace, section, key })
  rows.overrides.push(...overrides)
  rows.history.push(...history)
  if (write.once === undefined) return
  const { owner, key, requestHash, answer, createdAt } = write.once
  rows.answers.push({
    namespace,
    owner,
    key,
    request_hash: requestHash,
    answer,
    version_id: version.id,
    created_at: createdAt,
  })
}

const hexOf = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`

/** Tables in the order of a plan's values, with the columns that are not filled in by themselves. */
const TABLES: readonly (readonly [table: string, columns: string, then?: string])[] = [
  ['version_log', '*'],
  ['config_names', '*', 'ON CONFLICT DO NOTHING'],
  ['config_documents', '*'],
  ['override_keys', '*', 'ON CONFLICT DO NOTHING'],
  ['override_log', '*'],
  ['config_history', '*'],
  ['idempotency_keys', 'namespace, owner, key, request_hash, answer, version_id, created_at'],
]

/** Inserts `from` on: a condition on which all of it depends, as the name of a query with one row or none. */
function inserts(first: number, from: string): string {
  const of = from === '' ? '' : `${from}, `
  return TABLES.map(([table, columns, then = ''], i) => {
    const target = columns === '*' ? table : `${table} (${columns})`
    const list = columns === '*' ? 'r.*' : columns.split(', ').map((name) => `r.${name}`)
    const rows = `json_populate_recordset(NULL::${table}, $${first + i}::json) r`
    const distinct = then === '' ? '' : 'DISTINCT '
    return `${table}_rows AS (INSERT INTO ${target} SELECT ${distinct}${list} FROM ${of}${rows} ${then})`
  }).join(',\n')
}

const NOTE = (n: number, from: string): string =>
  `note AS (SELECT pg_notify($${n + 1}, $${n + 2}::text || ' namespace:' || t.namespace) FROM ${from === '' ? '' : `${from}, `}json_array_elements_text($${n}::json) t (namespace))`

const COUNT = TABLES.length

/** Appends a plan's rows under the lock. Values: the plan's, the channel, the node. */
export const APPEND = `WITH ${inserts(1, '')},
${NOTE(COUNT + 1, '')}
SELECT count(*) AS notes FROM note`

/** Appends a plan's rows if the count of writes is what it was worked out for. Values: the count, the plan's, the channel, the node. */
export const APPEND_IF = `WITH gate AS (UPDATE store_head SET serial = serial + 1 WHERE serial = $1 RETURNING serial),
${inserts(2, 'gate')},
${NOTE(COUNT + 2, 'gate')}
SELECT (SELECT count(*) FROM gate) AS met, (SELECT count(*) FROM note) AS notes`
