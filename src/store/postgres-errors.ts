import { HoldfastError } from '../model/errors.ts'

/** PostgreSQL's own word for what went wrong (appendix A, SQLSTATE), or the system's; empty for errors that are neither's. */
export function postgresCode(error: unknown): string {
  if (error instanceof HoldfastError || !(error instanceof Error)) return ''
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code !== '') return code
  return LOST.test(error.message) ? 'ECONNRESET' : ''
}

/** How `pg` says that a connection is gone: it has no codes for it. */
const LOST =
  /^(Connection terminated|Client has encountered a connection error|Query read timeout|timeout e|The server does not|Client was closed|Cannot use a pool)/

/** Nobody answers, or who answers does not take writes: another server may. */
export const isAway = (error: unknown): boolean =>
  /^(E[A-Z]{3,}|08|57P0|25006|53300|XX000)/.test(postgresCode(error)) && postgresCode(error) !== 'EACCES'

/** Somebody else holds a lock that will go away. */
export const isBusy = (error: unknown): boolean => /^(55P03|40001|40P01)$/.test(postgresCode(error))

/** A row with these values is there already. */
export const isTaken = (error: unknown, constraint: string): boolean =>
  postgresCode(error) === '23505' && (error as { readonly constraint?: string }).constraint === constraint

/** An error of PostgreSQL as the store tells it: what, where and how to mend it, and never a value. */
export function toStoreError(error: unknown, name: string): unknown {
  const code = postgresCode(error)
  if (code === '') return error
  const [kind, text] = explain(code)
  const message = `${name}: ${text} (${code})`
  if (kind === 'store') return new HoldfastError('store', message, { store: name }, { cause: error })
  return new HoldfastError('unavailable', message, { store: name, retry: kind === 'retry' }, { cause: error })
}

type Kind = 'store' | 'retry' | 'away'

function explain(code: string): readonly [Kind, string] {
  for (const [pattern, kind, text] of EXPLAINED) if (pattern.test(code)) return [kind, text]
  return ['away', 'the database refused; nothing was changed']
}

const EXPLAINED: readonly (readonly [RegExp, Kind, string])[] = [
  [/^(55P03|40001|40P01)/, 'retry', 'another node holds the lock; nothing was changed. Try again'],
  [/^57014/, 'retry', 'the database took too long; nothing was changed. Try again'],
  [
    /^25006/,
    'retry',
    'this server is a standby and takes no writes; nothing was changed. Try again when one is primary',
  ],
  [/^(28|3D000)/, 'away', 'the database does not let us in. Check the user, the password and the name of the database'],
  [/^42501/, 'away', 'the user may not do this; nothing was changed. Make it the owner of the schema'],
  [/^53100/, 'away', 'the disk of the database is full; nothing was changed. Free some space and try again'],
  [/^53300/, 'retry', 'the database has no connection left; nothing was changed. Raise max_connections or lower pool'],
  [/^(E[A-Z]{3,}|08|57P0|XX000|SELF_|CERT|UNABLE|DEPTH|ERR_)/, 'retry', 'the database cannot be reached'],
  [/^(XX001|XX002|58)/, 'store', 'the database reports damage. Restore a backup'],
  [/^(22|54)/, 'away', 'the change has what the database cannot keep; nothing was changed'],
  [/^23/, 'store', 'the change contradicts what is stored; nothing was changed'],
  [/^42/, 'store', 'the database does not have the tables it should have. Restore a backup'],
]
