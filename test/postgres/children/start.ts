import { PostgresServer } from '../server.ts'

/** Starts a PostgreSQL as whoever runs this, kills it, starts it again and tells what is left. */
await using server = await PostgresServer.start()
await server.query('CREATE TABLE kept AS SELECT 7 AS n')
await server.kill()
await server.start()
console.log(JSON.stringify({ uid: process.getuid?.(), kept: await server.query('SELECT n FROM kept') }))
