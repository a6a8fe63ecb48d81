import { openConfig } from '../../src/index.ts'
import { STORE } from './config.ts'

/** Changes a store now and then, each time to the moment it was asked for: its own commit counts. */
const [directory = '', changes = '0'] = process.argv.slice(2)
await using config = await openConfig({ directory, store: STORE, follow: false })
await config.update('other', { loaded: true }) // the first change of a process loads the code for it
for (let n = 0; n < Number(changes); n++) {
  await config.update('other', { at: performance.timeOrigin + performance.now() })
  await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 50))
}
