import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '../../src/server.ts'
import { BASE, STORE } from './config.ts'
import { SMALL, sample, toIni } from './sample.ts'
import { tellParent } from './server.ts'

/** `holdfast serve` on the sample of 5 kB, without limits on how often it may be asked. */
const [directory = ''] = process.argv.slice(2)
mkdirSync(join(directory, 'config'), { recursive: true })
writeFileSync(join(directory, BASE), toIni(sample(SMALL)))
let token = ''
const server = await serve({
  directory,
  store: STORE,
  namespaces: { default: { sources: [BASE] } },
  port: 0,
  tokenRate: 1e9,
  addressRate: 1e9,
  tokenWatchers: 100_000,
  watchers: 100_000,
  onFirstToken: (text) => {
    token = text
  },
})
tellParent({ port: server.port, token })
