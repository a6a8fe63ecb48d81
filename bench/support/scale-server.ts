import { serve } from '../../src/server.ts'
import { tellParent } from './server.ts'

/** A node on a store that is there, without limits on how often it may be asked; tells how long it took to open. */
const [store = '', known = ''] = process.argv.slice(2)
let token = known
const start = performance.now()
const server = await serve({
  store,
  port: 0,
  tokenRate: 1e9,
  log: { info: () => undefined, warn: () => undefined },
  onFirstToken: (text) => {
    token = text
  },
})
tellParent({ port: server.port, token, openedMs: performance.now() - start })
