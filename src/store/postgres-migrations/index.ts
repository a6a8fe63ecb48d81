import type { Migration } from '../migrations/index.ts'
import { sql as second } from './2.ts'
import { sql as third } from './3.ts'

/** All steps of a PostgreSQL store, in order, numbered as SQLite's: one schema version means the same tables in both. Released ones are never edited. */
export const POSTGRES_MIGRATIONS: readonly Migration[] = [
  { version: 2, sql: second },
  { version: 3, sql: third },
]
