import { HoldfastError } from '../model/errors.ts'
import type { Standing } from './read.ts'

/** Refuses to write into a store that has moved to another place, or that is only half a copy. */
export function requireInUse(name: string, rows: readonly Standing[]): void {
  const moved = rows.find(({ key }) => key === 'moved_to')
  if (moved !== undefined)
    throw refusal(name, `the store has moved to ${moved.value}; it can only be read here. Use that one`)
  requireWhole(name, rows)
}

/** Refuses to open what a copy has not filled yet: not all that it should tell is there. */
export function requireWhole(name: string, rows: readonly Standing[]): void {
  if (!rows.some(({ key }) => key === 'copy_from')) return
  throw refusal(
    name,
    'the store is being copied here and is not whole yet. Run holdfast migrate-store again, to its end',
  )
}

const refusal = (name: string, text: string) =>
  new HoldfastError('unavailable', `${name}: ${text}`, { store: name, retry: false })

/** Refuses to put another store in the place of one that others use. */
export const openElsewhere = (name: string, cause?: unknown) =>
  new HoldfastError(
    'unavailable',
    `${name} is open in another process; nothing was changed. Stop that process and try again`,
    { store: name, retry: true },
    { cause },
  )
