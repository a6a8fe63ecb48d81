import { flushCompileCache } from 'node:module'
import { serve } from '../../../src/server.ts'

/** A server in a process of its own, so that it can be killed: a folder and a port, the rest as it comes. Says on standard output where it listens. */
const [directory = '', port = '0', extra = '{}'] = process.argv.slice(2)
const server = await serve({
  directory,
  store: 'store.db',
  port: Number(port),
  tokenRate: 1e9,
  addressRate: 1e9,
  ...(JSON.parse(extra) as object),
  onFirstToken: (text) => console.log(`token ${text}`),
  log: { info: () => undefined, warn: (details, message) => console.error(message, JSON.stringify(details)) },
})
process.once('SIGTERM', () => void server.close())
// One that is killed would compile for nothing each time.
flushCompileCache()
console.log(`listening ${server.port}`)
