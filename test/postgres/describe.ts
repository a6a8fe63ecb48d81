import { describe } from 'vitest'
import { missing } from './template.ts'

if (missing !== undefined) console.warn(`tests on PostgreSQL are skipped: ${missing}`)

/** Tests that need PostgreSQL: skipped with a word on standard error where none can be started. */
export const describeWithPostgres = describe.skipIf(missing !== undefined)
