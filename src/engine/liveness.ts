/** How a node's beat stood when it was last looked at, and for how long it has stood so by the clock of who looks. */
export interface Sighting {
  readonly beat: number
  readonly idleMs: number
  /** Monotonic milliseconds of the last look. */
  readonly at: number
}

/**
 * What is known after another look. Only the looker's own clock counts, and of it no more than `mostMs` between two looks: who slept in between
 * did not see whether the node lived.
 */
export function sighted(before: Sighting | undefined, beat: number, at: number, mostMs: number): Sighting {
  if (before === undefined || before.beat !== beat) return { beat, idleMs: 0, at }
  return { beat, idleMs: before.idleMs + Math.min(Math.max(0, at - before.at), mostMs), at }
}

/** True where a node has not beaten for as long as it said itself. */
export const isSilent = ({ idleMs }: Sighting, ttlMs: number): boolean => idleMs >= ttlMs
