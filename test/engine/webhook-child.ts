import { join } from 'node:path'
import { openWebhooks } from '../../src/engine/webhooks.ts'
import { openConfig } from '../../src/index.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { partsOf } from './webhook-wiring.ts'

/** Makes so many changes with webhooks at work, and then waits to be killed, or with `die` kills itself right after the last commit. */
const [directory = '', store = '', count = '', end = ''] = process.argv.slice(2)
const config = await openConfig({ directory, store, actor: 'child', environment: {} })
const shared = await openSqlite(join(directory, store))
await openWebhooks(partsOf({ directory, store: shared, config, now: () => new Date() }))
for (let i = 0; i < Number(count); i++) await config.update('count', { [`k${process.pid}`]: i })
if (end === 'die') process.kill(process.pid, 'SIGKILL')
setInterval(() => undefined, 1000)
