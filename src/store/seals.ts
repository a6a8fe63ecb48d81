import type { Reader } from './driver.ts'

/**
 * What a purge leaves in place of the versions between two that stay: the chain hash before them (null: none) and the last of theirs, and,
 * over the whole namespace, a hash of the rows of purged versions that are still in force.
 */
export interface Seal {
  /** Numbers of the first and the last version removed. */
  readonly first: number
  readonly last: number
  readonly previous: string | null
  readonly chain: string
  /** Versions removed by this purge; earlier seals of the same gap count theirs. */
  readonly count: number
  readonly kept: string
}

const SEALS = `SELECT detail FROM config_marks WHERE namespace = ? AND kind = 'purge' ORDER BY id`

/** The seals of a namespace, oldest first. */
export async function readSeals(reader: Reader, namespace: string): Promise<readonly Seal[]> {
  const rows = await reader.query<{ detail: string }>(SEALS, namespace)
  return rows.flatMap((row) => parseSeal(row.detail) ?? [])
}

/** `check` reports a seal that does not parse; here it seals nothing. */
function parseSeal(detail: string): Seal | undefined {
  try {
    return JSON.parse(detail) as Seal
  } catch {
    return undefined
  }
}
