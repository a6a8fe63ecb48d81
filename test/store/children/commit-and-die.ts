import { openSqlite } from '../../../src/store/sqlite.ts'
import { writeOf } from '../samples.ts'

/** Commits one version and is gone before anything could be tidied up. */
const store = await openSqlite(process.argv[2]!)
const head = (await store.head('default'))?.id ?? 0
await store.commit('default', head, [writeOf({}, { a: 'last' })])
process.kill(process.pid, 'SIGKILL')
