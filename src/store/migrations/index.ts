import { sql as first } from './1.ts'
import { sql as second } from './2.ts'
import { sql as third } from './3.ts'

/** One step forward. `sql` takes a database of the step before to this one, inside a transaction. */
export interface Migration {
  readonly version: number
  readonly sql: string
}

/** All steps, in order. Released ones are never edited. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: first },
  { version: 2, sql: second },
  { version: 3, sql: third },
]
