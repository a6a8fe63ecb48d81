import { openSqlite } from '../../../src/store/sqlite.ts'

/** Has a store open, reading only, until it is killed. */
const store = await openSqlite(process.argv[2]!)
await store.head('default')
console.log('open')
setInterval(() => store.name, 1000)
