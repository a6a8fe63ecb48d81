import { HoldfastError } from '../model/errors.ts'

/** SQLite's own word for what went wrong; empty for errors that are not SQLite's. */
export function sqliteCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : ''
}

/** Somebody else holds a lock that will go away. */
export const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(sqliteCode(error))

/** The disk failed us: what the handle believes may not be what is stored. */
export const isIoError = (error: unknown): boolean => sqliteCode(error).startsWith('SQLITE_IOERR')

/** The file cannot be opened for writing here. */
export const isReadOnly = (error: unknown): boolean => /^SQLITE_(READONLY|CANTOPEN|PERM)/.test(sqliteCode(error))

/** An error of SQLite as the store tells it: what, where and how to mend it, and never a value. */
export function toStoreError(error: unknown, name: string): unknown {
  const code = sqliteCode(error)
  if (code === '') return error
  const [kind, text] = explain(code)
  const message = `${name}: ${text} (${code})`
  if (kind === 'store') return new HoldfastError('store', message, { store: name }, { cause: error })
  return new HoldfastError('unavailable', message, { store: name, retry: kind === 'retry' }, { cause: error })
}

type Kind = 'store' | 'retry' | 'away'

function explain(code: string): readonly [Kind, string] {
  for (const [pattern, kind, text] of EXPLAINED) if (pattern.test(code)) return [kind, text]
  return ['away', 'the database refused']
}

const EXPLAINED: readonly (readonly [RegExp, Kind, string])[] = [
  [/^SQLITE_(BUSY|LOCKED|PROTOCOL)/, 'retry', 'another process holds the lock; nothing was changed. Try again'],
  [/^SQLITE_FULL/, 'away', 'the disk is full; nothing was changed. Free some space and try again'],
  [
    /^SQLITE_READONLY_DBMOVED/,
    'away',
    'the file was moved or replaced while it was open; nothing was changed. Open it again',
  ],
  [
    /^SQLITE_(READONLY|PERM)/,
    'away',
    'the file or its folder cannot be written; nothing was changed. Check who owns them',
  ],
  [/^SQLITE_CANTOPEN/, 'away', 'the file cannot be opened. Check that the folder exists and may be written'],
  [/^SQLITE_IOERR/, 'away', 'the disk reports an error. Check the disk before going on'],
  [
    /^SQLITE_NOTADB/,
    'store',
    'this is not a SQLite database; it was left as it is. Restore a backup, or name another file',
  ],
  [/^SQLITE_CORRUPT/, 'store', 'the database is damaged; it was left as it is. Restore a backup'],
  [/^SQLITE_(TOOBIG|NOMEM)/, 'away', 'the change is too large for the database; nothing was changed'],
  [/^SQLITE_CONSTRAINT/, 'store', 'the change contradicts what is stored; nothing was changed'],
  [/^SQLITE_ERROR/, 'store', 'the database does not have the tables it should have. Restore a backup'],
]
