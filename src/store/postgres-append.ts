import { HoldfastError } from '../model/errors.ts'
import type { Version } from '../model/version.ts'
import type { Reader } from './driver.ts'
import { nextIds } from './ids.ts'
import { isTaken, toStoreError } from './postgres-errors.ts'
import { APPEND, APPEND_IF, type Head, type Known, type Plan, planOf, type Wanted } from './postgres-plan.ts'
import type { PostgresWriter } from './postgres-writer.ts'
import { appendVersions, wasAppended, withLastBaseline } from './write.ts'

interface Asked extends Wanted {
  readonly resolve: (versions: readonly Version[]) => void
  readonly reject: (error: unknown) => void
}

/** Versions in one statement, at most. */
const MOST = 512

/**
 * Appends versions in groups: what waits while a statement is under way goes with the next one, of all namespaces of a node. While no other node
 * writes, a group is one statement and one round trip: its numbers and hashes are worked out on what is known from the last one, and nothing is
 * written where the count of writes has moved meanwhile. Then the row is locked first, and what is there is read.
 */
export class PostgresAppender {
  readonly #writer: PostgresWriter
  readonly #name: string
  readonly #queue: Asked[] = []
  #running: Promise<void> | undefined
  #known: Known | undefined

  constructor(writer: PostgresWriter, name: string) {
    this.#writer = writer
    this.#name = name
  }

  /** As `Store.commit`. */
  commit(wanted: Wanted): Promise<readonly Version[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Version[]>()
    this.#queue.push({ ...wanted, resolve, reject })
    this.#running ??= this.#run()
    return promise
  }

  /** Another transaction of this node was committed: what is known goes on to hold where it wrote nothing of versions. */
  wrote(serial: number, isOfVersions: boolean): void {
    const known = this.#known
    this.#known = known?.serial === serial && !isOfVersions ? { ...known, serial: serial + 1 } : undefined
  }

  async #run(): Promise<void> {
    await null // all that is asked for in this turn goes together
    while (this.#queue.length > 0) await this.#commit(this.#take())
    this.#running = undefined
  }

  #take(): readonly Asked[] {
    const group: Asked[] = []
    let count = 0
    while (this.#queue.length > 0 && (count === 0 || count + this.#queue[0]!.writes.length <= MOST)) {
      const asked = this.#queue.shift()!
      group.push(asked)
      count += asked.writes.length
    }
    return group
  }

  async #commit(group: readonly Asked[]): Promise<void> {
    const plain = group.filter(isPlain)
    if (plain.length > 0) await this.#together(plain)
    for (const asked of group) if (!isPlain(asked)) await this.#alone(asked)
  }

  /** A key that was used before refuses the whole statement: then each is tried by itself, so that only its own is refused. */
  async #together(group: readonly Asked[]): Promise<void> {
    try {
      const { outcomes } = await this.#append(group)
      for (const [i, outcome] of outcomes.entries()) {
        if ('refusal' in outcome) group[i]!.reject(outcome.refusal)
        else group[i]!.resolve(withLastBaseline(outcome))
      }
    } catch (error) {
      this.#known = undefined
      if (group.length > 1 && isKeyTaken(error)) for (const asked of group) await this.#together([asked])
      else
        for (const { reject, writes } of group)
          reject(isKeyTaken(error) ? keyTaken(writes) : toStoreError(error, this.#name))
    }
  }

  async #append(group: readonly Asked[]): Promise<Plan> {
    const known = this.#known
    if (known !== undefined && group.every(({ namespace }) => known.heads.has(namespace))) {
      const plan = planOf(group, known)
      if (plan.last === undefined) return this.#append(this.#forgetful(group))
      if (await this.#sendIf(plan, known)) return this.#keep(plan)
    }
    let plan: Plan | undefined
    const result = await this.#writer.transaction(
      async (tx, { serial }) => {
        plan = planOf(group, { serial, next: await nextIds(tx), heads: await readHeads(tx, group) })
        const [channel, node] = this.#writer.address
        if (plan.last !== undefined) await tx.query(APPEND, ...plan.values, channel, node)
        return plan
      },
      { happened: (reader) => wasAppended(reader, plan?.last) },
    )
    return this.#keep(result)
  }

  /** What is refused on what is known may be right on what is there. */
  #forgetful(group: readonly Asked[]): readonly Asked[] {
    this.#known = undefined
    return group
  }

  #keep(plan: Plan): Plan {
    this.#known = plan.after
    return plan
  }

  async #sendIf(plan: Plan, { serial }: Known): Promise<boolean> {
    const values = [serial, ...plan.values, ...this.#writer.address]
    const { rows } = await this.#writer.statement(
      (client) => client.query({ name: 'append', text: APPEND_IF, values }),
      (reader) => wasAppended(reader, plan.last),
    )
    return rows.length === 0 || (rows[0] as { readonly met: number }).met === 1
  }

  /** Statement by statement, as in any database. */
  async #alone({ namespace, head, writes, resolve, reject }: Asked): Promise<void> {
    let versions: readonly Version[] = []
    this.#known = undefined
    try {
      await this.#writer.transaction(
        async (tx) => {
          versions = await appendVersions(tx, namespace, head, writes)
        },
        { happened: (reader) => wasAppended(reader, versions.at(-1)), news: `namespace:${namespace}` },
      )
      resolve(versions)
    } catch (error) {
      reject(error)
    }
  }
}

/** Marks have a chain of their own, and a fence is to be looked at: neither is in the one statement. */
const isPlain = ({ writes }: Wanted): boolean =>
  writes.every(({ tags, baseline, fence }) => tags.length === 0 && !baseline && fence === undefined)

const isKeyTaken = (error: unknown): boolean => isTaken(causeOf(error), 'idempotency_keys_of_owner')

const causeOf = (error: unknown): unknown =>
  error instanceof HoldfastError && error.cause !== undefined ? error.cause : error

function keyTaken(writes: Wanted['writes']): HoldfastError {
  const what = `idempotency key ${writes.find(({ once }) => once !== undefined)?.once?.key}`
  return new HoldfastError('exists', `${what} was used before; nothing was changed`, { what })
}

/** A seek for each namespace: to pick the newest among all versions would take longer with each that is made. */
async function readHeads(reader: Reader, group: readonly Wanted[]): Promise<ReadonlyMap<string, Head>> {
  const names = [...new Set(group.map(({ namespace }) => namespace))]
  const sql = `
SELECT n.namespace, v.id, v.chain_hash AS chain FROM (VALUES ${names.map(() => '(?)').join(', ')}) AS n (namespace)
CROSS JOIN LATERAL (
  SELECT id, chain_hash FROM version_log WHERE namespace = n.namespace COLLATE "C" ORDER BY id DESC LIMIT 1) AS v`
  const rows = await reader.query<{ namespace: string; id: number; chain: string }>(sql, ...names)
  const found = new Map<string, Head>(names.map((name) => [name, { id: 0, chain: null }]))
  for (const { namespace, id, chain } of rows) found.set(namespace, { id, chain })
  return found
}
