import { PostgresServer } from '../server.ts'

/** Starts a PostgreSQL, says which, and waits to be killed. */
const { pid, folder } = await PostgresServer.start()
console.log(JSON.stringify({ pid, folder }))
setInterval(() => undefined, 1000)
