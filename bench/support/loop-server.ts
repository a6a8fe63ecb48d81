import { serve } from '../../src/server.ts'
import { STORE } from './config.ts'
import { notePauses } from './pauses.ts'

/** A server over the store in a folder, which tells what its event loop was kept waiting for. */
const [directory = ''] = process.argv.slice(2)
let token = ''
const server = await serve({
  directory,
  store: STORE,
  port: 0,
  tokenRate: 1e9,
  log: { info: () => undefined, warn: (details, message) => console.error(message, details) },
  onFirstToken: (text) => {
    token = text
  },
})
const pauses = notePauses()
process.on('message', () => process.send!(pauses.take()))
process.on('disconnect', () => process.exit())
process.send!({ port: server.port, token })
