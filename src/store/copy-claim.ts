import { HoldfastError } from '../model/errors.ts'
import type { CopyTarget } from './copy-parts.ts'
import { isEmpty } from './copy-tables.ts'
import type { Driver, Reader, Transaction } from './driver.ts'
import { readMetadata } from './read.ts'
import { setMetadata } from './upkeep.ts'

/** How far a copy is, as its target keeps it (`copy_state`). */
interface CopyState {
  /** Who copies: a command that was started later takes over from one that was started before. */
  readonly run: string
  readonly from: string
  /** The version up to which positions of keys are copied. */
  readonly level: number
}

/** A target that belongs to one copy until it is finished. */
export interface Claim extends CopyTarget {
  readonly level: number
  /** The source says already that it has moved here: only the end is missing. */
  readonly hasMoved: boolean
  keepLevel(): Promise<number>
  /** Makes the target a store like any other. */
  finish(): Promise<void>
}

/** Takes an empty target for a copy of the source, or one that a copy of the same source was begun in. Any other is refused. */
export async function claimTarget(source: Driver, target: Driver, now: () => Date): Promise<Claim> {
  const here = await readMetadata(source)
  const identity = here.get('instance_id')!
  const run = crypto.randomUUID()
  const at = () => now().toISOString()

  const level = await target.transaction(async (tx) => {
    const there = await readMetadata(tx)
    const isBegun = there.get('copy_from') === identity
    refuseMoved(source, target, here.get('moved_to'), isBegun)
    if (!isBegun) await requireEmpty(tx, target.name, there, identity)
    const { level: known = 0 } = JSON.parse(there.get('copy_state') ?? '{}') as Partial<CopyState>
    await setMetadata(tx, 'copy_from', identity, at())
    await keep(tx, { run, from: source.name, level: known }, at())
    return known
  })

  const write: CopyTarget['write'] = (work) =>
    target.transaction(async (tx) => {
      await requireClaim(tx, target.name, run)
      return work(tx)
    })
  return {
    level,
    hasMoved: here.has('moved_to'),
    query: (sql, ...values) => target.query(sql, ...values),
    write,
    keepLevel: () =>
      write(async (tx) => {
        const [row] = await tx.query<{ last: number }>(
          'SELECT coalesce(max(version_id), 0) AS last FROM config_documents',
        )
        await keep(tx, { run, from: source.name, level: row!.last }, at())
        return row!.last
      }),
    finish: async () =>
      void (await write((tx) => tx.run(`DELETE FROM system_metadata WHERE key IN ('copy_from', 'copy_state')`))),
  }
}

const keep = (tx: Transaction, state: CopyState, at: string) => setMetadata(tx, 'copy_state', JSON.stringify(state), at)

function refuseMoved(source: Driver, target: Driver, moved: string | undefined, isBegun: boolean): void {
  if (moved === undefined || (moved === target.name && isBegun)) return
  const text =
    moved === target.name
      ? `${source.name} has moved to ${moved} already; there is nothing left to do`
      : `${source.name} has moved to ${moved}: move that one`
  throw new HoldfastError('exists', text, { what: moved })
}

async function requireEmpty(
  reader: Reader,
  name: string,
  there: ReadonlyMap<string, string>,
  identity: string,
): Promise<void> {
  if (there.get('instance_id') === identity)
    throw new HoldfastError('exists', `${name} is the store itself, or a copy of it; name an empty one`, { what: name })
  const isOthers = there.has('copy_from')
  if (!isOthers && (await isEmpty(reader))) return
  const what = isOthers ? 'is half a copy of another store' : 'has content of its own'
  throw new HoldfastError('exists', `${name} ${what}; it was left as it is. Name an empty one`, { what: name })
}

async function requireClaim(reader: Reader, name: string, run: string): Promise<void> {
  const [row] = await reader.query<{ value: string }>(`SELECT value FROM system_metadata WHERE key = 'copy_state'`)
  if (row !== undefined && (JSON.parse(row.value) as CopyState).run === run) return
  const text = `${name}: another process copies here by now, or has finished; nothing was changed. Look at that one`
  throw new HoldfastError('unavailable', text, { store: name, retry: false })
}
